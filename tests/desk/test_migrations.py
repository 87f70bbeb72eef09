"""The schema that migrations make is the one that the code speaks of."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from desk.db import Database
from desk.migrations import alembic_config, upgrade
from desk.tables import Base


def differences(connection: Connection) -> list[object]:
    opts = {"compare_type": True, "include_object": is_described}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, Base.metadata))


def is_described(_item: object, name: str | None, *_facts: object) -> bool:
    # What each database adds for full-text search is no table or index of SQLAlchemy's kind.
    return not (name or "").startswith("fts_")


FIRST_ROWS = (
    "INSERT INTO channels (id, kind, slug, brand, agent_kind, shows_agent_name, enabled, secrets,"
    " created_at) VALUES (1, 'webchat', 'x', 'X', 'bot', 0, 1, '', CURRENT_TIMESTAMP)",
    "INSERT INTO queues (id, slug, name, position) VALUES (1, 'suporte', 'Suporte', 0)",
    "INSERT INTO contacts (id, name, created_at) VALUES (1, 'Maria', CURRENT_TIMESTAMP)",
    "INSERT INTO conversations (id, public_id, contact_id, channel_id, external_chat, status,"
    " status_since, owner, epoch, queue_id, priority, summary, last_seq, last_contact_seq,"
    " agent_seen_seq, last_message_seq, last_message_at, created_at, lease_inherited)"
    " VALUES (1, 'p', 1, 1, 'c', 'open', CURRENT_TIMESTAMP, 'bot', 1, 1, 0, '', 0, 0, 0, 0,"
    " CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 0)",
)


async def test_migrations_make_the_tables_that_the_code_has(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_several_processes_may_migrate_at_once_and_again(
    database: Database, database_url: str
) -> None:
    await asyncio.gather(*(asyncio.to_thread(upgrade, database_url) for _ in range(3)))
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_update_keeps_what_the_first_version_stored(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    old = Database(url)
    async with old.transaction() as session:
        connection = await session.connection()
        await connection.run_sync(
            lambda conn: command.upgrade(alembic_config(conn), "0001"),
        )
        for statement in FIRST_ROWS:
            await session.execute(text(statement))
    await old.close()
    upgrade(url)
    new = Database(url)
    async with new.reading() as session:
        row = await session.execute(
            text(
                "SELECT c.public_id, c.queue_rank, q.active, q.assignment, h.color"
                " FROM conversations c JOIN queues q ON q.id = c.queue_id"
                " JOIN channels h ON h.id = c.channel_id"
            )
        )
        assert row.all() == [("p", 0, 1, "manual", "")]
    await new.close()
