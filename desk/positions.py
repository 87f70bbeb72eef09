"""The order that people give to queues and request types."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.events.changes import Changes


async def move_row(session: AsyncSession, table: type[Any], row: Any, by: int) -> Changes:
    """Moves a row by so many places among all rows; at an end it stays."""
    query = select(table).order_by(table.position, table.id).with_for_update()
    rows = list((await session.execute(query)).scalars())
    before = rows.index(row)
    after = max(0, min(before + by, len(rows) - 1))
    rows.insert(after, rows.pop(before))
    for position, each in enumerate(rows):
        each.position = position
    await session.flush()
    changes = Changes()
    changes.note("position", before, after)
    return changes
