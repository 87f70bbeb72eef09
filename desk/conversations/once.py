"""Do an action's writes once for a message, however often its turn is repeated."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import PerformedAction

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
    done = await session.get(PerformedAction, (message_id, action))
    if done is not None:
        return done.result
    result = await work()
    session.add(PerformedAction(message_id=message_id, action=action, result=result))
    await session.flush()
    return result
