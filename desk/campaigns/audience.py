"""Whom a campaign is for, and who of them is left out and why: batch by batch, by contact."""

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.settings import CampaignValues
from desk.campaigns.template import campaign_templates
from desk.channels.directory import TEMPLATE_KINDS
from desk.channels.tables import Channel
from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactCompany, OptOut
from desk.conversations.tables import Conversation, ConversationTag, Message
from desk.conversations.window import FREE_WORD
from desk.states import Owner

BATCH = 500
_NOT_A_CHAT = "local"


class LeftOut(StrEnum):
    """Why somebody who was chosen gets nothing."""

    OPTED_OUT = "opted_out"
    BLOCKED = "blocked"
    NO_CHANNEL = "no_channel"
    WITH_PERSON = "with_person"
    WINDOW_CLOSED = "window_closed"
    NO_TEMPLATES = "no_templates"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Reach:
    """Where a contact gets the campaign, or why not; ``needs_template``: free words may not go."""

    conversation_id: int | None = None
    reason: LeftOut | None = None
    needs_template: bool = False


@dataclass(frozen=True)
class _Chat:
    conversation_id: int
    owner: Owner
    channel_id: int
    kind: str
    enabled: bool
    wrote_at: datetime | None


async def chosen_contacts(
    session: AsyncSession, values: CampaignValues, zone: ZoneInfo, after: int, limit: int = BATCH
) -> Sequence[int]:
    """Contacts that the conditions choose, by id, after one of them."""
    query = (
        select(Contact.id)
        .where(Contact.id > after, *_conditions(values, zone))
        .order_by(Contact.id)
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()


async def reach_of(
    session: AsyncSession, values: CampaignValues, contact_ids: Sequence[int]
) -> dict[int, Reach]:
    """Where each of these contacts would get the campaign now; four queries for all of them."""
    opted_out = select(OptOut.contact_id).where(OptOut.contact_id.in_(contact_ids))
    blocked = (
        select(ContactCompany.contact_id)
        .join(Company, Company.id == ContactCompany.company_id)
        .where(ContactCompany.contact_id.in_(contact_ids), Company.blocked)
    )
    unwilling = set((await session.execute(opted_out)).scalars())
    not_served = set((await session.execute(blocked)).scalars())
    chats = await _chats_of(session, contact_ids)
    with_template = await campaign_templates(session, values)
    now = datetime.now(UTC)
    return {
        contact_id: Reach(reason=LeftOut.OPTED_OUT)
        if contact_id in unwilling
        else Reach(reason=LeftOut.BLOCKED)
        if contact_id in not_served
        else _place(values, chats[contact_id], now, with_template)
        for contact_id in contact_ids
    }


def _conditions(values: CampaignValues, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if values.company_ids:
        conditions.append(
            exists().where(
                ContactCompany.contact_id == Contact.id,
                ContactCompany.company_id.in_(values.company_ids),
            )
        )
    if values.asks_conversation:
        conditions.append(exists().where(*_of_conversation(values, zone)))
    return conditions


def _of_conversation(values: CampaignValues, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Conversation.contact_id == Contact.id]
    for column, wanted in (
        (Conversation.status, values.statuses),
        (Conversation.queue_id, values.queue_ids),
        (Conversation.channel_id, values.channel_ids),
    ):
        if wanted:
            conditions.append(column.in_(wanted))
    if values.tag_ids:
        conditions.append(
            exists().where(
                ConversationTag.conversation_id == Conversation.id,
                ConversationTag.tag_id.in_(values.tag_ids),
            )
        )
    for at, first, last in (
        (Conversation.last_message_at, values.last_contact_since, values.last_contact_until),
        (Conversation.created_at, values.opened_since, values.opened_until),
    ):
        if first:
            conditions.append(at >= _midnight(first, zone))
        if last:
            conditions.append(at < _midnight(last + timedelta(days=1), zone))
    return conditions


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


async def _chats_of(
    session: AsyncSession, contact_ids: Sequence[int]
) -> defaultdict[int, list[_Chat]]:
    """The chats of each contact, first the one in which they wrote last."""
    query = (
        select(
            Conversation.contact_id,
            Conversation.id,
            Conversation.owner,
            Conversation.channel_id,
            Channel.kind,
            Channel.enabled,
            Message.created_at,
        )
        .join(Channel, Channel.id == Conversation.channel_id)
        .outerjoin(
            Message,
            (Message.conversation_id == Conversation.id)
            & (Message.seq == Conversation.last_contact_seq),
        )
        .where(Conversation.contact_id.in_(contact_ids), Channel.kind != _NOT_A_CHAT)
        .order_by(Message.created_at.desc().nulls_last(), Conversation.id.desc())
    )
    chats: defaultdict[int, list[_Chat]] = defaultdict(list)
    for row in await session.execute(query):
        chats[row[0]].append(_Chat(*row[1:]))
    return chats


def _place(
    values: CampaignValues, chats: Sequence[_Chat], now: datetime, with_template: Container[int]
) -> Reach:
    """The chat in which they wrote last and may be written to; never into a talk with a person."""
    if any(chat.owner is not Owner.BOT for chat in chats):
        return Reach(reason=LeftOut.WITH_PERSON)
    reason = LeftOut.NO_CHANNEL
    for chat in chats:
        wanted = not values.channel_ids or chat.channel_id in values.channel_ids
        # Who never wrote there did not ask to be written to.
        if not (chat.enabled and wanted and chat.wrote_at):
            continue
        window = FREE_WORD.get(chat.kind)
        if window is None or now - chat.wrote_at < window:
            return Reach(chat.conversation_id)
        if chat.kind in TEMPLATE_KINDS and chat.channel_id in with_template:
            return Reach(chat.conversation_id, needs_template=True)
        if reason is LeftOut.NO_CHANNEL:
            reason = LeftOut.NO_TEMPLATES if values.template else LeftOut.WINDOW_CLOSED
    return Reach(reason=reason)
