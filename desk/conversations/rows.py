"""Conversations as rows of a list: names, last words, unread, in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.companies.tables import Company
from desk.contacts.portal_access import hide_credentials
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.levels.standing import Standing, most_urgent
from desk.conversations.routing.reasons import Reason, reasons_of
from desk.conversations.search.words import Piece, excerpt
from desk.conversations.tables import Conversation, ConversationTag, Message
from desk.states import Owner, Status
from desk.tags.tables import Tag
from desk.team.tables import Queue, User

_PREVIEW_CHARS = 200


@dataclass(frozen=True)
class RowTag:
    """A tag of a conversation."""

    id: int
    name: str
    color: str


@dataclass(frozen=True)
class ConversationRow:
    """A conversation in a list; ``found``: the message that a search found, marked.

    ``level``: the promise of an answer or an end that is due first.
    """

    id: int
    public_id: str
    contact_id: int
    contact_name: str
    company_name: str
    channel_id: int
    channel_kind: str
    channel_brand: str
    channel_name: str
    status: Status
    owner: Owner
    queue_name: str
    assignee_id: int | None
    assignee_name: str
    priority: int
    sentiment: int | None
    waiting_since: datetime | None
    reopened_at: datetime | None
    created_at: datetime
    last_message_at: datetime
    last_text: str
    last_author_kind: str
    last_media_count: int
    unread: bool
    unread_count: int
    level: Standing | None = None
    tags: list[RowTag] = field(default_factory=list)
    found: list[Piece] = field(default_factory=list)
    routing: Reason | None = None


async def rows_of(
    session: AsyncSession, conversations: Sequence[Conversation]
) -> list[ConversationRow]:
    """The rows of these conversations, in the same order; a fixed number of queries."""
    return await rows_by_id(session, [each.id for each in conversations])


async def rows_by_id(
    session: AsyncSession,
    ids: Sequence[int],
    found: Mapping[int, int] | None = None,
    asked: Sequence[str] = (),
) -> list[ConversationRow]:
    """The rows of conversations by id, in this order.

    ``found``: by conversation, the message in which a search for ``asked`` found it.
    """
    if not ids:
        return []
    query = (
        select(
            Conversation,
            Contact.name.label("contact_name"),
            Channel,
            Queue.name.label("queue_name"),
            User.name.label("assignee_name"),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .outerjoin(Queue, Queue.id == Conversation.queue_id)
        .outerjoin(User, User.id == Conversation.assignee_id)
        .where(Conversation.id.in_(ids))
    )
    read = {row.Conversation.id: row for row in await session.execute(query)}
    messages = await _last_messages(session, ids)
    unread = await _unread_counts(session, [row.Conversation for row in read.values()])
    companies = await _company_names(
        session, [row.Conversation.contact_id for row in read.values()]
    )
    tags = await tags_by_conversation(session, ids)
    levels = await most_urgent(session, ids)
    found = {key: value for key, value in (found or {}).items() if key in read}
    reasons = await reasons_of(session, [row.Conversation for row in read.values()])
    excerpts = await _excerpts(session, found, asked) if found else {}
    return [
        _row(
            read[each],
            messages.get(each),
            companies=companies,
            unread_count=unread.get(each, 0),
            level=levels.get(each),
            tags=tags.get(each, []),
            found=excerpts.get(each, []),
            routing=reasons.get(each),
        )
        for each in ids
        if each in read
    ]


def _row(
    read: Any, last: Message | None, *, companies: Mapping[int, str], **more: Any
) -> ConversationRow:
    each: Conversation = read.Conversation
    channel: Channel = read.Channel
    return ConversationRow(
        id=each.id,
        public_id=each.public_id,
        contact_id=each.contact_id,
        contact_name=read.contact_name or "",
        company_name=companies.get(each.contact_id, ""),
        channel_id=channel.id,
        channel_kind=channel.kind,
        channel_brand=channel.brand,
        channel_name=channel.name,
        status=each.status,
        owner=each.owner,
        queue_name=read.queue_name or "",
        assignee_id=each.assignee_id,
        assignee_name=read.assignee_name or "",
        priority=each.priority,
        sentiment=each.sentiment,
        waiting_since=each.waiting_since,
        reopened_at=each.reopened_at,
        created_at=each.created_at,
        last_message_at=each.last_message_at,
        last_text=_preview(last) if last else "",
        last_author_kind=last.author_kind if last else "",
        last_media_count=last.media_count if last else 0,
        unread=each.last_contact_seq > each.agent_seen_seq,
        **more,
    )


def _preview(last: Message) -> str:
    return "" if last.hidden_from_team else hide_credentials(last.text)[:_PREVIEW_CHARS]


async def _last_messages(
    session: AsyncSession, conversation_ids: Sequence[int]
) -> dict[int, Message]:
    query = (
        select(Message)
        .join(
            Conversation,
            (Conversation.id == Message.conversation_id)
            & (Conversation.last_message_seq == Message.seq),
        )
        .where(Conversation.id.in_(conversation_ids))
    )
    return {each.conversation_id: each for each in (await session.execute(query)).scalars()}


async def _unread_counts(
    session: AsyncSession, conversations: Sequence[Conversation]
) -> dict[int, int]:
    """How much of the customer's nobody has seen, where a person is to see it."""
    ids = [
        each.id
        for each in conversations
        if each.owner is not Owner.BOT and each.last_contact_seq > each.agent_seen_seq
    ]
    if not ids:
        return {}
    query = (
        select(Message.conversation_id, func.count().label("number"))
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.conversation_id.in_(ids),
            Message.seq > Conversation.agent_seen_seq,
            Message.direction == "in",
            Message.kind == "message",
        )
        .group_by(Message.conversation_id)
    )
    return {row.conversation_id: row.number for row in await session.execute(query)}


async def _company_names(session: AsyncSession, contact_ids: Sequence[int]) -> dict[int, str]:
    query = (
        select(ContactCompany.contact_id, Company.name)
        .join(Company, Company.id == ContactCompany.company_id)
        .where(ContactCompany.contact_id.in_(contact_ids))
        .order_by(ContactCompany.created_at.desc())
    )
    return {row.contact_id: row.name for row in await session.execute(query)}


async def tags_by_conversation(
    session: AsyncSession, conversation_ids: Sequence[int]
) -> dict[int, list[RowTag]]:
    """The tags of these conversations, by name."""
    query = (
        select(ConversationTag.conversation_id, Tag)
        .join(Tag, Tag.id == ConversationTag.tag_id)
        .where(ConversationTag.conversation_id.in_(conversation_ids))
        .order_by(Tag.folded)
    )
    tags: dict[int, list[RowTag]] = {}
    for conversation_id, tag in await session.execute(query):
        tags.setdefault(conversation_id, []).append(RowTag(tag.id, tag.name, tag.color))
    return tags


async def _excerpts(
    session: AsyncSession, found: Mapping[int, int], asked: Sequence[str]
) -> dict[int, list[Piece]]:
    """What was found, as it reads now: it may have been edited or deleted a moment ago."""
    query = select(Message.conversation_id, Message.text).where(
        Message.id.in_(found.values()), Message.hidden_from_team.is_(False)
    )
    return {
        row.conversation_id: excerpt(hide_credentials(row.text), asked)
        for row in await session.execute(query)
    }
