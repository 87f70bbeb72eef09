"""The database: one engine, transactions for writers, snapshots for readers.

SQLite is the default and must keep what was acknowledged, so it runs in WAL mode with
``synchronous=FULL``. A writer begins with BEGIN IMMEDIATE: a deferred transaction that
reads first and writes later fails with "database is locked" under two processes. One lock
a process lets writers queue fairly instead of polling SQLite's own lock. Readers begin nothing:
each statement is a snapshot of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import BigInteger, Integer

from desk.sqlite import BUSY_TIMEOUT_SECONDS, open_quickly, prepare_connection

POSTGRESQL_POOL_SIZE = 20

# SQLite counts row ids by itself only in a column whose type is INTEGER.
MAX_KEY = 2**63 - 1
# Of the tables that stay small: people, companies, queues.
MAX_SMALL_KEY = 2**31 - 1
BigKey = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, aware out, always UTC (SQLite itself keeps no time zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses naive values: a time without a zone is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Gives an aware UTC value."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class current_transaction_id(FunctionElement[int]):  # noqa: N801 - reads as the SQL function it is
    """The number of the running transaction; 0 on SQLite, which has one writer at a time."""

    type = BigInteger()
    inherit_cache = True


@compiles(current_transaction_id)
def _transaction_id(element: object, compiler: SQLCompiler, **kw: Any) -> str:
    del element, compiler, kw
    return "0"


@compiles(current_transaction_id, "postgresql")
def _transaction_id_postgresql(element: object, compiler: SQLCompiler, **kw: Any) -> str:
    del element, compiler, kw
    return "(pg_current_xact_id()::text::bigint)"


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - SQLAlchemy's own form


class Database:
    """Opens transactions. The caller owns them; desk functions only take the session."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _make_engine(url, quick=self.is_sqlite)
        self._slow_engine = _make_engine(url, quick=False) if self.is_sqlite else self.engine
        writer = self.engine.execution_options(begin="BEGIN IMMEDIATE")
        reader = self.engine.execution_options(begin="")
        slow_reader = self._slow_engine.execution_options(begin="")
        self._writers = async_sessionmaker(writer, expire_on_commit=False)
        self._readers = async_sessionmaker(reader, expire_on_commit=False)
        self._slow_readers = async_sessionmaker(slow_reader, expire_on_commit=False)
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction that may write: committed at the end, rolled back on an error."""
        turn: AbstractAsyncContextManager[object] = (
            self._writing if self.is_sqlite else nullcontext()
        )
        async with turn, self._writers.begin() as session:
            yield session

    @asynccontextmanager
    async def reading(self, *, may_be_slow: bool = False) -> AsyncIterator[AsyncSession]:
        """A session that only reads; a slow one never holds up the event loop."""
        sessions = self._slow_readers if may_be_slow else self._readers
        async with sessions() as session:
            yield session

    async def close(self) -> None:
        """Closes every connection."""
        await self.engine.dispose()
        await self._slow_engine.dispose()


def _make_engine(url: str, *, quick: bool) -> AsyncEngine:
    # hide_parameters: an error's text goes to the log, and values are what people wrote.
    if not url.startswith("sqlite"):
        # Whatever the server's default is: the log is read by statements that see what others
        # have committed meanwhile (``desk.events.horizon``).
        return create_async_engine(
            url,
            isolation_level="READ COMMITTED",
            pool_size=POSTGRESQL_POOL_SIZE,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    options: dict[str, Any] = {"timeout": BUSY_TIMEOUT_SECONDS}
    if quick:
        options["async_creator_fn"] = open_quickly
    engine = create_async_engine(url, connect_args=options, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", prepare_connection)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


async def database_now(session: AsyncSession) -> datetime:
    """The database's clock: leases of several machines are compared by one clock only.

    On SQLite the database is this very machine.
    """
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return now


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def upsert(session: AsyncSession) -> Any:
    """The dialect's ``insert``, which knows ``on_conflict_do_nothing`` and ``_do_update``."""
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
