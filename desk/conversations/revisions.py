"""What an edited message said before."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Message, MessageRevision
from desk.db import MAX_KEY
from desk.errors import NotFound


async def revisions_of(
    session: AsyncSession, conversation_id: int, message_id: int
) -> Sequence[MessageRevision]:
    """What a message said before, oldest first; for the team alone.

    Raises:
        NotFound: there is no such message.
    """
    message = await session.get(Message, message_id) if 0 < message_id <= MAX_KEY else None
    hidden = message is not None and (message.kind == "internal" or message.hidden_from_team)
    if message is None or message.conversation_id != conversation_id or hidden:
        raise NotFound("Mensagem não encontrada.")
    query = (
        select(MessageRevision)
        .where(MessageRevision.message_id == message_id)
        .order_by(MessageRevision.id)
    )
    return (await session.execute(query)).scalars().all()
