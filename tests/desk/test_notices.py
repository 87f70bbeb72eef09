"""What calls a person of the team, and what does not."""

from dataclasses import dataclass

import pytest

from desk.conversations.notices import notices_after
from desk.conversations.ownership import assign_to_agent, assign_to_queue
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import add_note
from desk.db import Database
from desk.events.log import BOT, by_agent
from desk.team.preferences import change_preferences, preferences_of
from desk.team.tables import Queue, Role, User
from tests.desk.building import (
    a_channel,
    a_conversation,
    a_queue,
    a_user,
    claimed_by,
    customer_writes,
    until_settled,
)


@dataclass
class Desk:
    """Ana serves the queue, Bruno another, Sueli supervises; Maria has a conversation."""

    database: Database
    ana: User
    bruno: User
    sueli: User
    queue: Queue
    conversation: Conversation
    seq: int = 0

    async def calls(self, user: User) -> list[tuple[str, str]]:
        """Kind and text of what called this person since the start."""
        await until_settled(self.database)
        async with self.database.reading() as session:
            reader = await session.get_one(User, user.id)
            _, notices = await notices_after(session, reader, self.seq)
        return [(notice.kind, notice.text) for notice in notices]

    async def hand_off(self) -> None:
        """The conversation goes to Ana's queue."""
        async with self.database.transaction() as session:
            await assign_to_queue(session, self.conversation.id, self.queue, BOT)

    async def prefer(self, user: User, **values: object) -> None:
        """The person sets preferences."""
        async with self.database.transaction() as session:
            change_preferences(await session.get_one(User, user.id), values)


@pytest.fixture
async def desk(database: Database) -> Desk:
    """A desk where nothing has happened yet."""
    async with database.transaction() as session:
        queue = await a_queue(session)
        await a_queue(session, "financeiro", 1)
        ana = await a_user(session, queues=("suporte",))
        bruno = await a_user(session, "bruno@demo.ponte", queues=("financeiro",))
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        conversation = await a_conversation(session, await a_channel(session), name="Maria Souza")
    await until_settled(database)
    async with database.reading() as session:
        seq, notices = await notices_after(session, ana, None)
    assert notices == []
    return Desk(database, ana, bruno, sueli, queue, conversation, seq)


async def test_an_arrival_calls_those_who_serve_the_queue_and_nobody_else(desk: Desk) -> None:
    await desk.hand_off()
    assert await desk.calls(desk.ana) == [("queue", "")]
    assert await desk.calls(desk.bruno) == []
    assert await desk.calls(desk.sueli) == []


async def test_what_another_has_claimed_meanwhile_calls_nobody(desk: Desk) -> None:
    await desk.hand_off()
    await claimed_by(desk.database, desk.conversation, desk.sueli)
    assert await desk.calls(desk.ana) == []


async def test_the_customer_s_words_call_the_one_who_has_the_conversation(desk: Desk) -> None:
    await desk.hand_off()
    await claimed_by(desk.database, desk.conversation, desk.ana)
    await customer_writes(desk.database, desk.conversation, "segredo do cliente")
    await customer_writes(desk.database, desk.conversation, "mais um")
    assert await desk.calls(desk.ana) == [("message", "")], "once, and without the words"
    assert await desk.calls(desk.sueli) == []
    await desk.prefer(desk.ana, notify_text=True)
    assert await desk.calls(desk.ana) == [("message", "mais um")]


async def test_who_is_given_a_conversation_is_called_who_takes_one_is_not(desk: Desk) -> None:
    await desk.hand_off()
    async with desk.database.transaction() as session:
        ana = await session.get_one(User, desk.ana.id)
        await assign_to_agent(session, desk.conversation.id, ana, by_agent(desk.sueli.id))
    assert await desk.calls(desk.ana) == [("assigned", "")]
    assert await desk.calls(desk.sueli) == []


async def test_a_mention_calls_the_colleague_who_is_named(desk: Desk) -> None:
    await desk.hand_off()
    await claimed_by(desk.database, desk.conversation, desk.ana)
    async with desk.database.transaction() as session:
        sueli = await session.get_one(User, desk.sueli.id)
        await add_note(session, desk.conversation.id, sueli, "@Ana veja", mentions=[desk.ana.id])
    assert await desk.calls(desk.ana) == [("mention", "")]
    assert await desk.calls(desk.sueli) == []


async def test_a_kind_that_is_switched_off_does_not_call(desk: Desk) -> None:
    await desk.prefer(desk.ana, notify_queue=False)
    await desk.hand_off()
    assert await desk.calls(desk.ana) == []


async def test_preferences_that_are_no_longer_valid_count_as_not_set(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        (await session.get_one(User, desk.ana.id)).preferences = {"theme": "roxo", "other": 1}
    async with desk.database.reading() as session:
        assert preferences_of(await session.get_one(User, desk.ana.id)).theme == "system"
    await desk.prefer(desk.ana, theme="dark")
    async with desk.database.reading() as session:
        stored = (await session.get_one(User, desk.ana.id)).preferences
    assert (stored["theme"], stored["other"]) == ("dark", 1)
