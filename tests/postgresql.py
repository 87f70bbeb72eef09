"""Databases on a PostgreSQL server for the tests: one migrated template and its clones.

Most tests borrow the same clone, emptied before each: making and dropping a database costs a
checkpoint, most of a second on a busy machine, and emptying one a few milliseconds.
"""

import asyncio
import itertools
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from desk.migrations import upgrade

DEFAULT_URL = "postgresql://postgres@127.0.0.1:5432/postgres"
PREFIX = "ponte_test"

T = TypeVar("T")

# Without triggers and foreign keys, so that the order does not matter and append-only tables
# are emptied too. Sequences begin again at one, as in a new database.
EMPTY = """
DO $$ DECLARE each record; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;
  SET LOCAL synchronous_commit = off;
  FOR each IN SELECT schemaname, tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
  LOOP
    EXECUTE format('DELETE FROM %I.%I', each.schemaname, each.tablename);
  END LOOP;
  FOR each IN SELECT schemaname, sequencename, start_value FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL
  LOOP
    PERFORM setval(format('%I.%I', each.schemaname, each.sequencename), each.start_value, false);
  END LOOP;
END $$
"""
FILLED = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
AND (xpath('//n/text()', query_to_xml(
  format('SELECT count(*) AS n FROM %I.%I', schemaname, tablename), false, true, '')
))[1]::text <> '0'
"""


def postgres_is_off() -> bool:
    """Whether somebody asked in so many words to do without PostgreSQL."""
    return os.environ.get("PONTE_TEST_POSTGRES", "").lower() == "off"


class PostgresDatabases:
    """Makes and drops the databases of one test session."""

    def __init__(self) -> None:
        self.server_url = os.environ.get("PONTE_TEST_POSTGRES_URL") or DEFAULT_URL
        self._names = (f"{PREFIX}_{os.getpid()}_{number}" for number in itertools.count())
        self._made: list[str] = []
        self._template: str | None = None
        self._lent: str | None = None

    def lend(self) -> str:
        """A migrated, empty database that the next borrower gets too, emptied again."""
        if self._lent is None:
            self._lent = self.clone()
        else:
            self.execute_on(self._lent, EMPTY)
        return self._lent

    def clone(self) -> str:
        """A migrated, empty database; gives its address for SQLAlchemy."""
        if self._template is None:
            self._drop_leftovers()
            template = self._create()
            upgrade(self._url(template))
            if self.execute_on(self._url(template), FILLED):
                raise RuntimeError("a migration inserts rows; EMPTY above would not restore them")
            self._template = template
        return self._url(self._create(self._template))

    def drop_all(self) -> None:
        """Drops whatever this session made and did not drop."""
        for name in self._made:
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def schemas(self, url: str) -> set[str]:
        """The names of the schemas of a database."""
        rows = self.execute_on(url, "SELECT schema_name FROM information_schema.schemata")
        return {row["schema_name"] for row in rows}

    def execute_on(self, url: str, statement: str) -> list[asyncpg.Record]:
        """Runs one statement on one of the databases."""
        address = urlsplit(url)._replace(scheme="postgresql").geturl()
        return in_a_thread(_fetch(address, statement))

    def _create(self, template: str | None = None) -> str:
        name = next(self._names)
        source = f' TEMPLATE "{template}"' if template else ""
        self._execute(f'CREATE DATABASE "{name}"{source}')
        self._made.append(name)
        return name

    def _drop_leftovers(self) -> None:
        """Drops the databases of sessions that were killed."""
        rows = self._execute("SELECT datname FROM pg_database")
        for name in (row["datname"] for row in rows):
            pid, _, number = name.removeprefix(f"{PREFIX}_").partition("_")
            ours = name.startswith(PREFIX) and pid.isdigit() and number.isdigit()
            if ours and not _lives(int(pid)):
                self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _url(self, name: str) -> str:
        parts = urlsplit(self.server_url)
        return parts._replace(scheme="postgresql+asyncpg", path=f"/{name}").geturl()

    def _execute(self, statement: str) -> list[asyncpg.Record]:
        return in_a_thread(self._execute_now(statement))

    async def _execute_now(self, statement: str) -> list[asyncpg.Record]:
        try:
            return await _fetch(self.server_url, statement)
        except (OSError, asyncpg.PostgresConnectionError, TimeoutError) as error:
            raise RuntimeError(
                f"The tests need a PostgreSQL server and none answers at {self.server_url}: start "
                "one, name another with PONTE_TEST_POSTGRES_URL, or leave its tests out with "
                f"PONTE_TEST_POSTGRES=off. ({error})"
            ) from error


async def _fetch(url: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


def in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Runs async work from a fixture, away from the event loop of the test itself."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
