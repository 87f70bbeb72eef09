"""What a queue promises, as somebody sets it up."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.levels.tables import ClockKind, ServiceLevel
from desk.conversations.priority import HIGH, NORMAL, URGENT
from desk.db import upsert
from desk.events.changes import Changes, record_changes
from desk.events.log import Actor
from desk.shapes import Values
from desk.team.tables import Queue

LEVEL_CHANGED = "service_level.changed"
MOST_MINUTES = 60 * 24 * 90
Minutes = Annotated[int, Field(ge=1, le=MOST_MINUTES)]


class LevelValues(Values):
    """The targets of a queue in minutes of business time, by priority.

    An empty one of a higher priority is that of the next lower; an empty one of the normal
    priority promises nothing. ``warn_percent`` of a target used, or ``warn_minutes`` before its
    end: one of both.
    """

    first_response_normal: Minutes | None = None
    first_response_high: Minutes | None = None
    first_response_urgent: Minutes | None = None
    next_response_normal: Minutes | None = None
    next_response_high: Minutes | None = None
    next_response_urgent: Minutes | None = None
    resolution_normal: Minutes | None = None
    resolution_high: Minutes | None = None
    resolution_urgent: Minutes | None = None
    warn_by: Literal["percent", "minutes"] = "percent"
    warn_percent: int = Field(default=80, ge=1, le=99)
    warn_minutes: Minutes = 15
    pauses_while_waiting: bool = True

    @model_validator(mode="after")
    def _more_urgent_is_no_slower(self) -> Self:
        for kind in ClockKind:
            set_ones = [
                minutes
                for level in (NORMAL, HIGH, URGENT)
                if (minutes := getattr(self, f"{kind.value}_{_NAMES[level]}")) is not None
            ]
            if set_ones != sorted(set_ones, reverse=True):
                raise ValueError("O prazo de uma prioridade mais alta não pode ser maior.")
        return self

    def target_seconds(self, kind: ClockKind, priority: int) -> int | None:
        """The seconds of business time that are promised; None when nothing is."""
        for level in range(max(NORMAL, min(priority, URGENT)), NORMAL - 1, -1):
            minutes: int | None = getattr(self, f"{kind.value}_{_NAMES[level]}")
            if minutes is not None:
                return minutes * 60
        return None

    def warn_seconds(self, target_seconds: int) -> float:
        """The used seconds at which somebody is warned."""
        if self.warn_by == "percent":
            return target_seconds * self.warn_percent / 100
        return max(0.0, target_seconds - self.warn_minutes * 60)


_NAMES = {NORMAL: "normal", HIGH: "high", URGENT: "urgent"}
NOTHING_PROMISED = LevelValues()


@dataclass(frozen=True)
class QueueLevel:
    """A queue with what it promises."""

    queue: Queue
    values: LevelValues


async def level_of(session: AsyncSession, queue_id: int | None) -> LevelValues:
    """What a queue promises; nothing without a queue, or where nothing was set."""
    if queue_id is None:
        return NOTHING_PROMISED
    row = await session.get(ServiceLevel, queue_id, populate_existing=True)
    return _read(row)


async def list_levels(session: AsyncSession) -> list[QueueLevel]:
    """What each queue promises, in menu order."""
    query = (
        select(Queue, ServiceLevel)
        .outerjoin(ServiceLevel, ServiceLevel.queue_id == Queue.id)
        .order_by(Queue.position, Queue.id)
    )
    return [QueueLevel(row[0], _read(row[1])) for row in await session.execute(query)]


async def set_level(
    session: AsyncSession, queue: Queue, values: LevelValues, actor: Actor
) -> LevelValues:
    """Changes what a queue promises; clocks that run are counted anew (``follow.py``)."""
    before = await level_of(session, queue.id)
    changes = Changes()
    for name in LevelValues.model_fields:
        changes.note(name, getattr(before, name), getattr(values, name))
    if not changes:
        return values
    row = upsert(session)(ServiceLevel).values(
        queue_id=queue.id, value=values.model_dump(mode="json"), updated_at=datetime.now(UTC)
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["queue_id"],
            set_={"value": row.excluded.value, "updated_at": row.excluded.updated_at},
        )
    )
    await record_changes(session, LEVEL_CHANGED, actor, queue.id, changes)
    return values


def _read(row: ServiceLevel | None) -> LevelValues:
    if row is None:
        return NOTHING_PROMISED
    known = {name: value for name, value in row.value.items() if name in LevelValues.model_fields}
    try:
        return LevelValues.model_validate(known)
    except ValidationError:  # a rule became stricter since: better no promise than no service
        return NOTHING_PROMISED
