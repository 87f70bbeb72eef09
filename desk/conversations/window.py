"""Whether a channel takes free words of ours now, or only what its provider approved before."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.conversations.tables import Conversation, Message

# How long after the customer's last message a channel lets us write freely.
FREE_WORD = {"whatsapp_cloud": timedelta(hours=24)}


async def may_write_freely(
    session: AsyncSession, conversation: Conversation, channel: Channel
) -> bool:
    """Whether the channel takes words of ours now that answer nothing."""
    if channel.kind not in FREE_WORD:
        return True
    closes_at = await window_closes_at(session, conversation, channel)
    return closes_at is not None and datetime.now(UTC) < closes_at


async def window_closes_at(
    session: AsyncSession, conversation: Conversation, channel: Channel
) -> datetime | None:
    """Until when free words may go; None where the customer never wrote, or nothing is bounded."""
    window = FREE_WORD.get(channel.kind)
    if window is None:
        return None
    query = select(func.max(Message.created_at)).where(
        Message.conversation_id == conversation.id,
        Message.seq == conversation.last_contact_seq,
    )
    last: datetime | None = (await session.execute(query)).scalar_one_or_none()
    return last + window if last is not None else None
