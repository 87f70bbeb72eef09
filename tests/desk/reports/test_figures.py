"""Every figure is what the events say, whatever happened, however it came to be counted."""

import asyncio
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import ContactCompany
from desk.db import Database
from desk.events.tables import Event
from desk.hours.tables import BusinessCalendar
from desk.reports.catalogue import ACTIVE, REPORTS, Figure
from desk.reports.follow import FOLLOWED_KINDS, follow_events
from desk.reports.listing import Cut, list_services
from desk.reports.measures import DIMENSIONS, HOUR
from desk.reports.periods import TIMES, Period, bar_of
from desk.reports.read import read_report
from desk.reports.rebuild import sum_up
from desk.reports.tables import ReportCell
from desk.team.tables import User
from tests.desk.reports.histories import (
    BEGIN,
    CHANNELS,
    STEPS,
    History,
    empty_desk,
    furnish,
    write_history,
)
from tests.desk.reports.reference import Reference, tell

ZONE = ZoneInfo("America/Sao_Paulo")
# Two of the history's weeks; much lies before and after.
PERIOD = Period(date(2018, 2, 14), date(2018, 2, 27))
WHOLE = Period(date(2018, 1, 1), date(2020, 12, 31))
FILTERS: tuple[dict[str, int], ...] = (
    {},
    {"queue": 1},
    {"agent": 2},
    {"agent": 0},
    {"tag": 1},
    {"tag": 0},
    {"company": 2, "channel": 1},
    {"type": 1},
)
QUESTIONS = st.lists(
    st.tuples(st.sampled_from((*TIMES, HOUR, *DIMENSIONS)), st.sampled_from(FILTERS)),
    min_size=4,
    max_size=4,
)
BATCHES = st.lists(st.integers(1, 9), min_size=1, max_size=8)


async def count_in_batches(session: AsyncSession, sizes: list[int]) -> None:
    """As the loop does, the batches cut anywhere."""
    query = select(Event).where(Event.kind.in_(FOLLOWED_KINDS)).order_by(Event.seq)
    events = list((await session.execute(query)).scalars())
    turn = 0
    while events:
        size = sizes[turn % len(sizes)]
        await follow_events(session, events[:size], ZONE)
        await session.flush()
        session.expunge_all()
        events, turn = events[size:], turn + 1


async def reference_of(session: AsyncSession, history: History) -> Reference:
    """The simple-minded teller of the same history."""
    calendar = (await session.execute(select(BusinessCalendar))).scalar_one()
    spoken = (await session.execute(select(ContactCompany))).scalars()
    companies = {each.contact_id: each.company_id for each in spoken}
    tickets = {ticket["id"]: ticket for ticket in history.tickets}
    told = []
    for talk in history.talks:
        services, queues = tell(history.events, talk, tickets, companies.get(talk))
        told += [(service, queues) for service in services]
    channels = {talk: CHANNELS[talk % 2] for talk in history.talks}
    return Reference(told, {1: calendar}, channels, ZONE)


def close(found: float | None, told: float | None) -> bool:
    """The same to a hundredth: of a count exactly, of a time far below the second."""
    if found is None or told is None:
        return (found or 0) == (told or 0)
    return abs(found - told) < 0.01


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, batches=BATCHES, questions=QUESTIONS)
def test_every_figure_agrees_with_the_events(
    database_url: str, steps: list[Any], batches: list[int], questions: list[Any]
) -> None:
    asyncio.run(figures_agree(database_url, History().play(steps), batches, questions))


async def figures_agree(
    url: str, history: History, batches: list[int], questions: list[Any]
) -> None:
    database = Database(url)
    async with database.transaction() as session:
        if await session.get(User, 1) is None:
            await furnish(session)
        await empty_desk(session)
        await write_history(session, history)
        await count_in_batches(session, batches)
    async with database.reading() as session:
        reference = await reference_of(session, history)
        for by, filters in questions:
            await same_everywhere(session, reference, by, filters)
        await same_conversations(session, questions[0][0])
        cells = await all_cells(session)
    async with database.transaction() as session:
        await sum_up(session, ZONE)
    async with database.reading() as session:
        assert await all_cells(session) == cells
    await database.close()


async def same_everywhere(
    session: AsyncSession, reference: Reference, by: str, filters: dict[str, int]
) -> None:
    for name, report in REPORTS.items():
        table = await read_report(session, report, PERIOD, by, filters, ZONE, most_rows=9999)
        if name == "backlog":
            same_backlog(table, reference, by, filters)
            continue
        told = reference.rows(name, PERIOD.first, PERIOD.last, by, filters)
        found = {row.bar: row.values for row in table.rows} | {"": table.total}
        for bar in found.keys() | told.keys():
            for key in table.total:
                ours, theirs = found.get(bar, {}).get(key), told.get(bar, {}).get(key)
                where = f"{name}.{key} by {by} at {bar} with {filters}"
                assert close(ours, theirs), f"{where}: {ours}, the events say {theirs}"


def same_backlog(table: Any, reference: Reference, by: str, filters: dict[str, int]) -> None:
    at_end = reference.active(PERIOD.last, filters)
    assert table.total[ACTIVE] == at_end, filters
    if by in ("day", "week"):
        for row in table.rows:
            last = row.bar if by == "day" else min(row.bar + timedelta(days=6), PERIOD.last)
            assert row.values[ACTIVE] == reference.active(last, filters), (by, row.bar, filters)
    elif by in DIMENSIONS:
        for row in table.rows:
            if filters.get(by, row.bar) == row.bar or by == "tag":
                theirs = reference.active(PERIOD.last, {**filters, by: row.bar})
                if not (by == "tag" and "tag" in filters):
                    assert row.values[ACTIVE] == theirs, (by, row.bar, filters)


async def same_conversations(session: AsyncSession, by: str) -> None:
    """Behind each figure that counts stand as many services."""
    viewer = await session.get_one(User, 1)
    for report in REPORTS.values():
        table = await read_report(session, report, PERIOD, by, {}, ZONE)
        for row in table.rows:
            for figure in report.figures:
                value = row.values[figure.key]
                if figure.unit == "count" and figure.key != "transfers" and value:
                    cut = Cut(PERIOD, {}, by, row.bar)
                    where = (report.name, figure.key, by, row.bar)
                    assert await behind(session, viewer, figure, cut) == value, where


async def behind(session: AsyncSession, viewer: User, figure: Figure, cut: Cut) -> int:
    """How many services the pages of a figure's list have together."""
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = await list_services(session, viewer, figure, cut, ZONE, cursor, 3)
        seen += [row.service.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            assert len(seen) == len(set(seen))
            return len(seen)


async def all_cells(session: AsyncSession) -> dict[Any, Any]:
    found = (await session.execute(select(ReportCell))).scalars()
    cells = {(c.dimension, c.measure, c.day, c.key): (c.number, c.ms, c.business_ms) for c in found}
    return {key: value for key, value in cells.items() if any(value)}


def test_the_histories_reach_the_day_on_which_clocks_change() -> None:
    local = (BEGIN + timedelta(days=5, hours=2)).astimezone(ZONE)
    assert local.utcoffset() != (local + timedelta(days=1)).utcoffset()
    assert bar_of(local.date(), "week") == date(2018, 2, 12)
    assert WHOLE.days > 1000
