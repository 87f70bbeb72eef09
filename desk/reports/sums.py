"""Sums of measures over a period, cut in time or by a dimension.

Without a filter, or with one and cut in time, they are read from the daily cells: their cost grows
with the days and values, not with the conversations. Otherwise they are summed over the services
of the period, by the same measures.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, case, cast, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from desk.conversations.filters import unindexed
from desk.db import UtcDateTime
from desk.reports.catalogue import Sum
from desk.reports.measures import ALL, COLUMNS, HOUR, MEASURES, TAG
from desk.reports.periods import TIMES, Period, bar_of
from desk.reports.tables import ReportCell, ReportService, ReportServiceTag

Bar = date | int
"""A day that a bar begins with; else a weekday, an hour, an id, or 0 for none."""
Filters = Mapping[str, int]
"""Dimension → the id that is looked at; 0 for none."""
Table = dict[Bar, dict[str, Sum]]
# Zones keep whole quarters of an hour, so that each slot lies in one hour and one day.
_SLOT_SECONDS = 900


async def read_sums(
    session: AsyncSession,
    measures: Iterable[str],
    period: Period,
    by: str,
    filters: Filters,
    zone: ZoneInfo,
) -> Table:
    """The sums of each bar that has any; ``by`` "" makes one bar, 0, of the whole period."""
    names = [name for name in measures if name in MEASURES]
    in_time = by in TIMES or not by
    if in_time and len(filters) <= 1:
        return await _days_of_cells(session, names, period, by, filters)
    if not filters and not in_time:
        return await _keys_of_cells(session, names, period, by)
    return await _sums_of_services(session, names, period, by, filters, zone)


async def read_sums_until(
    session: AsyncSession,
    measures: Iterable[str],
    before: date,
    by: str,
    filters: Filters,
    zone: ZoneInfo,
) -> Table:
    """All that came before a day, from the first one on."""
    period = Period(date.min, date.fromordinal(before.toordinal() - 1))
    if len(filters) <= 1 and (not by or not filters):
        return await read_sums(session, measures, period, by, filters, zone)
    return await _sums_of_services(session, list(measures), period, by, filters, zone)


async def _days_of_cells(
    session: AsyncSession, names: list[str], period: Period, by: str, filters: Filters
) -> Table:
    (dimension, key), *_ = [*filters.items(), (ALL, 0)]
    cells = ReportCell
    table: Table = defaultdict(dict)
    where = (
        cells.dimension == dimension,
        cells.key == key,
        cells.measure.in_(names),
        cells.day.between(period.first, period.last),
    )
    if not by:
        query = select(cells.measure, *_cell_sums()).where(*where).group_by(cells.measure)
        for measure, *sums in await session.execute(query):
            table[0][measure] = _sum(sums)
        return table
    listed = select(cells.day, cells.measure, cells.number, cells.ms, cells.business_ms)
    for day, measure, *sums in await session.execute(listed.where(*where)):
        bar = table[bar_of(day, by)]
        bar[measure] = bar.get(measure, Sum()) + _sum(sums)
    return table


async def _keys_of_cells(session: AsyncSession, names: list[str], period: Period, by: str) -> Table:
    cells = ReportCell
    query = (
        select(cells.key, cells.measure, *_cell_sums())
        .where(
            cells.dimension == by,
            cells.measure.in_(names),
            cells.day.between(period.first, period.last),
        )
        .group_by(cells.key, cells.measure)
    )
    table: Table = defaultdict(dict)
    for key, measure, *sums in await session.execute(query):
        table[key][measure] = _sum(sums)
    return table


def _cell_sums() -> tuple[ColumnElement[Any], ...]:
    return tuple(
        func.sum(each) for each in (ReportCell.number, ReportCell.ms, ReportCell.business_ms)
    )


async def _sums_of_services(
    session: AsyncSession,
    names: list[str],
    period: Period,
    by: str,
    filters: Filters,
    zone: ZoneInfo,
) -> Table:
    table: Table = defaultdict(dict)
    moments: dict[InstrumentedAttribute[Any], list[str]] = defaultdict(list)
    for name in names:
        moments[MEASURES[name].moment].append(name)
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    for moment, its_names in moments.items():
        key = _key_of(by, moment, on_sqlite=on_sqlite)
        columns = [column for name in its_names for column in _columns(name)]
        query = select(key, *columns).select_from(ReportService)
        if by == TAG:
            query = query.outerjoin(
                ReportServiceTag, ReportServiceTag.service_id == ReportService.id
            )
        when = during(moment, period, zone, walked=not _is_narrow(filters))
        query = query.where(*when, *matching(filters)).group_by(key)
        for found, *sums in await session.execute(query):
            bar = table[_bar(found, by, zone)]
            for number, name in enumerate(its_names):
                added = _sum(sums[number * 3 : number * 3 + 3])
                bar[name] = bar.get(name, Sum()) + added
    return table


def during(
    moment: InstrumentedAttribute[Any], period: Period, zone: ZoneInfo, *, walked: bool = True
) -> list[ColumnElement[bool]]:
    """That a moment lies in a period; not ``walked``, another index is the better way in."""
    at: ColumnElement[Any] = moment if walked else unindexed(moment)  # type: ignore[assignment]
    conditions: list[ColumnElement[bool]] = [at.is_not(None)]
    if period.first > date.min:
        since = literal(period.bounds(zone)[0], UtcDateTime())
        conditions.append(at >= since)
    until = literal(Period(period.last, period.last).bounds(zone)[1], UtcDateTime())
    return [*conditions, at < until]


def _is_narrow(filters: Filters) -> bool:
    """One person's or one company's services are few, however long the period."""
    return any(filters.get(name) for name in ("agent", "company"))


def matching(filters: Filters) -> list[ColumnElement[bool]]:
    """That a service has these values."""
    return [_has(dimension, key) for dimension, key in filters.items()]


def _has(dimension: str, key: int) -> ColumnElement[bool]:
    if dimension == TAG:
        tag = aliased(ReportServiceTag)  # The table itself may be what is summed by.
        tags = exists().where(tag.service_id == ReportService.id)
        return tags.where(tag.tag_id == key) if key else ~tags
    column = COLUMNS[dimension]
    return column == key if key else column.is_(None)


def _columns(name: str) -> list[ColumnElement[int]]:
    measure = MEASURES[name]
    return [
        func.coalesce(func.sum(case((measure.condition, each), else_=0)), 0)
        for each in (measure.number, measure.ms, measure.business_ms)
    ]


def _key_of(by: str, moment: InstrumentedAttribute[Any], *, on_sqlite: bool) -> ColumnElement[int]:
    if by in COLUMNS:
        return func.coalesce(COLUMNS[by], 0)
    if by == TAG:
        return func.coalesce(ReportServiceTag.tag_id, 0)
    if not by:
        return cast(0, Integer)
    if on_sqlite:
        return cast(func.strftime("%s", moment), Integer).op("/", return_type=Integer())(
            _SLOT_SECONDS
        )
    return cast(func.floor(func.extract("epoch", moment) / _SLOT_SECONDS), Integer)


def _bar(found: Any, by: str, zone: ZoneInfo) -> Bar:
    if by not in TIMES and by != HOUR:
        return int(found)
    local = datetime.fromtimestamp(int(found) * _SLOT_SECONDS, UTC).astimezone(zone)
    return local.hour if by == HOUR else bar_of(local.date(), by)


def _sum(values: list[Any]) -> Sum:
    return Sum(*(int(each) for each in values))
