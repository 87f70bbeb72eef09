"""Conversations as rows of a list: names, last words, unread, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.companies.tables import Company
from desk.contacts.portal_access import hide_credentials
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.tables import Conversation, Message
from desk.states import Owner, Status
from desk.team.tables import Queue, User

_PREVIEW_CHARS = 200


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
