"""How conversations stand with what was promised: for lists, the board, the side panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.levels.tables import ClockKind, ServiceClock

_MOST_TOLD = 50


class LevelState(StrEnum):
    """How a promise stands."""

    RUNNING = "running"
    WARNED = "warned"
    LATE = "late"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"


@dataclass(frozen=True)
class Standing:
    """One promise. ``due_at`` is None while it is paused; ``used_seconds`` as last counted."""

    kind: ClockKind
    state: LevelState
    started_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    target_seconds: int
    used_seconds: float


async def standings_of(session: AsyncSession, conversation_id: int) -> list[Standing]:
    """The promises of a conversation: those that run first, then the newest of those kept or not.

    At most fifty.
    """
    query = (
        select(ServiceClock)
        .where(
            ServiceClock.conversation_id == conversation_id,
            ServiceClock.target_seconds.is_not(None),
            ServiceClock.outcome != "withdrawn",
        )
        .order_by(ServiceClock.ended_at.is_not(None), ServiceClock.id.desc())
        .limit(_MOST_TOLD)
    )
    found = [_standing(clock) for clock in (await session.execute(query)).scalars()]
    return sorted(found, key=lambda each: (each.ended_at is not None, _urgency(each)))


async def most_urgent(
    session: AsyncSession, conversation_ids: Sequence[int]
) -> dict[int, Standing]:
    """By conversation, the running promise that is due first; paused ones come last."""
    if not conversation_ids:
        return {}
    query = select(ServiceClock).where(
        ServiceClock.conversation_id.in_(conversation_ids),
        ServiceClock.ended_at.is_(None),
        ServiceClock.target_seconds.is_not(None),
    )
    urgent: dict[int, Standing] = {}
    for clock in (await session.execute(query)).scalars():
        standing = _standing(clock)
        rival = urgent.get(clock.conversation_id)
        if rival is None or _urgency(standing) < _urgency(rival):
            urgent[clock.conversation_id] = standing
    return urgent


def _standing(clock: ServiceClock) -> Standing:
    return Standing(
        kind=clock.kind,
        state=_state(clock),
        started_at=clock.started_at,
        due_at=clock.due_at,
        ended_at=clock.ended_at,
        target_seconds=clock.target_seconds or 0,
        used_seconds=clock.used_seconds,
    )


def _state(clock: ServiceClock) -> LevelState:
    if clock.outcome:
        return LevelState(clock.outcome)
    if clock.breached_at is not None:
        return LevelState.LATE
    if clock.counted_from is None:
        return LevelState.PAUSED
    return LevelState.WARNED if clock.warned_at is not None else LevelState.RUNNING


def _urgency(standing: Standing) -> tuple[bool, float]:
    due = standing.due_at
    return due is None, due.timestamp() if due else standing.started_at.timestamp()
