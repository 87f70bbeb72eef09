"""One clock: it starts, pauses, moves to another queue or priority, and ends.

Nothing here asks what time it is: every change comes with its moment, so that what happened while
no process ran is counted as it happened.
"""

from dataclasses import dataclass
from datetime import datetime

from desk.conversations.levels.tables import ClockKind, ServiceClock
from desk.conversations.levels.targets import LevelValues
from desk.hours.clock import after_business_seconds, business_seconds
from desk.hours.tables import BusinessCalendar

MET, MISSED, WITHDRAWN = "met", "missed", "withdrawn"


@dataclass(frozen=True)
class Terms:
    """What counts in a queue: its hours (None: always open) and its promise."""

    queue_id: int | None
    calendar: BusinessCalendar | None
    level: LevelValues


def start_clock(
    conversation_id: int, kind: ClockKind, terms: Terms, priority: int, at: datetime
) -> ServiceClock:
    """A clock that begins now."""
    clock = ServiceClock(
        conversation_id=conversation_id,
        kind=kind,
        queue_id=terms.queue_id,
        priority=priority,
        started_at=at,
        counted_from=at,
        used_seconds=0.0,
        outcome="",
    )
    set_deadline(clock, terms)
    return clock


def set_deadline(clock: ServiceClock, terms: Terms) -> None:
    """When it is due, and when it must be looked at next, by the time already used."""
    target = terms.level.target_seconds(clock.kind, clock.priority)
    clock.target_seconds, clock.due_at, clock.look_at = target, None, None
    if target is None or clock.counted_from is None or clock.ended_at is not None:
        return
    clock.due_at = _when_used(clock, terms, target)
    if clock.breached_at is not None:
        return
    warn_at = _when_used(clock, terms, terms.level.warn_seconds(target))
    clock.look_at = warn_at if clock.warned_at is None else clock.due_at


def judge_anew(clock: ServiceClock, terms: Terms, at: datetime) -> None:
    """The promise or the hours were changed: what was marked under others is forgotten.

    Only then. A conversation that changes queue or priority does not undo what was missed.
    """
    clock.warned_at = clock.breached_at = None
    set_deadline(clock, terms)
    if clock.target_seconds is not None and clock.counted_from is None:
        late = clock.used_seconds > clock.target_seconds
        clock.breached_at = at if late else None


def pause_clock(clock: ServiceClock, terms: Terms, at: datetime) -> None:
    """Stops counting for a while; again is no change."""
    _count(clock, terms, at)
    clock.counted_from = None
    set_deadline(clock, terms)


def resume_clock(clock: ServiceClock, terms: Terms, at: datetime) -> None:
    """Goes on counting; a running clock is not changed."""
    if clock.counted_from is None:
        clock.counted_from = at
        set_deadline(clock, terms)


def move_clock(
    clock: ServiceClock, before: Terms, after: Terms, priority: int, at: datetime
) -> None:
    """Another queue or priority: what was used stays used."""
    _count(clock, before, at)
    clock.queue_id, clock.priority = after.queue_id, priority
    # What the new promise allows may be less: a warning that is still to come is given.
    if clock.breached_at is None:
        clock.warned_at = None
    set_deadline(clock, after)


def end_clock(
    clock: ServiceClock, terms: Terms, at: datetime, *, answered: bool, agent_id: int | None
) -> bool:
    """Stops for good; says whether it was missed without having been marked so.

    ``answered``: what was promised has happened; otherwise nobody needs it any more.
    """
    _count(clock, terms, at)
    due_at, clock.ended_at, clock.agent_id = clock.due_at, at, agent_id
    late = clock.target_seconds is not None and clock.used_seconds > clock.target_seconds
    unmarked = late and clock.breached_at is None
    if unmarked:
        clock.breached_at = due_at or at
    clock.outcome = MET if answered else WITHDRAWN
    if clock.breached_at is not None:
        clock.outcome = MISSED
    clock.due_at, clock.look_at = due_at, None
    return unmarked


def _count(clock: ServiceClock, terms: Terms, at: datetime) -> None:
    if clock.counted_from is None:
        return
    clock.used_seconds += business_seconds(terms.calendar, clock.counted_from, at)
    clock.counted_from = max(at, clock.counted_from)


def _when_used(clock: ServiceClock, terms: Terms, seconds: float) -> datetime | None:
    assert clock.counted_from is not None  # noqa: S101 - the caller has looked
    left = seconds - clock.used_seconds
    return after_business_seconds(terms.calendar, clock.counted_from, left)
