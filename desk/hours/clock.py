"""When a calendar is open, when it opens next, and how many of its seconds lie in a span.

A calendar is open at an instant when the wall clock of its zone shows a time within a span of that
weekday, on no holiday. A year is laid out once as spans of UTC seconds, so that each question is a
search in a list, however long the span asked about.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from desk.hours.holidays import known_days, own_days
from desk.hours.tables import BusinessCalendar

_DAY_SECONDS = 86400
_YEARS_AHEAD = 2

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Rules:
    """What of a calendar decides; hashable, so that a year is laid out once for it."""

    timezone: str
    state: str
    city: str
    week: tuple[Spans, ...]
    own: tuple[tuple[str, str], ...]
    worked: frozenset[str]


@dataclass(frozen=True)
class _Year:
    """Open spans as UTC seconds in order, none touching; ``before[i]``: open seconds before i."""

    starts: list[float]
    ends: list[float]
    before: list[float]

    def open_until(self, at: float) -> float:
        """The open seconds of the year up to an instant."""
        index = bisect_right(self.starts, at)
        if index == 0:
            return 0.0
        return self.before[index - 1] + min(at, self.ends[index - 1]) - self.starts[index - 1]


def is_open(calendar: BusinessCalendar | None, at: datetime) -> bool:
    """Whether people work at this instant; without a calendar always."""
    if calendar is None:
        return True
    year = _layout(_rules_of(calendar), at.astimezone(UTC).year)
    index = bisect_right(year.starts, at.timestamp())
    return index > 0 and at.timestamp() < year.ends[index - 1]


def next_opening(calendar: BusinessCalendar | None, at: datetime) -> datetime | None:
    """``at`` itself when it is open; None when it does not open within about two years.

    Returns:
        An instant in the calendar's zone.
    """
    if calendar is None:
        return at
    zone = ZoneInfo(calendar.timezone)
    if is_open(calendar, at):
        return at.astimezone(zone)
    rules, first = _rules_of(calendar), at.astimezone(UTC).year
    for number in range(first, first + _YEARS_AHEAD + 1):
        year = _layout(rules, number)
        index = bisect_right(year.starts, at.timestamp())
        if index < len(year.starts):
            return datetime.fromtimestamp(year.starts[index], zone)
    return None


def business_seconds(calendar: BusinessCalendar | None, start: datetime, end: datetime) -> float:
    """The seconds between two instants in which people work; 0 when they are in disorder."""
    if end <= start:
        return 0.0
    if calendar is None:
        return (end - start).total_seconds()
    rules = _rules_of(calendar)
    years = range(start.astimezone(UTC).year, end.astimezone(UTC).year + 1)
    laid_out = [_layout(rules, number) for number in years]
    total = sum(year.open_until(end.timestamp()) for year in laid_out)
    return total - laid_out[0].open_until(start.timestamp())


def after_business_seconds(
    calendar: BusinessCalendar | None, start: datetime, seconds: float
) -> datetime | None:
    """The instant at which so many seconds have passed in which people work.

    Returns:
        ``start`` itself for none or less; None when it lies beyond about two years.
    """
    if seconds <= 0:
        return start
    if calendar is None:
        return start + timedelta(seconds=seconds)
    rules, first, left = _rules_of(calendar), start.astimezone(UTC).year, seconds
    for number in range(first, first + _YEARS_AHEAD + 1):
        year = _layout(rules, number)
        passed = year.open_until(start.timestamp()) if number == first else 0.0
        index = bisect_left(year.before, passed + left) - 1
        if index >= 0:
            at = year.starts[index] + passed + left - year.before[index]
            if at <= year.ends[index]:
                return datetime.fromtimestamp(at, UTC)
            left -= year.before[-1] + year.ends[-1] - year.starts[-1] - passed
    return None


@lru_cache(maxsize=4096)
def seconds_of_day(clock: str) -> int:
    """Seconds since midnight of "HH:MM"; "24:00" ends a day.

    Raises:
        ValueError: it is no time of day.
    """
    hours, _, minutes = clock.partition(":")
    if len(hours) != 2 or len(minutes) != 2 or not (hours + minutes).isdecimal():
        raise ValueError(clock)
    seconds = int(hours) * 3600 + int(minutes) * 60
    if int(minutes) > 59 or seconds > _DAY_SECONDS:
        raise ValueError(clock)
    return seconds


def _rules_of(calendar: BusinessCalendar) -> _Rules:
    return _Rules(
        timezone=calendar.timezone,
        state=calendar.state,
        city=calendar.city,
        week=tuple(
            tuple(
                (seconds_of_day(start), seconds_of_day(end))
                for start, end in calendar.week.get(str(weekday), [])
            )
            for weekday in range(7)
        ),
        own=tuple((each["date"], each["name"]) for each in calendar.own_holidays),
        worked=frozenset(calendar.worked_holidays),
    )


@lru_cache(maxsize=512)
def _layout(rules: _Rules, year: int) -> _Year:
    spans: list[tuple[float, float]] = []
    for start, end, offset in _offsets(rules.timezone, year):
        spans += _open_spans(rules, start, end, offset)
    starts, ends = _merged(sorted(spans))
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    return _Year(starts, ends, [0.0, *accumulate(lengths)][: len(starts)])


def _offsets(timezone: str, year: int) -> list[tuple[int, int, int]]:
    """Spans of a UTC year in which the zone's distance to UTC is one: start, end, seconds."""
    zone = ZoneInfo(timezone)

    def offset_at(second: int) -> int:
        shift = datetime.fromtimestamp(second, zone).utcoffset()
        return round(shift.total_seconds()) if shift is not None else 0

    first = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    last = int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp())
    changes = [first]
    for before, after in pairwise(range(first, last + 1, _DAY_SECONDS)):
        if offset_at(before) != offset_at(after):
            changes.append(_first_with(offset_at, before, after))
    return [
        (start, end, offset_at(start)) for start, end in pairwise([*changes, last]) if start < end
    ]


def _first_with(offset_at: Callable[[int], int], low: int, high: int) -> int:
    """The first second whose offset is that of ``high``: when the clocks change."""
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(middle) == offset_at(high):
            high = middle
        else:
            low = middle
    return high


def _open_spans(rules: _Rules, start: int, end: int, offset: int) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    day = datetime.fromtimestamp(start + offset, UTC).date()
    last = datetime.fromtimestamp(end - 1 + offset, UTC).date()
    while day <= last:
        if not _closed(rules, day):
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() - offset
            for opens, closes in rules.week[day.weekday()]:
                span = max(start, midnight + opens), min(end, midnight + closes)
                if span[0] < span[1]:
                    spans.append(span)
        day += timedelta(days=1)
    return spans


def _closed(rules: _Rules, day: date) -> bool:
    if day.isoformat() in rules.worked:
        return False
    own = [{"date": text, "name": name} for text, name in rules.own]
    return day in known_days(rules.state, rules.city, day.year) or day in own_days(own, day.year)


def _merged(spans: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    starts: list[float] = []
    ends: list[float] = []
    for start, end in spans:
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends
