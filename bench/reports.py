"""The reports over a thousand conversations beside those over a million.

Every question of every page, a year long, run alternately on both; the ratio is what to look at.
The services are made by the database itself, out of numbers alone, the same each time; their sums
are made of them as ``python -m handoff rebuild-reports`` does. One batch of the event log is
counted on both, too: what keeping the reports costs while they grow.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.companies.tables import Company
from desk.contacts.tables import Contact
from desk.db import Database
from desk.events.tables import Event
from desk.migrations import upgrade
from desk.reports.catalogue import OVERVIEW, REPORTS
from desk.reports.follow import follow_events
from desk.reports.listing import Cut, list_services, walk_services
from desk.reports.periods import Period
from desk.reports.read import read_report, read_total
from desk.reports.rebuild import sum_up
from desk.team.tables import Queue, Role, User
from tests.postgresql import PostgresDatabases

SMALL, LARGE = 1000, 1_000_000
_NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
_ZONE = ZoneInfo("America/Sao_Paulo")
_YEAR = Period(date(2025, 3, 2), date(2026, 3, 1))
_MONTH = Period(date(2026, 2, 1), date(2026, 2, 28))
_BATCH = 100_000
_EVENTS = 200


@dataclass(frozen=True)
class Measured:
    """Median milliseconds of one question with few and with many conversations."""

    name: str
    small_ms: float
    large_ms: float


Case = Callable[[Database, User], Coroutine[object, object, object]]


def _report(name: str, by: str, period: Period = _YEAR, **filters: int) -> Case:
    async def ask(database: Database, viewer: User) -> object:
        async with database.reading() as session:
            return await read_report(session, REPORTS[name], period, by, filters, _ZONE)

    return ask


def _list(name: str, key: str, cut: Cut) -> Case:
    async def ask(database: Database, viewer: User) -> object:
        figure = REPORTS[name].figure(key)
        assert figure is not None
        async with database.reading() as session:
            return await list_services(session, viewer, figure, cut, _ZONE)

    return ask


async def _overview(database: Database, viewer: User) -> object:
    async with database.reading() as session:
        for name, _ in OVERVIEW:
            for period in (_YEAR, _YEAR.before):
                await read_total(session, REPORTS[name], period, {}, _ZONE)
    return None


async def _first_batch(database: Database, viewer: User) -> object:
    async for batch in walk_services(database, viewer, _YEAR, {}, _ZONE):
        return batch
    return None


CASES: dict[str, Case] = {
    "overview of a year": _overview,
    **{f"{name} of a year, by month": _report(name, "month") for name in REPORTS},
    "services of a year, by day": _report("services", "day"),
    "services of a year, by hour": _report("services", "hour"),
    "services of a year, by queue": _report("services", "queue"),
    "services of a year, by agent": _report("services", "agent"),
    "services of a year, by company": _report("services", "company"),
    "one queue's year, by month": _report("resolution", "month", queue=2),
    "one agent's year, by hour": _report("services", "hour", agent=7),
    "one company's year, by agent": _report("resolution", "agent", company=5),
    "one queue's month, by agent": _report("first_response", "agent", _MONTH, queue=2),
    "one queue's year, by agent": _report("first_response", "agent", queue=2),
    "conversations behind a year's figure": _list("services", "opened", Cut(_YEAR, {})),
    "conversations behind a bar": _list(
        "services", "resolved", Cut(_YEAR, {}, "month", date(2025, 9, 1))
    ),
    "conversations of one company": _list("services", "opened", Cut(_YEAR, {"company": 5})),
    "conversations of one agent's bar": _list("services", "opened", Cut(_YEAR, {}, "agent", 7)),
    "conversations at one hour": _list("services", "opened", Cut(_YEAR, {}, "hour", 4)),
    "first rows of the CSV": _first_batch,
}


async def measure(engine: str, samples: int, large: int = LARGE) -> list[Measured]:
    """Every case, and a batch of the log."""
    async with AsyncExitStack() as stack:
        servers = PostgresDatabases() if engine == "postgresql" else None
        if servers:
            stack.push_async_callback(asyncio.to_thread, servers.drop_all)
        desks = []
        for count in (SMALL, large):
            database = await stack.enter_async_context(_desk(servers, count))
            async with database.reading() as session:
                desks.append(
                    (database, (await session.execute(select(User).limit(1))).scalar_one())
                )
        measured = [
            Measured(name, *(await _medians(case, desks, samples))) for name, case in CASES.items()
        ]
        return [*measured, await _keeping(desks, samples)]


async def _medians(
    case: Case, desks: Sequence[tuple[Database, User]], samples: int
) -> tuple[float, float]:
    times: list[list[float]] = [[], []]
    for turn in range(samples + 1):
        for (database, viewer), taken in zip(desks, times, strict=True):
            before = time.perf_counter()
            await case(database, viewer)
            if turn:  # The first one compiles the statement.
                taken.append((time.perf_counter() - before) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


async def _keeping(desks: Sequence[tuple[Database, User]], samples: int) -> Measured:
    """Counting a batch of the log: customers who come back, one after the other."""
    times: list[list[float]] = [[], []]
    for turn in range(samples + 1):
        for (database, _), taken in zip(desks, times, strict=True):
            events = [_reopening(number + 1, turn) for number in range(_EVENTS)]
            before = time.perf_counter()
            async with database.transaction() as session:
                await follow_events(session, events, _ZONE)
            if turn:
                taken.append((time.perf_counter() - before) * 1000)
    name = f"counting {_EVENTS} events of the log"
    return Measured(name, statistics.median(times[0]), statistics.median(times[1]))


def _reopening(talk: int, turn: int) -> Event:
    before, after = ("resolved", "open") if turn % 2 == 0 else ("open", "resolved")
    return Event(
        at=_NOW + timedelta(minutes=turn),
        kind="conversation.status_changed",
        actor_kind="contact",
        conversation_id=talk,
        data={"before": before, "after": after},
    )


def report(engine: str, large: int, measured: list[Measured]) -> str:
    """A table."""
    head = f"Reports on {engine}: milliseconds (median) with {SMALL} and {large} conversations"
    lines = [head, "", f"{'':<46}{SMALL:>9}{large:>10}{'ratio':>8}"]
    lines += [
        f"  {each.name:<44}{each.small_ms:>9.1f}{each.large_ms:>10.1f}"
        f"{each.large_ms / each.small_ms:>8.1f}"
        for each in measured
    ]
    return "\n".join(lines)


@asynccontextmanager
async def _desk(servers: PostgresDatabases | None, count: int) -> AsyncIterator[Database]:
    """A database of its own with so many conversations; without a server a file."""
    with tempfile.TemporaryDirectory() as folder:
        url = servers.clone() if servers else f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        if servers is None:
            await asyncio.to_thread(upgrade, url)
        database = Database(url)
        try:
            began = time.perf_counter()
            await _fill(database, count)
            print(f"{count} conversations made in {time.perf_counter() - began:.0f} s", flush=True)
            yield database
        finally:
            await database.close()


async def _fill(database: Database, count: int) -> None:
    async with database.transaction() as session:
        await session.execute(insert(Queue), [_named("fila", n) for n in range(1, 5)])
        await session.execute(insert(User), [_user(n) for n in range(1, 41)])
        channels = [
            {"id": n, "kind": "webchat", "slug": f"c{n}", "brand": "Acme", "created_at": _NOW}
            for n in (1, 2)
        ]
        await session.execute(insert(Channel), channels)
        companies = [
            {"id": n, "cnpj": f"{n:014d}", "name": f"Empresa {n}", "created_at": _NOW}
            for n in range(1, 201)
        ]
        await session.execute(insert(Company), companies)
        people = [{"id": n, "name": f"Cliente {n}", "created_at": _NOW} for n in range(1, 1001)]
        await session.execute(insert(Contact), people)
    for first in range(1, count + 1, _BATCH):
        last = min(first + _BATCH - 1, count)
        async with database.transaction() as session:
            for statement in (_CONVERSATIONS, _SERVICES):
                await _run(session, statement, first, last, count)
    async with database.transaction() as session:
        await sum_up(session, _ZONE)
    async with database.transaction() as session:
        # What autovacuum does by itself soon enough.
        await session.execute(text("ANALYZE"))
        if not database.is_sqlite:
            name = "pg_get_serial_sequence('report_services', 'id')"
            await session.execute(text(f"SELECT setval({name}, {count})"))


async def _run(session: AsyncSession, statement: str, first: int, last: int, count: int) -> None:
    """Makes rows of the numbers from ``first`` to ``last``, in the database's own words."""
    if session.get_bind().dialect.name == "sqlite":
        numbers = (
            f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL "
            f"SELECT n + 1 FROM numbers WHERE n < {last})"
        )
        at = "strftime('%Y-%m-%d %H:%M:%f', {second}, 'unixepoch') || '000'"
    else:
        numbers = f"WITH numbers AS (SELECT n::bigint FROM generate_series({first}, {last}) AS n)"
        at = "to_timestamp({second})"
    # Over a year up to now, the first one first; each ends hours later.
    opened = f"({int(_NOW.timestamp())} - 31536000 + n * 31500000 / {count})"
    moments = {
        "opened": at.format(second=opened),
        "taken": at.format(second=f"{opened} + 60 + n % 900"),
        "answered": at.format(second=f"{opened} + 120 + n % 3000"),
        "ended": at.format(second=f"{opened} + 3600 + n * 7919 % 90000"),
    }
    into, _, chosen = statement.partition(" SELECT ")
    sql = f"{into} {numbers} SELECT {chosen.format(**moments)} FROM numbers"
    connection = await session.connection()
    await connection.exec_driver_sql(sql)


_CONVERSATIONS = (
    "INSERT INTO conversations (id, public_id, contact_id, channel_id, external_chat, status,"
    " status_since, owner, epoch, queue_id, priority, queue_rank, summary, last_seq,"
    " last_contact_seq, agent_seen_seq, last_message_seq, last_message_at, created_at,"
    " lease_inherited)"
    " SELECT n, 'p' || n, n % 1000 + 1, n % 2 + 1, 'x' || n, 'resolved', {ended}, 'bot', 1,"
    " n % 4 + 1, 0, 0, '', 0, 0, 0, 0, {ended}, {opened}, n < 0"
)
_SERVICES = (
    "INSERT INTO report_services (id, conversation_id, number, status, channel_id, queue_id,"
    " agent_id, company_id, request_type_id, sentiment, score, handoff_reason, transfers,"
    " held_reason, opened_at, handed_off_at, first_response_at, ended_at, rated_at, clock_at,"
    " first_response_ms, first_response_business_ms, open_ms, open_business_ms, in_service_ms,"
    " in_service_business_ms, waiting_ms, waiting_business_ms)"
    " SELECT n, n, 1, CASE WHEN n % 9 = 0 THEN 'closed' ELSE 'resolved' END, n % 2 + 1,"
    " CASE WHEN n % 5 < 3 THEN n % 4 + 1 END, CASE WHEN n % 5 < 3 THEN n * 31 % 39 + 2 END,"
    " n * 37 % 200 + 1, NULL, n % 3 - 1, CASE WHEN n % 3 = 0 THEN n % 5 + 1 END,"
    " CASE WHEN n % 5 < 3 THEN 'customer_asked' ELSE '' END,"
    " CASE WHEN n % 5 < 3 AND n % 7 = 0 THEN 1 ELSE 0 END, '', {opened},"
    " CASE WHEN n % 5 < 3 THEN {taken} END, CASE WHEN n % 5 < 3 THEN {answered} END,"
    " CASE WHEN n % 400 > 0 THEN {ended} END, CASE WHEN n % 3 = 0 THEN {ended} END, {ended},"
    " CASE WHEN n % 5 < 3 THEN 60000 + n % 2100 * 1000 ELSE 0 END,"
    " CASE WHEN n % 5 < 3 THEN 30000 + n % 2100 * 400 ELSE 0 END,"
    " 3000000 + n % 700 * 1000, 1000000 + n % 700 * 300, n * 7919 % 90000 * 700,"
    " n * 7919 % 90000 * 200, n * 7919 % 90000 * 300, n * 7919 % 90000 * 100"
)


def _named(word: str, n: int) -> dict[str, object]:
    return {"id": n, "slug": f"{word}{n}", "name": f"{word} {n}", "position": n}


def _user(n: int) -> dict[str, object]:
    return {
        "id": n,
        "email": f"a{n}@x.example",
        "name": f"Agente {n}",
        "role": Role.SUPERVISOR if n == 1 else Role.AGENT,
        "password_hash": "",
        "created_at": _NOW,
    }
