"""Do an action's writes once for a message, however often its turn is repeated."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import PerformedAction
from desk.db import upsert

Work = Callable[[], Awaitable[dict[str, Any]]]


async def perform_once(
    session: AsyncSession, message_id: int | None, action: str, work: Work
) -> dict[str, Any]:
    """Runs ``work`` in the caller's transaction, or gives what it gave the first time.

    Args:
        session: the caller's transaction; it must commit for the result to count.
        message_id: the customer's message; None (``rasa shell``) runs the work each time.
        action: the action's name; (message, action) is unique.
        work: returns a dict that JSON can hold.
    """
    if message_id is None:
        return await work()
    insert = upsert(session)
    row = insert(PerformedAction).values(message_id=message_id, action=action, result={})
    # Where the first turn's action still runs (Rasa died, the action server did not), this waits
    # for its end: the row is there if it committed, and free if it failed.
    taken = await session.execute(
        row.on_conflict_do_nothing().returning(PerformedAction.message_id)
    )
    is_first = taken.scalar_one_or_none() is not None
    done = await session.get_one(PerformedAction, (message_id, action))
    if is_first:
        done.result = await work()
        await session.flush()
    return done.result
