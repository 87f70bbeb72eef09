"""Lists of conversations, as far as a member of the team may see them."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.companies.tables import Company
from desk.contacts.portal_access import hide_credentials
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.tables import Conversation, ConversationTicket, Message
from desk.db import MAX_KEY
from desk.errors import Invalid, NotFound
from desk.states import ACTIVE, ENDED, Owner, Status
from desk.team.queues import queue_ids_of
from desk.team.tables import Queue, User
from desk.text import clean_text
from desk.tickets.tables import Ticket

MAX_PAGE = 100
_PREVIEW_CHARS = 200


@dataclass(frozen=True)
class Filters:
    """What a list shows; None or empty means all. Ids are the database's.

    ``view``: queue (waits), mine, team (other agents'), bot, ended, or empty. ``sort``: recent
    (newest message first) or waiting (highest priority, then longest wait first; one page only).
    """

    view: str = ""
    statuses: Sequence[Status] = ()
    queue_id: int | None = None
    assignee_id: int | None = None
    company_id: int | None = None
    channel_id: int | None = None
    q: str = ""
    sort: str = "recent"


@dataclass(frozen=True)
class ConversationRow:
    """A conversation in a list."""

    id: int
    public_id: str
    contact_name: str
    company_name: str
    channel_kind: str
    channel_brand: str
    status: Status
    owner: Owner
    queue_name: str
    assignee_name: str
    priority: int
    waiting_since: datetime | None
    last_message_at: datetime
    last_text: str
    last_author_kind: str
    last_media_count: int
    unread: bool


@dataclass(frozen=True)
class Page:
    """Rows and the cursor of the next page; None at the end."""

    rows: list[ConversationRow]
    next_cursor: str | None


async def list_conversations(
    session: AsyncSession,
    viewer: User,
    filters: Filters,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Conversations that the viewer may see, by keyset, at most 100 a page.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    query = select(Conversation).where(
        await visible_to(session, viewer), *_conditions(filters, viewer)
    )
    if filters.sort == "waiting":
        query = query.order_by(
            Conversation.priority.desc(), Conversation.waiting_since, Conversation.id
        )
    else:
        query = query.order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        if cursor:
            at, last_id = read_cursor(cursor)
            query = query.where(
                or_(
                    Conversation.last_message_at < at,
                    and_(Conversation.last_message_at == at, Conversation.id < last_id),
                )
            )
    found = (await session.execute(query.limit(size + 1))).scalars().all()
    more = len(found) > size and filters.sort != "waiting"
    last = found[size - 1] if more else None
    return Page(await rows_of(session, found[:size]), _write_cursor(last) if last else None)


async def count_views(session: AsyncSession, viewer: User) -> dict[str, int]:
    """How many conversations each view of the inbox holds for this viewer."""
    visible = await visible_to(session, viewer)
    counts = {}
    for view in ("queue", "mine", "team", "bot", "ended"):
        query = select(func.count(Conversation.id)).where(
            visible, *_conditions(Filters(view=view), viewer)
        )
        counts[view] = (await session.execute(query)).scalar_one()
    return counts


async def visible_to(session: AsyncSession, viewer: User) -> ColumnElement[bool]:
    """The condition under which a viewer may see a conversation.

    Supervisors and admins see all; an agent those of its queues and its own.
    """
    if viewer.sees_all_queues:
        return Conversation.id.is_not(None)
    queue_ids = await queue_ids_of(session, viewer)
    return or_(Conversation.queue_id.in_(queue_ids), Conversation.assignee_id == viewer.id)


async def visible_conversation(session: AsyncSession, viewer: User, public_id: str) -> Conversation:
    """One conversation that the viewer may see.

    Raises:
        NotFound: there is none, or the viewer may not see it; which of both is not told.
    """
    query = select(Conversation).where(
        Conversation.public_id == public_id, await visible_to(session, viewer)
    )
    conversation = (await session.execute(query)).scalar_one_or_none()
    if conversation is None:
        raise NotFound("Conversa não encontrada.")
    return conversation


async def rows_of(
    session: AsyncSession, conversations: Sequence[Conversation]
) -> list[ConversationRow]:
    """The rows of these conversations, in the same order; a fixed number of queries."""
    contacts = await _by_id(session, Contact, {each.contact_id for each in conversations})
    channels = await _by_id(session, Channel, {each.channel_id for each in conversations})
    queues = await _by_id(session, Queue, {each.queue_id for each in conversations})
    users = await _by_id(session, User, {each.assignee_id for each in conversations})
    messages = await _last_messages(session, [each.id for each in conversations])
    companies = await _company_names(session, list(contacts))
    rows = []
    for each in conversations:
        last = messages.get(each.id)
        queue = queues.get(each.queue_id)
        assignee = users.get(each.assignee_id)
        rows.append(
            ConversationRow(
                id=each.id,
                public_id=each.public_id,
                contact_name=contacts[each.contact_id].name or "",
                company_name=companies.get(each.contact_id, ""),
                channel_kind=channels[each.channel_id].kind,
                channel_brand=channels[each.channel_id].brand,
                status=each.status,
                owner=each.owner,
                queue_name=queue.name if queue else "",
                assignee_name=assignee.name if assignee else "",
                priority=each.priority,
                waiting_since=each.waiting_since,
                last_message_at=each.last_message_at,
                last_text=_preview(last) if last else "",
                last_author_kind=last.author_kind if last else "",
                last_media_count=last.media_count if last else 0,
                unread=each.last_contact_seq > each.agent_seen_seq,
            )
        )
    return rows


def _preview(last: Message) -> str:
    return "" if last.hidden_from_team else hide_credentials(last.text)[:_PREVIEW_CHARS]


async def mark_seen_by_team(session: AsyncSession, conversation: Conversation, seq: int) -> None:
    """Notes that somebody of the team has seen the messages up to this number."""
    if seq > conversation.agent_seen_seq:
        conversation.agent_seen_seq = min(seq, conversation.last_seq)
        await session.flush()


async def tickets_of_conversation(session: AsyncSession, conversation_id: int) -> Sequence[Ticket]:
    """Tickets that were handled in a conversation, newest first."""
    query = (
        select(Ticket)
        .join(ConversationTicket, ConversationTicket.ticket_id == Ticket.id)
        .where(ConversationTicket.conversation_id == conversation_id)
        .order_by(Ticket.id.desc())
    )
    return (await session.execute(query)).scalars().all()


def _conditions(filters: Filters, viewer: User) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.view == "queue":
        conditions += [Conversation.owner == Owner.QUEUE]
    elif filters.view == "mine":
        conditions += [
            Conversation.owner == Owner.AGENT,
            Conversation.assignee_id == viewer.id,
        ]
    elif filters.view == "team":
        conditions += [
            Conversation.owner == Owner.AGENT,
            Conversation.assignee_id != viewer.id,
        ]
    elif filters.view == "bot":
        conditions += [Conversation.owner == Owner.BOT, Conversation.status.in_(ACTIVE)]
    elif filters.view == "ended":
        conditions += [Conversation.status.in_(ENDED)]
    if filters.statuses:
        conditions.append(Conversation.status.in_(filters.statuses))
    for column, value in (
        (Conversation.queue_id, filters.queue_id),
        (Conversation.assignee_id, filters.assignee_id),
        (Conversation.channel_id, filters.channel_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if filters.company_id is not None:
        conditions.append(
            Conversation.contact_id.in_(
                select(ContactCompany.contact_id).where(
                    ContactCompany.company_id == filters.company_id
                )
            )
        )
    if q := clean_text(filters.q):
        conditions.append(_search(q))
    return conditions


def _search(q: str) -> ColumnElement[bool]:
    """People by name or e-mail, tickets by number, messages by their words."""
    pattern = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    people: Select[int] = select(Contact.id).where(
        or_(Contact.name.ilike(pattern, escape="\\"), Contact.email.ilike(pattern, escape="\\"))
    )
    tickets = select(Ticket.contact_id).where(
        Ticket.number.ilike(pattern.replace("#", ""), escape="\\")
    )
    messages = select(Message.conversation_id).where(Message.text.ilike(pattern, escape="\\"))
    return or_(
        Conversation.contact_id.in_(people),
        Conversation.contact_id.in_(tickets),
        Conversation.id.in_(messages),
    )


async def _by_id(session: AsyncSession, table: Any, ids: set[Any]) -> dict[Any, Any]:
    wanted = ids - {None}
    if not wanted:
        return {}
    found = await session.execute(select(table).where(table.id.in_(wanted)))
    return {row.id: row for row in found.scalars()}


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


async def _company_names(session: AsyncSession, contact_ids: Sequence[int]) -> dict[int, str]:
    query = (
        select(ContactCompany.contact_id, Company.name)
        .join(Company, Company.id == ContactCompany.company_id)
        .where(ContactCompany.contact_id.in_(contact_ids))
        .order_by(ContactCompany.created_at.desc())
    )
    return {row.contact_id: row.name for row in await session.execute(query)}


def _write_cursor(last: Conversation) -> str:
    value = json.dumps([last.last_message_at.isoformat(), last.id])
    return base64.urlsafe_b64encode(value.encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, int]:
    """When and which conversation the previous page ended with.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    try:
        at, last_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if not 0 <= last_id <= MAX_KEY:
            raise ValueError("no id")
        return datetime.fromisoformat(at).astimezone(UTC), int(last_id)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Invalid("cursor", "O cursor não é válido.") from error
