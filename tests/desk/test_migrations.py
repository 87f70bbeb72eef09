"""The schema that migrations make is the one that the code speaks of."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from desk.db import Database
from desk.migrations import upgrade
from desk.tables import Base


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


async def test_migrations_make_the_tables_that_the_code_has(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_several_processes_may_migrate_at_once_and_again(
    database: Database, database_url: str
) -> None:
    await asyncio.gather(*(asyncio.to_thread(upgrade, database_url) for _ in range(3)))
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
