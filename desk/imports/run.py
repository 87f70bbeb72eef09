"""Show what a file would do, then do it batch by batch."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies import importing as companies
from desk.contacts import importing as contacts
from desk.csv_tables import Line, Plan, Table, read_table
from desk.db import MAX_SMALL_KEY, Database
from desk.errors import Invalid, NotFound
from desk.events.log import Actor, record_event
from desk.imports.tables import Import

BATCH_LINES = 100
KEPT_ERRORS = 1000
KEPT_HOURS = 24
_TRIES = 3


@dataclass(frozen=True)
class Kind:
    """What may be imported: its columns, and how lines are planned and taken."""

    columns: Mapping[str, Sequence[str]]
    required: Sequence[str]
    headers: Mapping[str, str]
    key_of: Callable[[Line], str]
    plan: Callable[[AsyncSession, Sequence[Line]], Awaitable[list[Plan]]]
    take: Callable[[AsyncSession, Sequence[Plan], Actor], Awaitable[None]]


KINDS = {
    "companies": Kind(
        companies.COLUMNS,
        companies.REQUIRED,
        companies.header_words(),
        companies.key_of,
        companies.plan_companies,
        companies.import_companies,
    ),
    "contacts": Kind(
        contacts.COLUMNS,
        contacts.REQUIRED,
        contacts.header_words(),
        contacts.key_of,
        contacts.plan_contacts,
        contacts.import_contacts,
    ),
}


@dataclass(frozen=True)
class Preview:
    """What a file would do: every line's plan, in order."""

    table: Table
    plans: list[Plan]

    @property
    def counts(self) -> dict[str, int]:
        """How many lines would create, change, skip, or are wrong."""
        return _count(self.plans)


def read_file(kind: str, data: bytes) -> Table:
    """A file of a kind.

    Raises:
        Invalid: there is no such kind, or the file cannot be read as such a table.
    """
    if kind not in KINDS:
        raise Invalid("kind", "Importe empresas (companies) ou contatos (contacts).")
    return read_table(data, KINDS[kind].headers, KINDS[kind].required)


async def preview(session: AsyncSession, kind: str, data: bytes) -> Preview:
    """What a file would do; nothing is changed.

    Raises:
        Invalid: see ``read_file``.
    """
    table = read_file(kind, data)
    first = _first_lines(kind, table)
    plans: list[Plan] = []
    for start in range(0, len(table.lines), BATCH_LINES):
        plans += await _plan(session, kind, table.lines[start : start + BATCH_LINES], first)
    return Preview(table, plans)


async def keep_import(
    session: AsyncSession, kind: str, file_name: str, data: bytes, user_id: int
) -> Import:
    """Keeps a file until its import is confirmed.

    Raises:
        Invalid: see ``read_file``.
    """
    table, now = read_file(kind, data), datetime.now(UTC)
    await forget_old_imports(session)
    kept = Import(
        kind=kind,
        file_name=file_name[:200],
        user_id=user_id,
        data=data,
        total=len(table.lines),
        counts={},
        created_at=now,
    )
    session.add(kept)
    await session.flush()
    return kept


async def forget_old_imports(session: AsyncSession) -> None:
    """Deletes files of days gone by, confirmed or not: they are full of people."""
    last = datetime.now(UTC) - timedelta(hours=KEPT_HOURS)
    await session.execute(delete(Import).where(Import.created_at < last))


async def import_of(session: AsyncSession, import_id: int, user_id: int) -> Import:
    """One's own import.

    Raises:
        NotFound: there is none, or its day is over.
    """
    query = select(Import).where(
        Import.id == max(0, min(import_id, MAX_SMALL_KEY)), Import.user_id == user_id
    )
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFound("Esta importação não existe mais. Envie o arquivo de novo.")
    return found


async def run_import(
    database: Database, import_id: int, actor: Actor, most_seconds: float = 60.0
) -> Import:
    """Goes on with an import until it is done or the time is over.

    Each batch is one transaction with the progress in it: other writers have their turn in
    between, and after a crash it goes on where it was. Lines that are there already are skipped,
    so that the same file again changes nothing.
    """
    deadline = time.monotonic() + most_seconds
    async with database.reading() as session:
        found = await session.get_one(Import, import_id)
    if found.finished_at is not None:
        return found
    table = read_file(found.kind, found.data)
    first = _first_lines(found.kind, table)
    while True:
        found = await _run_batch(database, found, table, first, actor)
        if found.finished_at is not None or time.monotonic() > deadline:
            return found


async def _run_batch(
    database: Database, found: Import, table: Table, first: dict[str, int], actor: Actor
) -> Import:
    for attempt in range(_TRIES):
        try:
            async with database.transaction() as session:
                query = select(Import).where(Import.id == found.id).with_for_update()
                current = (await session.execute(query)).scalar_one()
                lines = table.lines[current.position : current.position + BATCH_LINES]
                plans = await _plan(session, current.kind, lines, first)
                await KINDS[current.kind].take(session, plans, actor)
                await _note_progress(session, current, plans, actor)
            return current
        except (IntegrityError, Invalid):
            # Somebody else wrote the same line meanwhile: planned anew, it is seen.
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


async def _note_progress(
    session: AsyncSession, current: Import, plans: Sequence[Plan], actor: Actor
) -> None:
    counts = dict(current.counts)
    for name, count in _count(plans).items():
        counts[name] = counts.get(name, 0) + count
    wrong = [[p.line.number, p.label, p.error] for p in plans if p.action == "error"]
    counts["errors"] = (counts.get("errors", []) + wrong)[:KEPT_ERRORS]
    current.counts = counts
    current.position += len(plans)
    if current.position >= current.total:
        current.finished_at, current.data = datetime.now(UTC), b""
        await record_event(
            session,
            "import.finished",
            actor,
            id=current.id,
            of=current.kind,
            **{name: counts[name] for name in ("create", "change", "skip", "error")},
        )
    await session.flush()


async def _plan(
    session: AsyncSession, kind: str, lines: Sequence[Line], first: dict[str, int]
) -> list[Plan]:
    plans = []
    for plan in await KINDS[kind].plan(session, lines):
        key = KINDS[kind].key_of(plan.line)
        repeats = first.get(key, plan.line.number)
        if plan.action != "error" and repeats < plan.line.number:
            words = f"Repete a linha {repeats} deste arquivo."
            plans.append(Plan.wrong(plan.line, plan.label, "", words))
        else:
            plans.append(plan)
    return plans


def _first_lines(kind: str, table: Table) -> dict[str, int]:
    first: dict[str, int] = {}
    for line in table.lines:
        if key := KINDS[kind].key_of(line):
            first.setdefault(key, line.number)
    return first


def _count(plans: Sequence[Plan]) -> dict[str, int]:
    counts = dict.fromkeys(("create", "change", "skip", "error"), 0)
    for plan in plans:
        counts[plan.action] += 1
    return counts
