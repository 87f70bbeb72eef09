"""Who asked to be told when the portal works again is told, once, in their chat."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from desk.configuration.groups import PortalNote
from desk.configuration.values import save_configuration
from desk.conversations.ownership import claim, release
from desk.conversations.tables import Conversation
from desk.conversations.tickets import link_ticket
from desk.db import Database
from desk.events.log import SYSTEM, by_agent
from desk.guides.portal_news import count_waiting
from desk.guides.tables import GuideRun, Outcome
from desk.states import Status
from desk.tickets.opening import open_ticket
from desk.tickets.posting import set_ticket_status
from desk.tickets.tables import Ticket
from handoff.portal_news import PortalNewsTeller
from handoff.pulse import Pulse
from handoff.words import Words
from tests.desk.building import a_channel, a_conversation, a_user, customer_writes, messages_of

DOWN = PortalNote(text="Instabilidade desde as 14h.")
NO_NOTE = PortalNote()
PATIENCE_SECONDS = 15.0


async def set_note(database: Database, note: PortalNote) -> None:
    async with database.transaction() as session:
        await save_configuration(session, note, SYSTEM)


async def who_waits(database: Database, visitor: str = "visitor") -> tuple[Conversation, Ticket]:
    """A customer who chose to be told, as the bot keeps it."""
    async with database.transaction() as session:
        channel = await a_channel(session, slug=f"chat-{visitor}")
        conversation = await a_conversation(session, channel, visitor)
    await customer_writes(database, conversation, "quero ser avisado")
    async with database.transaction() as session:
        ticket = await open_ticket(
            session,
            contact_id=conversation.contact_id,
            company_id=None,
            subject="Não consigo entrar",
            description="",
            request_type_id=None,
        )
        await link_ticket(session, conversation.id, ticket.id)
        run = GuideRun(
            conversation_id=conversation.id,
            guide="entrar",
            title="Entrar no portal",
            portal_noted=True,
            outcome=Outcome.PORTAL_DOWN,
            ticket_id=ticket.id,
            started_at=datetime.now(UTC),
            ended_at=datetime.now(UTC),
        )
        session.add(run)
    return conversation, ticket


@contextlib.asynccontextmanager
async def tellers(database: Database, count: int = 1) -> AsyncIterator[None]:
    pulse = Pulse(database)
    loops = [PortalNewsTeller(database, pulse, Words.load()).run() for _ in range(count)]
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def told(database: Database, conversation: Conversation) -> list[str]:
    messages = await messages_of(database, conversation)
    return [each.text for each in messages if each.direction == "out"]


async def waiting(database: Database) -> int:
    async with database.reading() as session:
        return await count_waiting(session)


async def status_of(database: Database, ticket: Ticket) -> Status:
    async with database.reading() as session:
        query = select(Ticket.status).where(Ticket.id == ticket.id)
        return (await session.execute(query)).scalar_one()


async def nobody_waits(database: Database) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await waiting(database) == 0:
                return
            await asyncio.sleep(0.02)


async def test_all_who_wait_are_told_once_when_the_note_is_taken_away(database: Database) -> None:
    await set_note(database, DOWN)
    talks = [await who_waits(database, name) for name in ("um", "dois")]
    async with tellers(database, count=2):
        await asyncio.sleep(1.2)
        assert await waiting(database) == 2
        await set_note(database, NO_NOTE)
        await nobody_waits(database)
        await asyncio.sleep(1.2)
    for conversation, ticket in talks:
        (text,) = await told(database, conversation)
        assert ticket.number in text
        assert "já pode tentar de novo" in text
        assert await status_of(database, ticket) is Status.RESOLVED


async def test_they_are_told_when_the_end_of_the_note_comes(database: Database) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.5)
    await set_note(database, PortalNote(text="Manutenção.", ends_at=soon))
    conversation, _ticket = await who_waits(database)
    async with tellers(database):
        await nobody_waits(database)
    assert len(await told(database, conversation)) == 1


async def test_who_is_with_a_person_is_told_once_the_bot_is_back(database: Database) -> None:
    conversation, ticket = await who_waits(database)
    async with database.transaction() as session:
        ana = await a_user(session)
        await claim(session, conversation.id, ana)
    async with tellers(database):
        await asyncio.sleep(1.2)
        assert await told(database, conversation) == []
        assert await waiting(database) == 1
        async with database.transaction() as session:
            await set_ticket_status(session, ticket.id, Status.IN_SERVICE, by_agent(ana.id))
            await release(session, conversation.id, by_agent(ana.id))
        await nobody_waits(database)
    assert len(await told(database, conversation)) == 1
    # Somebody works on it: that is not for the bot to end.
    assert await status_of(database, ticket) is Status.IN_SERVICE


async def test_who_heard_it_from_the_team_does_not_wait_any_more(database: Database) -> None:
    await set_note(database, DOWN)
    _conversation, ticket = await who_waits(database)
    async with database.transaction() as session:
        await set_ticket_status(session, ticket.id, Status.RESOLVED, SYSTEM)
    assert await waiting(database) == 0
