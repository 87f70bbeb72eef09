"""Who waited in a queue hears once that a person has come."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from desk.conversations.ownership import claim, release, return_to_queue, set_status, take_over
from desk.conversations.requests import request_handoff
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import post_agent_message
from desk.db import Database
from desk.events.log import by_agent
from desk.events.tables import Event
from desk.states import Owner, Status
from desk.team.tables import Role, User
from handoff.person_news import PersonNewsTeller
from handoff.pulse import Pulse
from handoff.words import Words
from tests.desk.building import (
    a_new_conversation,
    a_user,
    begin_turn,
    customer_writes,
    finish_turn,
    fresh,
    messages_of,
)


async def waiting(database: Database) -> tuple[Conversation, User, User]:
    """Somebody in the queue, an agent and a supervisor."""
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session, queues=["suporte"])
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
    await asks_for_a_person(database, conversation)
    return conversation, ana, sueli


async def asks_for_a_person(database: Database, conversation: Conversation) -> None:
    await customer_writes(database, conversation, "pessoa")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_handoff(session, conversation, turn.message_id, reason="asked")
    await finish_turn(database, lease, turn, "Chamei uma pessoa.")


@contextlib.asynccontextmanager
async def a_teller(database: Database) -> AsyncIterator[PersonNewsTeller]:
    """Begun before what happens in the test."""
    teller = PersonNewsTeller(database, Pulse(database), Words.load())
    await teller.begin()
    yield teller
    async with asyncio.timeout(15):
        while not await teller.step():  # noqa: ASYNC110 - until the log can be read
            await asyncio.sleep(0.02)
    while await teller.step():
        pass


async def announced(database: Database, conversation: Conversation) -> int:
    texts = [each.text for each in await messages_of(database, conversation)]
    return sum("da equipe já está" in text for text in texts)


async def test_it_is_said_when_somebody_comes(database: Database) -> None:
    conversation, ana, _ = await waiting(database)
    async with a_teller(database), database.transaction() as session:
        await claim(session, conversation.id, ana)
    assert await announced(database, conversation) == 1
    assert (await fresh(database, conversation)).owner is Owner.AGENT


async def test_it_is_not_said_when_it_is_no_news_any_more(database: Database) -> None:
    conversation, ana, _ = await waiting(database)
    async with a_teller(database):
        async with database.transaction() as session:
            await claim(session, conversation.id, ana)
        async with database.transaction() as session:
            await set_status(session, conversation.id, Status.WAITING, by_agent(ana.id))
    assert await announced(database, conversation) == 0


async def test_a_person_who_came_long_ago_is_not_announced(database: Database) -> None:
    conversation, ana, _ = await waiting(database)
    async with a_teller(database):
        async with database.transaction() as session:
            await claim(session, conversation.id, ana)
        async with database.transaction() as session:
            # The service stood still in between.
            an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
            await session.execute(update(Event).values(at=an_hour_ago))
    assert await announced(database, conversation) == 0


async def test_it_is_not_said_again_when_another_comes(database: Database) -> None:
    conversation, ana, sueli = await waiting(database)
    async with a_teller(database):
        for _ in range(2):
            async with database.transaction() as session:
                await claim(session, conversation.id, ana)
            async with database.transaction() as session:
                await return_to_queue(session, conversation.id, by_agent(ana.id))
        async with database.transaction() as session:
            await claim(session, conversation.id, ana)
            await take_over(session, conversation.id, sueli)
    assert await announced(database, conversation) == 1


async def test_who_waits_anew_hears_it_anew(database: Database) -> None:
    conversation, ana, _ = await waiting(database)
    for _ in range(2):
        async with a_teller(database), database.transaction() as session:
            await claim(session, conversation.id, ana)
        async with database.transaction() as session:
            await release(session, conversation.id, by_agent(ana.id))
        lease, turn = await begin_turn(database, conversation)
        await finish_turn(database, lease, turn, "Voltei.")
        await asks_for_a_person(database, conversation)
    assert await announced(database, conversation) == 2


async def test_it_is_not_said_after_the_persons_own_words(database: Database) -> None:
    conversation, ana, _ = await waiting(database)
    async with a_teller(database):
        async with database.transaction() as session:
            await claim(session, conversation.id, ana)
        async with database.transaction() as session:
            await post_agent_message(session, conversation.id, ana, text="Oi!", client_id="a")
    assert await announced(database, conversation) == 0


async def test_who_is_taken_from_the_bot_waited_for_nobody(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        sueli = await a_user(session, role=Role.SUPERVISOR)
    async with a_teller(database), database.transaction() as session:
        await claim(session, conversation.id, sueli)
    assert await announced(database, conversation) == 0
