"""Databases on a PostgreSQL server for the tests: one migrated template, cloned for each."""

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

    def clone(self) -> str:
        """A migrated, empty database; gives its address for SQLAlchemy."""
        if self._template is None:
            self._drop_leftovers()
            template = self._create()
            upgrade(self._url(template))
            self._template = template
        return self._url(self._create(self._template))

    def drop(self, url: str) -> None:
        """Drops a database, whoever is still connected to it."""
        name = urlsplit(url).path.strip("/")
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.remove(name)

    def drop_all(self) -> None:
        """Drops whatever this session made and did not drop."""
        for name in self._made:
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def schemas(self, url: str) -> set[str]:
        """The names of the schemas of a database."""
        statement = "SELECT schema_name FROM information_schema.schemata"
        address = urlsplit(url)._replace(scheme="postgresql").geturl()
        return {row["schema_name"] for row in in_a_thread(_fetch(address, statement))}

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
