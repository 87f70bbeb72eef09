"""Reading a source is a job in a row: one process at a time, taken over when that one dies."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import Database
from desk.knowledge.tables import KnowledgeSource

LEASE_SECONDS = 120.0
"""How long after its last sign of life a process is believed dead."""


logger = logging.getLogger(__name__)


class Lost(Exception):
    """Another process has the job by now, or the source was removed."""


@dataclass(frozen=True)
class Taken:
    """A job that this process has; ``source`` as it was when it was taken."""

    source: KnowledgeSource

    @property
    def number(self) -> int:
        """Tells it from the same job when another takes it."""
        return self.source.taken


@dataclass(frozen=True)
class Outcome:
    """How a reading ended: ``complete``, ``partial`` or ``failed``, and why not complete."""

    outcome: str
    problem: str = ""


async def due_sources(session: AsyncSession, limit: int = 10) -> list[int]:
    """Sources whose job may be taken, the longest waiting first."""
    query = (
        select(KnowledgeSource.id)
        .where(KnowledgeSource.due_at <= datetime.now(UTC))
        .order_by(KnowledgeSource.due_at)
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def take_source(
    session: AsyncSession, source_id: int, *, at_once: bool = False
) -> Taken | None:
    """Takes a due job, or ``at_once`` one that nobody has; None when another was first.

    A new reading begins, unless one was broken off: then that goes on.
    """
    source = await session.get(KnowledgeSource, source_id, with_for_update=True)
    now = datetime.now(UTC)
    if source is None or (source.due_at is None and not at_once):
        return None
    if source.due_at is not None and source.due_at > now:
        return None
    if not source.running:
        source.run += 1
        source.running, source.seeded, source.spent_seconds = True, False, 0.0
    source.taken += 1
    source.due_at = now + timedelta(seconds=LEASE_SECONDS)
    await session.flush()
    session.expunge(source)
    return Taken(source)


class Job:
    """A taken job: every write proves that it is still ours, and keeps it."""

    def __init__(self, database: Database, taken: Taken) -> None:
        self._database = database
        self._taken = taken

    @asynccontextmanager
    async def writing(self, spent_seconds: float = 0.0) -> AsyncIterator[AsyncSession]:
        """A transaction of the job.

        Raises:
            Lost: it is ours no longer; nothing is written.
        """
        async with self._database.transaction() as session:
            until = datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)
            await self._set(session, due_at=until, spent_seconds=spent_seconds)
            yield session

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keeps the job while long work is done."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            try:
                async with self._database.transaction() as session:
                    until = datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)
                    await self._set(session, due_at=until)
            except Lost:
                return  # the next write says so
            except SQLAlchemyError:
                # The database may be restarting; there is time for another try.
                logger.exception("The job of source %s was not kept", self._taken.source.id)

    async def mark_seeded(self, session: AsyncSession) -> None:
        """What this reading begins with is known."""
        await self._set(session, seeded=True)

    async def end(self, outcome: Outcome) -> None:
        """The reading is over.

        Raises:
            Lost: another's is not.
        """
        async with self._database.transaction() as session:
            await self._set(
                session,
                due_at=None,
                running=False,
                outcome=outcome.outcome,
                problem=outcome.problem[:500],
                finished_at=datetime.now(UTC),
            )

    async def give_back(self) -> None:
        """This process stops: whoever comes next need not wait. It goes on where it was."""
        async with self._database.transaction() as session:
            await self._set(session, due_at=datetime.now(UTC))

    async def _set(self, session: AsyncSession, **values: object) -> None:
        source = self._taken.source
        changed = await session.execute(
            update(KnowledgeSource)
            .where(KnowledgeSource.id == source.id, KnowledgeSource.taken == self._taken.number)
            .values(**values)
            .returning(KnowledgeSource.id)
            .execution_options(synchronize_session=False)
        )
        if changed.scalar_one_or_none() is None:
            raise Lost
