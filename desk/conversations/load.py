"""How much each person of the team has in hand."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation
from desk.states import Owner, Status

IN_HAND = (Status.OPEN, Status.IN_SERVICE)
"""What takes an agent's attention; one that waits for the customer does not."""


async def loads_of(session: AsyncSession, user_ids: Sequence[int]) -> dict[int, int]:
    """How many conversations these people have in hand, to be set against their capacity."""
    query = (
        select(Conversation.assignee_id, func.count(Conversation.id))
        .where(
            Conversation.owner == Owner.AGENT,
            Conversation.assignee_id.in_(user_ids),
            Conversation.status.in_(IN_HAND),
        )
        .group_by(Conversation.assignee_id)
    )
    counted = {row.assignee_id: row[1] for row in await session.execute(query)}
    return {user_id: counted.get(user_id, 0) for user_id in user_ids}
