"""Which tickets a conversation handles."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.access import visible_to
from desk.conversations.tables import Conversation, ConversationTicket
from desk.db import upsert
from desk.team.tables import User

MAX_CONVERSATIONS = 50


async def link_ticket(
    session: AsyncSession, conversation_id: int, ticket_id: int, *, made_by_handoff: bool = False
) -> None:
    """Notes that a ticket is handled in a conversation; again is no change."""
    insert = upsert(session)
    row = insert(ConversationTicket).values(
        conversation_id=conversation_id, ticket_id=ticket_id, made_by_handoff=made_by_handoff
    )
    await session.execute(row.on_conflict_do_nothing())


async def conversations_of_ticket(
    session: AsyncSession, viewer: User, ticket_id: int
) -> Sequence[Conversation]:
    """The conversations in which a ticket was handled that the viewer may see, newest first."""
    query = (
        select(Conversation)
        .join(ConversationTicket, ConversationTicket.conversation_id == Conversation.id)
        .where(ConversationTicket.ticket_id == ticket_id, await visible_to(session, viewer))
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(MAX_CONVERSATIONS)
    )
    return (await session.execute(query)).scalars().all()
