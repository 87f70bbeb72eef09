"""The pieces of a message as its provider names them, and the way back from name to message."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation, Message, MessagePart


@dataclass(frozen=True)
class Part:
    """A piece that the provider has. ``kind``: text, caption (a file with the words), file."""

    position: int
    kind: str
    provider_id: str


async def message_at_provider(
    session: AsyncSession, conversation: Conversation, provider_id: str, direction: str = ""
) -> Message | None:
    """The message that a provider knows, whole or in part, under this id; of either direction."""
    whole = select(Message).where(
        Message.channel_id == conversation.channel_id,
        Message.external_chat == conversation.external_chat,
        Message.provider_id == provider_id,
    )
    in_part = (
        select(Message)
        .join(MessagePart, MessagePart.message_id == Message.id)
        .where(
            MessagePart.channel_id == conversation.channel_id,
            MessagePart.external_chat == conversation.external_chat,
            MessagePart.provider_id == provider_id,
        )
    )
    # Two looks, each into its index: one question with "or" would read the whole chat.
    for query in (whole, in_part):
        if direction:
            query = query.where(Message.direction == direction)
        found = await session.execute(query.order_by(Message.id).limit(1))
        message: Message | None = found.scalar_one_or_none()
        if message is not None:
            return message
    return None


async def parts_of(session: AsyncSession, message_id: int) -> Sequence[Part]:
    """What the provider has of a message, in order."""
    query = (
        select(MessagePart.position, MessagePart.kind, MessagePart.provider_id)
        .where(MessagePart.message_id == message_id)
        .order_by(MessagePart.position)
    )
    return [Part(*row) for row in await session.execute(query)]


async def keep_part(
    session: AsyncSession, message: Message, part: Part, fetch_id: int | None = None
) -> None:
    """Remembers a piece; one that is known already stays as it is."""
    known = await session.get(MessagePart, (message.id, part.position))
    if known is not None:
        return
    session.add(
        MessagePart(
            message_id=message.id,
            position=part.position,
            kind=part.kind,
            channel_id=message.channel_id,
            external_chat=message.external_chat,
            provider_id=part.provider_id,
            fetch_id=fetch_id,
        )
    )
    await session.flush()
