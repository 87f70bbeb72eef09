"""Append a message to a conversation that the caller holds."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation, Message, MessageMedia
from desk.events.log import Actor, record_event


async def append_message(
    session: AsyncSession,
    conversation: Conversation,
    actor: Actor,
    *,
    direction: str,
    state: str,
    author_kind: str,
    media_ids: Sequence[int] = (),
    **fields: Any,
) -> Message:
    """Gives the message the next number of its conversation and records the event."""
    now = datetime.now(UTC)
    conversation.last_seq += 1
    if fields.get("kind", "message") == "message" and state != "suppressed":
        conversation.last_message_seq = conversation.last_seq
        conversation.last_message_at = now
    message = Message(
        conversation_id=conversation.id,
        channel_id=conversation.channel_id,
        external_chat=conversation.external_chat,
        seq=conversation.last_seq,
        direction=direction,
        state=state,
        author_kind=author_kind,
        created_at=now,
        media_count=len(media_ids),
        **fields,
    )
    session.add(message)
    await session.flush()
    for position, media_id in enumerate(media_ids):
        session.add(MessageMedia(message_id=message.id, position=position, media_id=media_id))
    await record_event(
        session,
        "message.created",
        actor,
        conversation_id=conversation.id,
        message_id=message.id,
        seq=message.seq,
        direction=direction,
        message_kind=message.kind,
        state=state,
    )
    return message
