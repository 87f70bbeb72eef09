"""What was promised and kept in a period, to be read by reports."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.levels.clocks import MET, MISSED
from desk.conversations.levels.tables import ClockKind, ServiceClock

_BATCH = 500


@dataclass(frozen=True)
class Kept:
    """How often a queue kept a promise to a priority; both counts are of ended clocks."""

    kind: ClockKind
    queue_id: int | None
    priority: int
    met: int
    missed: int

    @property
    def share(self) -> float:
        """The part that was kept, 0 to 1."""
        return self.met / (self.met + self.missed)


@dataclass(frozen=True)
class Judged:
    """One clock that ended: what was promised, what it took, both in business time."""

    id: int
    conversation_id: int
    kind: ClockKind
    queue_id: int | None
    priority: int
    agent_id: int | None
    started_at: datetime
    ended_at: datetime
    target_seconds: int
    used_seconds: float
    met: bool


async def promises_kept(session: AsyncSession, since: datetime, until: datetime) -> list[Kept]:
    """Met and missed by kind, queue and priority, of what ended in the period.

    ``since`` is included, ``until`` is not. What nobody needed any more counts as neither.
    """
    met = func.count().filter(ServiceClock.outcome == MET)
    missed = func.count().filter(ServiceClock.outcome == MISSED)
    query = (
        select(ServiceClock.kind, ServiceClock.queue_id, ServiceClock.priority, met, missed)
        .where(
            ServiceClock.ended_at >= since,
            ServiceClock.ended_at < until,
            ServiceClock.outcome.in_((MET, MISSED)),
        )
        .group_by(ServiceClock.kind, ServiceClock.queue_id, ServiceClock.priority)
        .order_by(ServiceClock.kind, ServiceClock.queue_id, ServiceClock.priority)
    )
    return [Kept(*row) for row in await session.execute(query)]


async def walk_judged(
    session: AsyncSession, since: datetime, until: datetime
) -> AsyncIterator[Judged]:
    """Every clock that was met or missed in the period, by its end, read batch by batch."""
    place: tuple[datetime, int] = (since, 0)
    while True:
        after = (ServiceClock.ended_at > place[0]) | (
            (ServiceClock.ended_at == place[0]) & (ServiceClock.id > place[1])
        )
        query = (
            select(ServiceClock)
            .where(
                ServiceClock.ended_at >= place[0],
                ServiceClock.ended_at < until,
                after,
                ServiceClock.outcome.in_((MET, MISSED)),
            )
            .order_by(ServiceClock.ended_at, ServiceClock.id)
            .limit(_BATCH)
        )
        clocks = (await session.execute(query)).scalars().all()
        for clock in clocks:
            yield _judged(clock)
        if len(clocks) < _BATCH:
            return
        last = clocks[-1]
        place = (last.ended_at or since, last.id)


def _judged(clock: ServiceClock) -> Judged:
    return Judged(
        id=clock.id,
        conversation_id=clock.conversation_id,
        kind=clock.kind,
        queue_id=clock.queue_id,
        priority=clock.priority,
        agent_id=clock.agent_id,
        started_at=clock.started_at,
        ended_at=clock.ended_at or clock.started_at,
        target_seconds=clock.target_seconds or 0,
        used_seconds=clock.used_seconds,
        met=clock.outcome == MET,
    )
