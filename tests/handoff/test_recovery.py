"""When the bot fails: looked up, asked once more, then a person. Never twice, never silent."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from desk.conversations.ownership import claim, set_status
from desk.conversations.tables import Conversation
from desk.db import Database, database_now
from desk.events.log import by_agent, events_of_conversation
from desk.states import Owner, Status
from desk.tickets.tables import Ticket
from tests.desk.building import (
    a_new_conversation,
    a_user,
    begin_turn,
    customer_writes,
    fresh,
    messages_of,
)
from tests.fakes.http import FakeServer
from tests.fakes.rasa import (
    LISTEN,
    Behaviour,
    FakeRasa,
    Post,
    babbles,
    drops,
    failed_action,
    fails,
    gives,
    hangs,
    loses,
    says,
    waits_for,
)
from tests.handoff.bridging import (
    APOLOGY,
    ONE_ENGINE,
    bridge_to,
    replies_of,
    running_bridge,
    until,
    until_worked,
)

# How a turn may fail without Rasa remembering it.
FORGOTTEN: dict[str, Behaviour] = {
    "an error": fails(500),
    "a refusal": fails(409),
    "a dropped connection": drops(),
    "an empty answer": babbles([]),
    "no list": babbles({"status": "ok"}),
    "a list of no items": babbles(["oi", None]),
    "no JSON": babbles(b"<html>Bad Gateway</html>"),
}


async def talk(database: Database, rasa: FakeRasa, **settings: float) -> Conversation:
    """A customer says oi; gives the conversation when that was worked."""
    conversation = await a_new_conversation(database)
    async with running_bridge(database, rasa, **settings):
        await customer_writes(database, conversation, "oi")
        await until_worked(database, conversation)
    return conversation


@ONE_ENGINE
@pytest.mark.parametrize("failure", FORGOTTEN.values(), ids=FORGOTTEN.keys())
async def test_a_turn_that_rasa_forgot_is_asked_once_more_silently(
    database: Database, failure: Behaviour
) -> None:
    rasa = FakeRasa([failure])
    conversation = await talk(database, rasa)
    assert rasa.texts == ["oi", "oi"]
    assert rasa.posts[0].metadata == rasa.posts[1].metadata
    assert await replies_of(database, conversation) == ["re: oi"]
    assert (await fresh(database, conversation)).owner is Owner.BOT
    assert rasa.appended == []


@ONE_ENGINE
async def test_an_answer_lost_on_the_way_is_taken_from_the_tracker(database: Database) -> None:
    rasa = FakeRasa([loses("Olá!", "Qual é o CNPJ?")])
    conversation = await talk(database, rasa)
    assert rasa.texts == ["oi"]
    assert await replies_of(database, conversation) == ["Olá!", "Qual é o CNPJ?"]


@ONE_ENGINE
async def test_a_late_answer_that_rasa_remembers_is_not_asked_for_again(
    database: Database,
) -> None:
    rasa = FakeRasa([hangs("Olá!")])
    conversation = await talk(database, rasa, bot_timeout_seconds=1)
    assert rasa.texts == ["oi"]
    assert await replies_of(database, conversation) == ["Olá!"]


@ONE_ENGINE
async def test_a_late_answer_that_rasa_forgot_is_asked_for_once_more(database: Database) -> None:
    rasa = FakeRasa([hangs()])
    conversation = await talk(database, rasa, bot_timeout_seconds=1)
    assert rasa.texts == ["oi", "oi"]
    assert await replies_of(database, conversation) == ["re: oi"]


@ONE_ENGINE
async def test_only_this_messages_answer_is_taken_from_the_tracker(database: Database) -> None:
    conversation = await a_new_conversation(database)
    rasa = FakeRasa([says("um"), drops()])
    async with running_bridge(database, rasa):
        for text in ("oi", "e agora?"):
            await customer_writes(database, conversation, text)
            await until_worked(database, conversation)
    assert rasa.texts == ["oi", "e agora?", "e agora?"]
    assert await replies_of(database, conversation) == ["um", "re: e agora?"]


@ONE_ENGINE
async def test_after_a_failed_action_the_turn_is_taken_back_and_repeated(
    database: Database,
) -> None:
    """Slots and form go back to where they stood; the words of the failed turn are not shown."""
    conversation = await a_new_conversation(database)
    rasa = FakeRasa([failed_action("action_open_ticket", "Abrindo o chamado...")])
    rasa.trackers[conversation.public_id] += [
        {"event": "active_loop", "name": "ticket_form"},
        {"event": "slot", "name": "ticket_subject", "value": "Impressora"},
        {"event": "slot", "name": "ticket_media", "value": None},
    ]
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, "Fim")
        await until_worked(database, conversation)
    assert rasa.texts == ["Fim", "Fim"]
    assert rasa.appended == [
        {"event": "active_loop", "name": "ticket_form"},
        {"event": "slot", "name": "ticket_media", "value": None},
    ]
    assert await replies_of(database, conversation) == ["re: Fim"]


async def test_of_a_message_that_rasa_had_twice_the_later_turn_counts(database: Database) -> None:
    conversation = await a_new_conversation(database)
    message = (await customer_writes(database, conversation, "oi")).message
    await died_at_work(database, conversation)
    rasa = FakeRasa()
    post = Post(conversation.public_id, "oi", {"message_id": message.id})
    rasa.remember(post, [{"custom": {"failed_action": "action_x"}}])
    rasa.remember(post, [{"text": "Olá!"}])
    async with running_bridge(database, rasa):
        await until_worked(database, conversation)
    assert rasa.posts == []
    assert await replies_of(database, conversation) == ["Olá!"]


@ONE_ENGINE
async def test_a_conversation_that_rasa_does_not_listen_in_any_more_is_mended(
    database: Database,
) -> None:
    """After ten actions without action_listen Rasa answers nothing for ever."""
    conversation = await a_new_conversation(database)

    async def stuck(rasa: FakeRasa, post: Post) -> object:
        if rasa.trackers[post.sender][-1]["name"] == "action_listen":
            return await says("Pronto.")(rasa, post)
        return await babbles([])(rasa, post)

    rasa = FakeRasa([gives([{"text": "um"}], ended=False), stuck, stuck])  # type: ignore[list-item]
    async with running_bridge(database, rasa):
        for text in ("oi", "e agora?"):
            await customer_writes(database, conversation, text)
            await until_worked(database, conversation)
    assert rasa.appended == [LISTEN]
    assert await replies_of(database, conversation) == ["um", "Pronto."]


@ONE_ENGINE
@pytest.mark.parametrize(
    "failure", [fails(500), failed_action(), babbles(b"?")], ids=["error", "action", "no JSON"]
)
async def test_after_two_failures_a_person_is_called_and_the_customer_told(
    database: Database, failure: Behaviour
) -> None:
    rasa = FakeRasa([failure, failure])
    conversation = await talk(database, rasa)
    assert rasa.texts == ["oi", "oi"]
    assert await replies_of(database, conversation) == [APOLOGY]
    now = await fresh(database, conversation)
    assert now.owner is Owner.QUEUE
    assert now.waiting_since is not None
    async with database.reading() as session:
        assert len((await session.execute(select(Ticket.id))).all()) == 1
        (event,) = await events_of_conversation(session, conversation.id, ["bot.failed"])
    assert event.data["failure"]


@ONE_ENGINE
async def test_with_nobody_at_the_bots_address_a_person_is_called(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with FakeServer(FakeRasa()) as gone:
        address = gone.url
    async with bridge_to(database, address, bot_patience_seconds=0.5):
        await customer_writes(database, conversation, "oi")
        await until_worked(database, conversation)
    assert await replies_of(database, conversation) == [APOLOGY]
    assert (await fresh(database, conversation)).owner is Owner.QUEUE


@ONE_ENGINE
async def test_a_bot_that_is_only_starting_is_waited_for(database: Database) -> None:
    conversation = await a_new_conversation(database)
    rasa = FakeRasa([fails(409)], is_ready=False)
    async with running_bridge(database, rasa, bot_patience_seconds=60):
        await customer_writes(database, conversation, "oi")

        async def was_asked() -> bool:
            return bool(rasa.posts)

        await until(was_asked)
        await asyncio.sleep(0.2)
        assert len(rasa.posts) == 1
        rasa.is_ready = True
        await until_worked(database, conversation)
    assert await replies_of(database, conversation) == ["re: oi"]


@ONE_ENGINE
async def test_news_that_the_bot_cannot_take_call_nobody_and_say_nothing(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
        await claim(session, conversation.id, ana)
        await set_status(session, conversation.id, Status.RESOLVED, by_agent(ana.id))
    rasa = FakeRasa([fails(), fails()])
    async with running_bridge(database, rasa):
        await until_worked(database, conversation)
    assert rasa.texts == ["/human_finished"] * 2
    assert await replies_of(database, conversation) == []
    now = await fresh(database, conversation)
    assert (now.owner, now.status) == (Owner.BOT, Status.RESOLVED)


async def test_the_next_customer_is_served_when_the_bot_is_back(database: Database) -> None:
    rasa = FakeRasa([fails(), fails()])
    one, other = await a_new_conversation(database, "a"), await a_new_conversation(database, "b")
    async with running_bridge(database, rasa):
        await customer_writes(database, one, "oi")
        await until_worked(database, one)
        await customer_writes(database, other, "oi")
        await until_worked(database, other)
    assert (await fresh(database, one)).owner is Owner.QUEUE
    assert await replies_of(database, other) == ["re: oi"]


async def died_at_work(database: Database, conversation: Conversation) -> None:
    """A worker took the message and was killed; its lease is over."""
    await begin_turn(database, conversation)
    async with database.transaction() as session:
        past = await database_now(session) - timedelta(seconds=1)
        await session.execute(
            update(Conversation)
            .where(Conversation.id == conversation.id)
            .values(lease_expires_at=past)
        )


@pytest.mark.parametrize("was_posted", [True, False])
async def test_the_heir_of_a_dead_worker_looks_before_it_asks(
    database: Database, was_posted: bool
) -> None:
    conversation = await a_new_conversation(database)
    message = (await customer_writes(database, conversation, "oi")).message
    await died_at_work(database, conversation)
    rasa = FakeRasa()
    if was_posted:
        post = Post(conversation.public_id, "oi", {"message_id": message.id})
        rasa.remember(post, [{"text": "Olá!"}])
    async with running_bridge(database, rasa):
        await until_worked(database, conversation)
    assert len(rasa.posts) == (0 if was_posted else 1)
    assert await replies_of(database, conversation) == ["Olá!" if was_posted else "re: oi"]


async def test_a_bridge_that_is_told_to_stop_leaves_its_message_to_the_next(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    never = asyncio.Event()
    rasa = FakeRasa([waits_for(never, "tarde")])
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, "oi")

        async def is_asked() -> bool:
            return bool(rasa.posts)

        await until(is_asked)
    assert [row.state for row in await messages_of(database, conversation)] == ["received"]
    async with running_bridge(database, rasa):  # at once, not when a lease is over
        await until_worked(database, conversation)
    assert await replies_of(database, conversation) == ["re: oi"]
