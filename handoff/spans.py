"""The period of a report: whole days of the desk's zone, at most a year."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DEFAULT_DAYS, MOST_DAYS = 30, 366


@dataclass(frozen=True)
class Span:
    """First and last day, and the instants from which and before which something counts."""

    first: date
    last: date
    since: datetime
    until: datetime


def span_of(since: str | None, until: str | None, zone: ZoneInfo) -> tuple[Span, str]:
    """The period that is asked for, and the name of what is wrong with it.

    Where something is, the period is as if it had not been given.
    """
    today = datetime.now(zone).date()
    last, first = _day(until), _day(since)
    wrong = "until" if until and last is None else "since" if since and first is None else ""
    last = min(last or today, today)
    default = last - timedelta(days=DEFAULT_DAYS - 1)
    if first is not None and not last - timedelta(days=MOST_DAYS) <= first <= last:
        first, wrong = None, "since"
    return _span(first or default, last, zone), wrong


def _span(first: date, last: date, zone: ZoneInfo) -> Span:
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    return Span(first, last, begin.astimezone(UTC), end.astimezone(UTC))


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    # Days that no desk can have had would leave the calendar when thirty are taken off.
    return day if 2000 <= day.year <= 9000 else None
