"""Lists of conversations, as far as a member of the team may see them."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.access import visible_to
from desk.conversations.rows import ConversationRow, rows_of
from desk.conversations.tables import Conversation, Message
from desk.db import MAX_KEY
from desk.errors import Invalid
from desk.states import ACTIVE, ENDED, Owner, Status
from desk.team.tables import User
from desk.text import clean_text
from desk.tickets.tables import Ticket

MAX_PAGE = 100


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
