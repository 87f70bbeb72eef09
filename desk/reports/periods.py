"""Days that a report looks at, the ones before, and how they are cut into bars."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from desk.errors import Invalid

DEFAULT_DAYS = 30
MAX_DAYS = 3660
_MOST_BARS = 370
_FIRST_YEAR, _LAST_YEAR = 2000, 2199

DAY, WEEK, MONTH, YEAR, WEEKDAY = "day", "week", "month", "year", "weekday"
TIMES = (DAY, WEEK, MONTH, YEAR, WEEKDAY)
"""Ways to cut a period that need nothing but its days."""
_STEPS = {DAY: 1, WEEK: 7, MONTH: 28, YEAR: 365}


@dataclass(frozen=True)
class Period:
    """Whole days, the first and the last included, in the zone of the installation."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """What it is compared with: as many days just before, of whole months as many months."""
        last = self.first - timedelta(days=1)
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        whole = self.first.day == 1 and self.last.day == monthrange(*_year_month(self.last))[1]
        if not whole:
            return Period(self.first - timedelta(days=self.days), last)
        index = self.first.year * 12 + self.first.month - 1 - months
        return Period(date(index // 12, index % 12 + 1, 1), last)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From when (included) until when (not included): midnights on the zone's clocks."""
        return midnight(self.first, zone), midnight(self.last + timedelta(days=1), zone)

    def within(self, other: "Period") -> "Period":
        """The days that lie in both."""
        return Period(max(self.first, other.first), min(self.last, other.last))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins, in UTC; where clocks skip midnight, the first instant after."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def read_period(since: str, until: str, today: date) -> Period:
    """What somebody asked for; thirty days until today where they did not say.

    Raises:
        Invalid: a date that is none, an end before the beginning, more than ten years.
    """
    begun = read_day("since", since) if since else None
    last = read_day("until", until) if until else max(today, begun or today)
    first = begun or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        raise Invalid("until", "O fim do período é antes do começo.")
    if (last - first).days + 1 > MAX_DAYS:
        raise Invalid("until", "O período passa de dez anos. Escolha um menor.")
    return Period(first, last)


def fitting(by: str, period: Period) -> str:
    """How to cut a period in time: as asked, or coarser where the bars would be too many."""
    if not by:
        days = period.days
        return DAY if days <= 35 else WEEK if days <= 190 else MONTH if days <= 1100 else YEAR
    for step in (DAY, WEEK, MONTH):
        if by == step and period.days / _STEPS[step] > _MOST_BARS:
            by = {DAY: WEEK, WEEK: MONTH, MONTH: YEAR}[step]
    return by


def bar_of(day: date, by: str) -> date | int:
    """The bar that a day belongs to: the first day of its week, month or year, or its weekday."""
    match by:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
        case "weekday":
            return day.weekday()
        case _:
            return day


def bars_of(period: Period, by: str) -> list[date | int]:
    """All bars of a period in order, the empty ones too."""
    if by == WEEKDAY:
        return list(range(7))
    days = (period.first + timedelta(days=number) for number in range(period.days))
    return list(dict.fromkeys(bar_of(day, by) for day in days))


def days_of_bar(bar: date, by: str) -> Period:
    """The days of a week, month, year, or the day itself."""
    match by:
        case "week":
            return Period(bar, bar + timedelta(days=6))
        case "month":
            return Period(bar, bar.replace(day=monthrange(*_year_month(bar))[1]))
        case "year":
            return Period(bar, bar.replace(month=12, day=31))
        case _:
            return Period(bar, bar)


def _year_month(day: date) -> tuple[int, int]:
    return day.year, day.month


def read_day(field: str, value: str) -> date:
    """A day as an address or a form writes it, of these two centuries.

    Raises:
        Invalid: it is none.
    """
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = date.min
    if len(value) != len("2026-01-31") or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Invalid(field, "A data deve ser como 2026-01-31.")
    return day
