"""Ratings of a service."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation, Rating
from desk.errors import Invalid
from desk.events.log import by_contact, record_event

MAX_COMMENT_CHARS = 2000


async def rate_service(
    session: AsyncSession, conversation: Conversation, message_id: int | None, score: int
) -> Rating:
    """Keeps a score for the service that just ended; another for the same service replaces it.

    The log keeps both, and what was commented stays.

    Raises:
        Invalid: the score is not between 1 and 5.
    """
    if not 1 <= score <= 5:
        raise Invalid("score", "A nota vai de 1 a 5.")
    rating = await _newest_rating(session, conversation)
    if rating is None or rating.created_at < conversation.status_since:
        rating = Rating(
            conversation_id=conversation.id,
            agent_id=conversation.assignee_id,
            created_at=datetime.now(UTC),
        )
        session.add(rating)
    rating.score = score
    await session.flush()
    await record_event(
        session,
        "conversation.rated",
        by_contact(conversation.contact_id),
        conversation_id=conversation.id,
        score=score,
        message_id=message_id,
    )
    return rating


async def comment_service(
    session: AsyncSession, conversation: Conversation, message_id: int | None, comment: str
) -> None:
    """Adds a comment to the newest rating."""
    rating = await _newest_rating(session, conversation)
    if rating is not None:
        rating.comment = comment.strip()[:MAX_COMMENT_CHARS]
        await session.flush()
    await record_event(
        session,
        "conversation.rating_commented",
        by_contact(conversation.contact_id),
        conversation_id=conversation.id,
        message_id=message_id,
    )


async def _newest_rating(session: AsyncSession, conversation: Conversation) -> Rating | None:
    query = (
        select(Rating)
        .where(Rating.conversation_id == conversation.id)
        .order_by(Rating.id.desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()
