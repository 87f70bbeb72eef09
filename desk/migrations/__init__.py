"""Brings a database to the newest schema: ``upgrade(url)``."""

import asyncio
import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from desk.db import Database

_ADVISORY_LOCK = 7_063_021


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; it needs no ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(url: str) -> None:
    """Runs the missing migrations; several processes may do so at once."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_upgrade(url))
        except BaseException as error:
            failures.append(error)

    # A thread of its own: the caller may be inside a running event loop.
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


async def _upgrade(url: str) -> None:
    if url.startswith("sqlite"):
        file = make_url(url).database
        if file and file != ":memory:":
            Path(file).parent.mkdir(parents=True, exist_ok=True)
    database = Database(url)
    try:
        async with database.transaction() as session:
            connection = await session.connection()
            await connection.run_sync(_run)
    finally:
        await database.close()


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
    command.upgrade(alembic_config(connection), "head")
