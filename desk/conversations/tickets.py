"""Which tickets a conversation handles."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import ConversationTicket
from desk.db import upsert


async def link_ticket(
    session: AsyncSession, conversation_id: int, ticket_id: int, *, made_by_handoff: bool = False
) -> None:
    """Notes that a ticket is handled in a conversation; again is no change."""
    insert = upsert(session)
    row = insert(ConversationTicket).values(
        conversation_id=conversation_id, ticket_id=ticket_id, made_by_handoff=made_by_handoff
    )
    await session.execute(row.on_conflict_do_nothing())
