"""What is counted of a service, when, and how: said once for Python and once for SQL.

Each measure belongs to one moment of a service (its opening, its first answer, its end …); it is
counted on the day of that moment, in the time zone of the installation, for each of the values
that the service has (its queue, its agent …).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, literal, true
from sqlalchemy.orm import InstrumentedAttribute

from desk.reports.tables import ReportService
from desk.states import Status

OPENED, REOPENED = "opened", "reopened"
FIRST_RESPONSE = "first_response"
RESOLVED, CLOSED = "resolved", "closed"
TIME_OPEN, TIME_IN_SERVICE, TIME_WAITING = "time_open", "time_in_service", "time_waiting"
TRANSFERS, TRANSFERRED = "transfers", "transferred"
CONTAINED = "contained"
HANDOFFS = {
    reason: f"handoff_{reason}"
    for reason in ("customer_asked", "not_understood", "bot_failed", "people_only", "team", "other")
}
RATINGS = {score: f"rating_{score}" for score in range(1, 6)}
DISSATISFIED, NEUTRAL, SATISFIED, UNFELT = (
    "mood_dissatisfied",
    "mood_neutral",
    "mood_satisfied",
    "mood_unknown",
)
MOODS = {-1: DISSATISFIED, 0: NEUTRAL, 1: SATISFIED, None: UNFELT}

Column = ColumnElement[int] | InstrumentedAttribute[int]

_S = ReportService
_ONE: ColumnElement[int] = literal(1)
_NO_MS: ColumnElement[int] = literal(0)
_TOTAL_MS = _S.open_ms + _S.in_service_ms + _S.waiting_ms
_TOTAL_BUSINESS_MS = _S.open_business_ms + _S.in_service_business_ms + _S.waiting_business_ms


@dataclass(frozen=True)
class Measure:
    """How SQL counts it: ``moment`` decides when, ``condition`` which services."""

    moment: InstrumentedAttribute[Any]
    condition: ColumnElement[bool]
    number: Column = _ONE
    ms: Column = _NO_MS
    business_ms: Column = _NO_MS


_EVERY = true()
MEASURES: dict[str, Measure] = {
    OPENED: Measure(_S.opened_at, _EVERY),
    REOPENED: Measure(_S.opened_at, _S.number > 1),
    FIRST_RESPONSE: Measure(
        _S.first_response_at,
        _EVERY,
        ms=_S.first_response_ms,
        business_ms=_S.first_response_business_ms,
    ),
    RESOLVED: Measure(
        _S.ended_at, _S.status == Status.RESOLVED, ms=_TOTAL_MS, business_ms=_TOTAL_BUSINESS_MS
    ),
    CLOSED: Measure(
        _S.ended_at, _S.status == Status.CLOSED, ms=_TOTAL_MS, business_ms=_TOTAL_BUSINESS_MS
    ),
    TIME_OPEN: Measure(_S.ended_at, _S.open_ms > 0, ms=_S.open_ms, business_ms=_S.open_business_ms),
    TIME_IN_SERVICE: Measure(
        _S.ended_at,
        _S.in_service_ms > 0,
        ms=_S.in_service_ms,
        business_ms=_S.in_service_business_ms,
    ),
    TIME_WAITING: Measure(
        _S.ended_at, _S.waiting_ms > 0, ms=_S.waiting_ms, business_ms=_S.waiting_business_ms
    ),
    TRANSFERS: Measure(_S.ended_at, _S.transfers > 0, number=_S.transfers),
    TRANSFERRED: Measure(_S.ended_at, _S.transfers > 0),
    CONTAINED: Measure(_S.ended_at, _S.handed_off_at.is_(None)),
    **{
        measure: Measure(_S.handed_off_at, _S.handoff_reason == reason)
        for reason, measure in HANDOFFS.items()
    },
    **{measure: Measure(_S.rated_at, _S.score == score) for score, measure in RATINGS.items()},
    **{
        measure: Measure(
            _S.ended_at, _S.sentiment.is_(None) if mood is None else _S.sentiment == mood
        )
        for mood, measure in MOODS.items()
    },
}


@dataclass(frozen=True)
class Counted:
    """One measure of one service, at one moment."""

    measure: str
    moment: datetime
    number: int = 1
    ms: int = 0
    business_ms: int = 0


def measures_of(service: ReportService) -> Iterator[Counted]:
    """All that a service counts as, as it stands."""
    yield Counted(OPENED, service.opened_at)
    if service.number > 1:
        yield Counted(REOPENED, service.opened_at)
    if service.first_response_at is not None:
        yield Counted(
            FIRST_RESPONSE,
            service.first_response_at,
            ms=service.first_response_ms,
            business_ms=service.first_response_business_ms,
        )
    if service.handed_off_at is not None:
        yield Counted(HANDOFFS[service.handoff_reason], service.handed_off_at)
    if service.rated_at is not None and service.score is not None:
        yield Counted(RATINGS[service.score], service.rated_at)
    if service.ended_at is not None:
        yield from _measures_of_end(service, service.ended_at)


def _measures_of_end(service: ReportService, ended_at: datetime) -> Iterator[Counted]:
    times = (
        (TIME_OPEN, service.open_ms, service.open_business_ms),
        (TIME_IN_SERVICE, service.in_service_ms, service.in_service_business_ms),
        (TIME_WAITING, service.waiting_ms, service.waiting_business_ms),
    )
    yield Counted(
        RESOLVED if service.status is Status.RESOLVED else CLOSED,
        ended_at,
        ms=sum(ms for _, ms, _ in times),
        business_ms=sum(ms for _, _, ms in times),
    )
    for measure, ms, business_ms in times:
        if ms > 0:
            yield Counted(measure, ended_at, ms=ms, business_ms=business_ms)
    if service.transfers:
        yield Counted(TRANSFERS, ended_at, number=service.transfers)
        yield Counted(TRANSFERRED, ended_at)
    if service.handed_off_at is None:
        yield Counted(CONTAINED, ended_at)
    yield Counted(MOODS[service.sentiment], ended_at)


ALL = "all"
HOUR = "hour"
TAG = "tag"
COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "queue": _S.queue_id,
    "agent": _S.agent_id,
    "channel": _S.channel_id,
    "company": _S.company_id,
    "type": _S.request_type_id,
}
"""Dimensions that are a column of the service."""
DIMENSIONS = (*COLUMNS, TAG)

CellKey = tuple[str, str, date, int]
"""Dimension, measure, day, key."""
Cells = dict[CellKey, tuple[int, int, int]]
"""Number, milliseconds, business milliseconds of each cell."""


def add_to_cells(
    cells: Cells, service: ReportService, tag_ids: Iterable[int], zone: ZoneInfo, sign: int = 1
) -> None:
    """Adds what a service counts as; with ``sign`` -1 takes it away."""
    places = [
        (ALL, 0),
        ("queue", service.queue_id or 0),
        ("agent", service.agent_id or 0),
        ("channel", service.channel_id or 0),
        ("company", service.company_id or 0),
        ("type", service.request_type_id or 0),
        *((TAG, tag_id) for tag_id in tag_ids or (0,)),
    ]
    clocks: dict[datetime, tuple[date, int]] = {}
    for counted in measures_of(service):
        if counted.moment not in clocks:
            local = counted.moment.astimezone(zone)
            clocks[counted.moment] = (local.date(), local.hour)
        day, hour = clocks[counted.moment]
        for dimension, key in (*places, (HOUR, hour)):
            cell = (dimension, counted.measure, day, key)
            number, ms, business_ms = cells.get(cell, (0, 0, 0))
            cells[cell] = (
                number + sign * counted.number,
                ms + sign * counted.ms,
                business_ms + sign * counted.business_ms,
            )
