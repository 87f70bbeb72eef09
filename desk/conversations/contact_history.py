"""Everything a contact ever wrote, and what was written to them, on any channel.

Conversations are read one by one along their own index and merged by message number: the cost
follows what this contact said, not what the desk stores.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.contacts.tables import Contact
from desk.conversations.access import visible_to
from desk.conversations.tables import Conversation, Message, Rating
from desk.conversations.thread import MessageView, messages_by_id
from desk.db import MAX_KEY, MAX_SMALL_KEY
from desk.errors import NotFound
from desk.folding import contains
from desk.keyset import read_cursor, write_cursor
from desk.team.tables import User
from desk.text import clean_text, fold
from desk.tickets.team import sees_ticket_of

PAGE_MESSAGES = 40
MAX_MESSAGES = 100
MAX_CONVERSATIONS = 50
MAX_RATINGS = 5


@dataclass(frozen=True)
class ContactConversation:
    """One of a contact's conversations, with its channel."""

    conversation: Conversation
    channel: Channel


@dataclass(frozen=True)
class TimelineEntry:
    """A message and where it was written."""

    message: MessageView
    place: ContactConversation


@dataclass(frozen=True)
class Timeline:
    """One page, newest first; ``next_cursor`` leads to what was before, None at the beginning."""

    entries: list[TimelineEntry]
    next_cursor: str | None


async def visible_contact(session: AsyncSession, viewer: User, contact_id: int) -> Contact:
    """A contact of whom the viewer may see at least one conversation or ticket.

    Raises:
        NotFound: there is none, or the viewer may not see it; which of both is not told.
    """
    contact = await session.get(Contact, max(0, min(contact_id, MAX_SMALL_KEY)))
    if contact is not None and (
        viewer.sees_all_queues
        or await conversations_of_contact(session, viewer, contact.id, limit=1)
        or await sees_ticket_of(session, viewer, contact.id)
    ):
        return contact
    raise NotFound("Contato não encontrado.")


async def conversations_of_contact(
    session: AsyncSession, viewer: User, contact_id: int, limit: int = MAX_CONVERSATIONS
) -> list[ContactConversation]:
    """The contact's conversations that the viewer may see, the last written in first."""
    query = (
        select(Conversation, Channel)
        .join(Channel, Channel.id == Conversation.channel_id)
        .where(Conversation.contact_id == contact_id, await visible_to(session, viewer))
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(limit)
    )
    return [ContactConversation(*row) for row in (await session.execute(query)).all()]


async def read_timeline(
    session: AsyncSession,
    places: Sequence[ContactConversation],
    *,
    words: str = "",
    cursor: str | None = None,
    limit: int = PAGE_MESSAGES,
) -> Timeline:
    """The newest messages of these conversations, those with all ``words`` when given.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    limit = min(limit, MAX_MESSAGES)
    before = read_cursor(cursor, [int])[0] if cursor else MAX_KEY
    wanted = fold(clean_text(words)).split()[:8]
    found: list[tuple[int, ContactConversation]] = []
    for place in places:
        ids = await _ids_of(session, place.conversation, before, wanted, limit + 1)
        found += [(message_id, place) for message_id in ids]
    found.sort(key=lambda pair: pair[0], reverse=True)
    page = found[:limit]
    views: dict[int, MessageView] = {}
    for place in places:
        ids = [message_id for message_id, its_place in page if its_place is place]
        if ids:
            some = await messages_by_id(session, place.conversation, ids, "team")
            views |= {view.id: view for view in some}
    entries = [TimelineEntry(views[message_id], place) for message_id, place in page]
    more = len(found) > limit
    return Timeline(entries, write_cursor(page[-1][0]) if more else None)


async def ratings_of_contact(
    session: AsyncSession, contact_id: int, limit: int = MAX_RATINGS
) -> Sequence[Rating]:
    """The contact's newest ratings of services."""
    query = (
        select(Rating)
        .join(Conversation, Conversation.id == Rating.conversation_id)
        .where(Conversation.contact_id == contact_id)
        .order_by(Rating.id.desc())
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()


async def _ids_of(
    session: AsyncSession, conversation: Conversation, before: int, words: list[str], limit: int
) -> Sequence[int]:
    query = (
        select(Message.id)
        .where(
            Message.conversation_id == conversation.id,
            Message.kind != "internal",
            Message.id < before,
        )
        .order_by(Message.seq.desc())
        .limit(limit)
    )
    if words:
        query = query.where(~Message.hidden_from_team, *(contains(Message.text, w) for w in words))
    return (await session.execute(query)).scalars().all()
