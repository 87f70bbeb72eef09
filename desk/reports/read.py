"""A report: its bars, the whole period, and the period before, figure by figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.reports.catalogue import ACTIVE, ENDED, Report, Sum, Sums
from desk.reports.measures import HOUR, OPENED
from desk.reports.periods import TIMES, WEEKDAY, Period, bars_of, days_of_bar
from desk.reports.sums import Bar, Filters, Table, read_sums, read_sums_until

MOST_ROWS = 100
Values = Mapping[str, float | None]


@dataclass(frozen=True)
class ReportRow:
    """One bar, with the value of each figure; None where there is nothing to speak of."""

    bar: Bar
    values: Values


@dataclass(frozen=True)
class ReportTable:
    """A report as read. ``left_out``: rows beyond the bound, the smallest."""

    report: Report
    period: Period
    by: str
    rows: Sequence[ReportRow]
    total: Values
    before: Values
    left_out: int = 0


async def read_report(
    session: AsyncSession,
    report: Report,
    period: Period,
    by: str,
    filters: Filters,
    zone: ZoneInfo,
    *,
    most_rows: int = MOST_ROWS,
) -> ReportTable:
    """Reads a report; in time order, or the largest first."""
    table = await _with_active(session, report, period, by, filters, zone)
    in_time = by in TIMES or by == HOUR
    bars: list[Bar] = list(range(24)) if by == HOUR else []
    if by in TIMES:
        bars = list(bars_of(period, by))
    rows = [
        ReportRow(bar, values_of(report, table.get(bar, {}))) for bar in (bars or sorted(table))
    ]
    if not in_time:
        first = report.figures[0].key if not report.cumulative else ACTIVE
        rows = [row for row in rows if any(row.values.values())]
        rows.sort(key=lambda row: -(row.values[first] or 0))
    return ReportTable(
        report,
        period,
        by,
        rows[:most_rows],
        await read_total(session, report, period, filters, zone),
        await read_total(session, report, period.before, filters, zone),
        max(0, len(rows) - most_rows),
    )


async def read_total(
    session: AsyncSession, report: Report, period: Period, filters: Filters, zone: ZoneInfo
) -> Values:
    """The figures of a whole period."""
    table = await _with_active(session, report, period, "", filters, zone)
    return values_of(report, table.get(0, {}))


def values_of(report: Report, sums: Sums) -> Values:
    """The figures of some sums."""
    return {each.key: each.value(sums) for each in report.figures}


async def _with_active(
    session: AsyncSession,
    report: Report,
    period: Period,
    by: str,
    filters: Filters,
    zone: ZoneInfo,
) -> Table:
    """The sums; where the report asks for it with what was active at the end of each bar."""
    table = await read_sums(session, report.measures, period, by, filters, zone)
    if not report.cumulative or by in (HOUR, WEEKDAY):
        return table  # There is no end of all Mondays.
    measures = (OPENED, *ENDED)
    if by not in TIMES:
        after = period.last + timedelta(days=1)
        until = await read_sums_until(session, measures, after, by, filters, zone)
        for bar, sums in until.items() if by else [(0, until.get(0, {}))]:
            table.setdefault(bar, {})[ACTIVE] = Sum(_left(sums))
        return table
    earlier = await read_sums_until(session, measures, period.first, "", filters, zone)
    active = _left(earlier.get(0, {}))
    for bar in bars_of(period, by):
        sums = table.setdefault(bar, {})
        active += _left(sums)
        sums[ACTIVE] = Sum(active)
    return table


def _left(sums: Sums) -> int:
    opened, *ended = (sums.get(name, Sum()).number for name in (OPENED, *ENDED))
    return opened - sum(ended)


def end_of_bar(period: Period, by: str, bar: Bar | None) -> date:
    """The last day of a bar within its period."""
    if isinstance(bar, date):
        return days_of_bar(bar, by).within(period).last
    return period.last
