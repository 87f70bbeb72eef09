"""How much goes through each channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation, Message


@dataclass(frozen=True)
class Volume:
    """What a channel has carried so far."""

    conversations: int = 0
    people: int = 0
    messages_in: int = 0
    messages_out: int = 0
    last_message_at: datetime | None = None


async def volume_by_channel(session: AsyncSession) -> Mapping[int, Volume]:
    """All channels that carried something. It counts every message: use a slow reader."""
    talks = select(
        Conversation.channel_id,
        func.count(),
        func.count(Conversation.contact_id.distinct()),
        func.max(Conversation.last_message_at),
    ).group_by(Conversation.channel_id)
    messages = (
        select(Message.channel_id, Message.direction, func.count())
        .where(Message.kind == "message")
        .group_by(Message.channel_id, Message.direction)
    )
    counted = {
        (channel_id, direction): count
        for channel_id, direction, count in (await session.execute(messages)).all()
    }
    return {
        channel_id: Volume(
            conversations,
            people,
            counted.get((channel_id, "in"), 0),
            counted.get((channel_id, "out"), 0),
            last_at,
        )
        for channel_id, conversations, people, last_at in (await session.execute(talks)).all()
    }
