"""Warns before a deadline and marks after it, each once, whatever the number of processes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.levels.tables import ServiceClock
from desk.events.log import SYSTEM, record_event
from desk.events.tables import Event

WARNED = "service_level.warned"
BREACHED = "service_level.breached"
_BATCH = 200


async def clocks_to_mark(session: AsyncSession, now: datetime | None = None) -> Sequence[int]:
    """The clocks whose moment has come, the most overdue first; an index holds only those."""
    query = (
        select(ServiceClock.id)
        .where(ServiceClock.look_at <= (now or datetime.now(UTC)))
        .order_by(ServiceClock.look_at)
        .limit(_BATCH)
    )
    return (await session.execute(query)).scalars().all()


async def mark_clock(
    session: AsyncSession,
    clock_id: int,
    kinds: Sequence[str],
    cursor: int,
    now: datetime | None = None,
) -> bool:
    """Marks one as warned or missed; False when it was done, changed or must wait.

    Compare and set: of two processes one does it. It waits while the log behind ``cursor`` holds
    something of ``kinds`` about its conversation, perhaps the answer that came in time.
    """
    at = now or datetime.now(UTC)
    clock = await session.get(ServiceClock, clock_id, populate_existing=True)
    if clock is None or clock.look_at is None or clock.look_at > at:
        return False
    late = clock.due_at is not None and clock.due_at <= at
    unread = exists().where(
        Event.conversation_id == clock.conversation_id, Event.seq > cursor, Event.kind.in_(kinds)
    )
    marked = await session.execute(
        update(ServiceClock)
        .where(ServiceClock.id == clock_id, ServiceClock.look_at == clock.look_at, ~unread)
        .values(
            **({"breached_at": clock.due_at} if late else {"warned_at": at}),
            look_at=None if late else clock.due_at,
        )
        .returning(ServiceClock.id)
        .execution_options(synchronize_session=False)
    )
    if marked.scalar_one_or_none() is None:
        return False
    await session.refresh(clock)
    await record_event(session, BREACHED if late else WARNED, SYSTEM, **mark_facts(clock))
    return True


def mark_facts(clock: ServiceClock) -> dict[str, Any]:
    """What the log tells of a mark: numbers only."""
    return {
        "conversation_id": clock.conversation_id,
        "clock_id": clock.id,
        "clock": clock.kind.value,
        "queue_id": clock.queue_id,
        "priority": clock.priority,
        "target_seconds": clock.target_seconds,
    }
