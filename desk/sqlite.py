"""SQLite without a thread hop for each statement.

aiosqlite hands every call to a thread and waits for it: four hops a statement, some 400 a turn of
the bot, more than half of the service's time. A statement on a local file takes microseconds; what
can really wait is taking the write lock (BEGIN IMMEDIATE) and the commit (fsync). Only these go to
the thread. Reads that may be slow (searches, reports) use a plain connection.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, cast

from aiosqlite import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from desk.text import fold

BUSY_TIMEOUT_SECONDS = 30
_ITER_CHUNK_SIZE = 64
_WAITING_CALLS = frozenset({"commit", "close"})


class QuickConnection(Connection):
    """An aiosqlite connection whose calls run in place unless they can wait."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if _can_wait(fn, args):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
        return fn(*args, **kwargs)


def open_quickly(database: str, **options: Any) -> QuickConnection:
    """A connection for short statements; ``options`` are those of ``sqlite3.connect``."""
    options |= {"check_same_thread": False}
    connection = QuickConnection(lambda: sqlite3.connect(database, **options), _ITER_CHUNK_SIZE)
    connection._thread.daemon = True  # as SQLAlchemy does with aiosqlite's own
    # Awaiting it starts the thread and opens the file, as aiosqlite.connect does.
    return connection


def prepare_connection(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """WAL, and nothing that was acknowledged is lost in a power cut."""
    del record
    # None: the driver starts no transaction by itself; the engine's begin event does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    cast(Any, connection).create_function("fold", 1, _fold, deterministic=True)


def _fold(text: object) -> str | None:
    """SQLite's own lower() knows ASCII only."""
    return None if text is None else fold(str(text))


def _can_wait(fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    name = getattr(fn, "__name__", "")
    if name in _WAITING_CALLS:
        return True
    return name == "execute" and bool(args) and str(args[0]).startswith(("BEGIN IMM", "PRAGMA j"))
