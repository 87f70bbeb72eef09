"""What changed, who did it, and how long it stayed so, in calendar and in business time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.events.tables import Event
from desk.hours.clock import business_seconds
from desk.hours.tables import BusinessCalendar
from desk.team.tables import Queue, User

MOST_EVENTS = 1000


@dataclass(frozen=True)
class HistoryEntry:
    """One change, and how long what it brought has lasted.

    ``until`` is None while it lasts. ``business_seconds`` count the hours of the queue in which
    the matter was at each moment; without a queue, or in one without hours, every second counts.
    ``actor_name`` is empty for the bot, a rule and the system.
    """

    event: Event
    until: datetime | None
    seconds: float
    business_seconds: float
    actor_name: str


@dataclass(frozen=True)
class InQueue:
    """From this moment on the matter was in this queue, or in none."""

    since: datetime
    queue_id: int | None


async def tell_history(
    session: AsyncSession,
    events: Sequence[Event],
    tracks: Mapping[str, str],
    queues: Sequence[InQueue],
    contact_name: str,
) -> list[HistoryEntry]:
    """The events with their durations.

    Args:
        session: the caller's.
        events: in order, oldest first.
        tracks: the track of each kind of event; a change lasts until the next on its track.
        queues: where the matter was, oldest first.
        contact_name: whose matter it is.
    """
    now = datetime.now(UTC)
    names = await _names(session, events)
    calendars = await _calendars(session, {each.queue_id for each in queues})
    entries: list[HistoryEntry] = []
    following: dict[str, datetime] = {}
    for event in reversed(events):
        track = tracks[event.kind]
        until = following.get(track)
        following[track] = event.at
        end = until or max(now, event.at)
        entries.append(
            HistoryEntry(
                event=event,
                until=until,
                seconds=round((end - event.at).total_seconds(), 3),
                business_seconds=round(_business(queues, calendars, event.at, end), 3),
                actor_name=contact_name
                if event.actor_kind == "contact"
                else names.get(event.actor_id or 0, "")
                if event.actor_kind == "agent"
                else "",
            )
        )
    return entries[::-1]


def _business(
    queues: Sequence[InQueue],
    calendars: Mapping[int, BusinessCalendar],
    start: datetime,
    end: datetime,
) -> float:
    marks = [*queues, InQueue(end, None)]
    first = min([end, *(each.since for each in queues[:1])])
    total = business_seconds(None, start, first)  # before it was in any queue
    for here, after in pairwise(marks):
        calendar = calendars.get(here.queue_id or 0)
        total += business_seconds(calendar, max(start, here.since), min(end, after.since))
    return total


async def _names(session: AsyncSession, events: Sequence[Event]) -> dict[int, str]:
    ids = {each.actor_id for each in events if each.actor_kind == "agent" and each.actor_id}
    if not ids:
        return {}
    found = await session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {row.id: row.name for row in found}


async def _calendars(
    session: AsyncSession, queue_ids: set[int | None]
) -> dict[int, BusinessCalendar]:
    ids = queue_ids - {None}
    if not ids:
        return {}
    query = (
        select(Queue.id, BusinessCalendar)
        .join(BusinessCalendar, BusinessCalendar.id == Queue.calendar_id)
        .where(Queue.id.in_(ids))
    )
    return {row[0]: row[1] for row in await session.execute(query)}
