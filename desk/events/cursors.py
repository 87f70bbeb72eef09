"""How far a reader of the log has come, kept so that a restart neither skips nor repeats."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import upsert
from desk.events.log import latest_seq
from desk.events.tables import EventCursor


async def read_cursor(session: AsyncSession, name: str) -> int:
    """The last number that this reader is done with; 0 when it never began."""
    query = select(EventCursor.seq).where(EventCursor.name == name)
    return (await session.execute(query)).scalar_one_or_none() or 0


async def start_cursor(session: AsyncSession, name: str) -> None:
    """Begins at the newest event when this reader never began: the past is not told again."""
    insert = upsert(session)
    row = insert(EventCursor).values(name=name, seq=await latest_seq(session))
    await session.execute(row.on_conflict_do_nothing())


async def move_cursor(session: AsyncSession, name: str, *, before: int, after: int) -> bool:
    """Moves on in the caller's transaction; False when another process was first."""
    moved = await session.execute(
        update(EventCursor)
        .where(EventCursor.name == name, EventCursor.seq == before)
        .values(seq=after)
        .returning(EventCursor.name)
        .execution_options(synchronize_session=False)
    )
    return moved.scalar_one_or_none() is not None
