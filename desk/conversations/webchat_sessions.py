"""Browser sessions of the web chat: a secret token that opens one conversation."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.conversations.tables import Conversation, WebchatSession
from desk.passwords import draw_token, hash_token


async def open_webchat_session(session: AsyncSession, conversation_id: int, days: int) -> str:
    """A new token for a conversation; stored hashed only."""
    token, now = draw_token(), datetime.now(UTC)
    session.add(
        WebchatSession(
            token_hash=hash_token(token),
            conversation_id=conversation_id,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    await session.flush()
    return token


async def conversation_of_session(
    session: AsyncSession, channel_slug: str, token: str
) -> Conversation | None:
    """The conversation that a token opens on this channel; None when it opens none."""
    query = (
        select(Conversation)
        .join(WebchatSession, WebchatSession.conversation_id == Conversation.id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .where(
            WebchatSession.token_hash == hash_token(token),
            WebchatSession.expires_at > datetime.now(UTC),
            Channel.kind == "webchat",
            Channel.slug == channel_slug,
            Channel.enabled,
        )
    )
    return (await session.execute(query)).scalar_one_or_none()
