"""How a service and a ticket went: who, when, from, to, and for how long."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from desk.conversations.history import conversation_history
from desk.conversations.ownership import assign_to_queue, set_status
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import post_agent_message
from desk.db import Database
from desk.events.history import HistoryEntry
from desk.events.log import SYSTEM, by_agent
from desk.events.tables import Event
from desk.hours.calendars import CalendarDraft, add_calendar
from desk.states import Status
from desk.team.tables import Queue
from desk.tickets.filing import move_ticket
from desk.tickets.history import ticket_history
from desk.tickets.opening import open_ticket
from desk.tickets.posting import set_ticket_status
from tests.desk.building import (
    a_new_conversation,
    a_queue,
    a_user,
    claimed_by,
    fresh,
)

# A Monday, 08:00 in São Paulo.
MONDAY = datetime(2026, 3, 2, 11, tzinfo=UTC)
HOUR = 3600


async def a_queue_with_hours(database: Database, slug: str, hours: str = "08:00-18:00") -> Queue:
    opens, _, closes = hours.partition("-")
    week = {str(day): [[opens, closes]] for day in range(5)}
    async with database.transaction() as session:
        queue = await a_queue(session, slug)
        made = await add_calendar(session, CalendarDraft(name=slug, week=week), SYSTEM)
        queue.calendar_id = made.id
    return queue


async def went(
    database: Database, conversation: Conversation, *changes: tuple[float, str, dict[str, Any]]
) -> list[HistoryEntry]:
    """The history of a conversation to which this happened, hours after Monday at eight."""
    async with database.transaction() as session:
        await session.execute(Event.__table__.delete())  # type: ignore[attr-defined]
        for hours, kind, data in changes:
            await session.execute(
                insert(Event).values(
                    at=MONDAY + timedelta(hours=hours),
                    kind=f"conversation.{kind}",
                    actor_kind="system",
                    conversation_id=conversation.id,
                    data=data,
                    transaction_id=0,
                )
            )
    async with database.reading() as session:
        return await conversation_history(session, await fresh(database, conversation))


def owner(after: str, **more: Any) -> dict[str, Any]:
    return {"before": "bot", "after": after, **more}


def status(before: str, after: str) -> dict[str, str]:
    return {"before": before, "after": after}


async def test_each_change_tells_who_did_it_and_from_what_to_what(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        await post_agent_message(session, conversation.id, ana, text="Olá!")
        await set_status(session, conversation.id, Status.WAITING, by_agent(ana.id))
    async with database.reading() as session:
        history = await conversation_history(session, await fresh(database, conversation))
    told = [(each.event.kind.partition(".")[2], each.event.data.get("after")) for each in history]
    assert told == [
        ("created", None),
        ("owner_changed", "agent"),
        ("status_changed", "in_service"),
        ("status_changed", "waiting"),
    ]
    assert [each.actor_name for each in history] == ["", "Ana Silva", "Ana Silva", "Ana Silva"]
    assert [each.until is None for each in history] == [False, True, False, True]
    assert all(each.seconds >= 0 for each in history)


async def test_a_status_lasts_until_the_next_status_whoever_had_the_conversation(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    created, queued, answered, _ = await went(
        database,
        conversation,
        (0, "created", {"status": "open"}),
        (1, "owner_changed", owner("queue", queue_id=None)),
        (2, "status_changed", status("open", "in_service")),
        (5, "owner_changed", owner("bot")),
    )
    assert (created.seconds, queued.seconds) == (2 * HOUR, 4 * HOUR)
    assert answered.until is None
    assert (created.business_seconds, queued.business_seconds) == (2 * HOUR, 4 * HOUR)


async def test_business_time_is_that_of_the_queue(database: Database) -> None:
    queue = await a_queue_with_hours(database, "suporte")
    conversation = await a_new_conversation(database)
    opened, answered, _ = await went(
        database,
        conversation,
        (8, "owner_changed", owner("queue", queue_id=queue.id)),  # 16:00
        (26, "owner_changed", owner("agent", assignee_id=1)),  # 10:00 of the next day
        (27, "owner_changed", owner("bot")),
    )
    assert (opened.seconds, opened.business_seconds) == (18 * HOUR, 4 * HOUR)
    assert (answered.seconds, answered.business_seconds) == (HOUR, HOUR)


async def test_of_two_queues_each_counts_its_own_hours(database: Database) -> None:
    days = await a_queue_with_hours(database, "suporte")
    nights = await a_queue_with_hours(database, "plantao", "18:00-24:00")
    conversation = await a_new_conversation(database)
    opened, *_ = await went(
        database,
        conversation,
        (-2, "created", {"status": "open"}),  # 06:00, with the bot: every second counts
        (-1, "owner_changed", owner("queue", queue_id=days.id)),  # 07:00
        (8, "owner_changed", owner("queue", queue_id=nights.id)),  # 16:00
        (12, "status_changed", status("open", "in_service")),  # 20:00
    )
    assert opened.seconds == 14 * HOUR
    assert opened.business_seconds == (1 + 8 + 2) * HOUR


async def test_the_queue_that_was_left_counts_too(database: Database) -> None:
    queue = await a_queue_with_hours(database, "suporte")
    conversation = await a_new_conversation(database)
    opened, *_ = await went(
        database,
        conversation,
        (-1, "status_changed", status("resolved", "open")),
        (1, "owner_changed", owner("queue", queue_id=None, former_queue_id=queue.id)),
        (2, "status_changed", status("open", "in_service")),
    )
    assert opened.business_seconds == 2 * HOUR


async def test_a_history_is_of_one_conversation_alone(database: Database) -> None:
    conversation = await a_new_conversation(database)
    other = await a_new_conversation(database, "telegram")
    async with database.transaction() as session:
        queue = await session.get_one(Queue, 1)
        await assign_to_queue(session, other.id, queue, SYSTEM)
    async with database.reading() as session:
        history = await conversation_history(session, await fresh(database, conversation))
    assert [each.event.kind for each in history] == ["conversation.created"]


async def test_a_ticket_tells_its_statuses_and_its_queues(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
        night = await a_queue(session, "plantao", 1)
        ticket = await open_ticket(
            session,
            contact_id=conversation.contact_id,
            company_id=None,
            subject="Impressora",
            description="",
            request_type_id=None,
        )
        await set_ticket_status(session, ticket.id, Status.WAITING, by_agent(ana.id))
        await move_ticket(session, ticket.id, night.id, by_agent(ana.id))
    async with database.reading() as session:
        history = await ticket_history(session, ticket)
    assert [each.event.kind for each in history] == [
        "ticket.opened",
        "ticket.status_changed",
        "ticket.changed",
    ]
    assert [each.actor_name for each in history][1:] == ["Ana Silva", "Ana Silva"]
    opened, waiting, _ = history
    assert opened.until == waiting.event.at
    assert opened.seconds == opened.business_seconds
