"""Databases and running systems for all tests.

Every test that takes `database` or `database_url` runs on SQLite and on PostgreSQL. When no
PostgreSQL server answers those tests fail and say what is needed; only PONTE_TEST_POSTGRES=off
leaves them out, and then the summary says so.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from desk.db import Database
from desk.migrations import upgrade
from tests.postgresql import PostgresDatabases, postgres_is_off
from tests.system import RunningSystem, RunningSystems

ENGINES = ("sqlite", "postgresql")
SYSTEM_TIMEOUT_SECONDS = 400


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, made once."""
    path = tmp_path_factory.mktemp("template") / "ponte.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    """Makes databases on the test server and drops them at the end."""
    databases = PostgresDatabases()
    yield databases
    databases.drop_all()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database of this test's own."""
    if request.param == "sqlite":
        path = tmp_path / "ponte.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
    else:
        databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
        yield databases.lend()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database, empty but for its tables."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def systems(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSystems]:
    """Running systems, started when first asked for and kept for the whole session."""

    def postgres_databases() -> PostgresDatabases:
        databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
        return databases

    kept = RunningSystems(lambda: tmp_path_factory.mktemp("system"), postgres_databases)
    yield kept
    kept.stop()


@pytest.fixture
def system(request: pytest.FixtureRequest, systems: RunningSystems) -> RunningSystem:
    """The three real processes, all of them up, on SQLite.

    On PostgreSQL with Redis instead:
    `@pytest.mark.parametrize("system", ["postgresql"], indirect=True)`.
    """
    running = systems.get(getattr(request, "param", "sqlite"))
    running.ensure_running()
    return running


@pytest.fixture
async def system_database(system: RunningSystem) -> AsyncIterator[Database]:
    """The database that the running system works on."""
    opened = Database(system.database_url)
    yield opened
    await opened.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what needs the processes; leaves PostgreSQL out where that was asked for."""
    for item in items:
        if "system" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.system)
            if item.get_closest_marker("timeout") is None:
                # The first of them waits for three processes and perhaps for a training.
                item.add_marker(pytest.mark.timeout(SYSTEM_TIMEOUT_SECONDS))
    if postgres_is_off():
        left_out = [item for item in items if _needs_postgresql(item)]
        config.stash[LEFT_OUT] = len(left_out)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not _needs_postgresql(item)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Nothing is left out silently."""
    if left_out := terminalreporter.config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_sep("!", "PostgreSQL was not tested", red=True)
        terminalreporter.write_line(
            f"{left_out} tests were left out because PONTE_TEST_POSTGRES=off is set."
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Shows the end of the processes' logs with a test that failed on them."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    running = getattr(item, "funcargs", {}).get("system")
    if report.failed and isinstance(running, RunningSystem):
        for name, tail in running.log_tails().items():
            report.sections.append((f"end of {name}.log", tail))
    return report  # type: ignore[return-value]


LEFT_OUT = pytest.StashKey[int]()


def _needs_postgresql(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and "postgresql" in callspec.params.values()
