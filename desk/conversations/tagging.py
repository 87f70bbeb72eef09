"""Tags on conversations."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation, ConversationTag
from desk.db import upsert
from desk.errors import NotFound
from desk.events.log import Actor, record_event
from desk.tags.tables import Tag
from desk.text import clean_text, fold


async def tag_conversation(
    session: AsyncSession, conversation: Conversation, tag: Tag, actor: Actor
) -> bool:
    """Puts a tag on a conversation; False when it is there already."""
    insert = upsert(session)
    row = insert(ConversationTag).values(
        conversation_id=conversation.id, tag_id=tag.id, created_at=datetime.now(UTC)
    )
    added = await session.execute(row.on_conflict_do_nothing().returning(ConversationTag.tag_id))
    if added.scalar_one_or_none() is None:
        return False
    await record_event(
        session, "conversation.tagged", actor, conversation_id=conversation.id, tag_id=tag.id
    )
    return True


async def untag_conversation(
    session: AsyncSession, conversation: Conversation, tag: Tag, actor: Actor
) -> bool:
    """Takes a tag off a conversation; False when it was not there."""
    removed = await session.execute(
        delete(ConversationTag)
        .where(ConversationTag.conversation_id == conversation.id, ConversationTag.tag_id == tag.id)
        .returning(ConversationTag.tag_id)
    )
    if removed.scalar_one_or_none() is None:
        return False
    await record_event(
        session, "conversation.untagged", actor, conversation_id=conversation.id, tag_id=tag.id
    )
    return True


async def tags_of(session: AsyncSession, conversation: Conversation) -> Sequence[Tag]:
    """A conversation's tags by name."""
    query = (
        select(Tag)
        .join(ConversationTag, ConversationTag.tag_id == Tag.id)
        .where(ConversationTag.conversation_id == conversation.id)
        .order_by(Tag.folded)
    )
    return (await session.execute(query)).scalars().all()


async def find_tag(session: AsyncSession, name: str) -> Tag:
    """A tag by its name, however it is written.

    Raises:
        NotFound: there is none.
    """
    tag = (
        await session.execute(select(Tag).where(Tag.folded == fold(clean_text(name))))
    ).scalar_one_or_none()
    if tag is None:
        raise NotFound("Etiqueta não encontrada.")
    return tag


async def count_tagged(session: AsyncSession) -> dict[int, int]:
    """How many conversations bear each tag; a tag on none is missing."""
    query = select(ConversationTag.tag_id, func.count()).group_by(ConversationTag.tag_id)
    return dict((await session.execute(query)).all())
