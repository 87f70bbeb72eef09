"""Beside an open conversation: who the customer is, and what happened before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.companies.cnpj import format_cnpj
from desk.contacts.directory import companies_of
from desk.contacts.tables import Contact, ContactAlias
from desk.conversations.contact_history import conversations_of_contact, ratings_of_contact
from desk.conversations.levels.standing import standings_of
from desk.conversations.priority import PRIORITY_LABELS, priority_label
from desk.conversations.routing.teaching import taught_here
from desk.conversations.rows import ConversationRow, RowTag
from desk.conversations.tables import Conversation, ConversationTicket, Rating
from desk.states import STATUS_LABELS
from desk.tags.settings import list_tags
from desk.team.tables import User
from desk.tickets.directory import tickets_of
from handoff.console import wording
from handoff.console.levels import LevelMark, level_marks
from handoff.console.routing_words import reason_words
from handoff.i18n import N_, _

SHOWN_TICKETS = 10
SHOWN_CONVERSATIONS = 6
SHOWN_RATINGS = 3

# A visitor's or a local alias is made of a secret or means nothing: only these are shown.
ALIAS_LABELS = {
    "whatsapp": "WhatsApp",
    "whatsapp_cloud": "WhatsApp",
    "whatsapp_lid": "WhatsApp",
    "whatsapp_user": "WhatsApp",
    "evolution": "WhatsApp",
    "telegram": "Telegram",
    "email": N_("E-mail"),
}


@dataclass(frozen=True)
class Fact:
    """A known fact about the contact; ``href`` leads to more of it."""

    icon: str
    label: str
    text: str
    detail: str = ""
    blocked: bool = False
    href: str = ""


@dataclass(frozen=True)
class TicketLine:
    """A ticket beside the conversation; ``here``: it was handled in this conversation."""

    number: str
    subject: str
    status: str
    status_label: str
    here: bool


@dataclass(frozen=True)
class RatingLine:
    """What the contact thought of an earlier service."""

    score: int
    stars: str
    comment: str
    when: str
    agent: str


@dataclass(frozen=True)
class ConversationLine:
    """Another conversation of the same contact."""

    public_id: str
    channel: str
    status: str
    status_label: str
    when: str


@dataclass(frozen=True)
class Side:
    """The panel at the right of a conversation.

    ``queue_reason``: why it is in its queue; ``may_teach``: this reader may make it its example;
    ``taught``: what was written here and is one.
    ``history_version`` changes with the history, which is fetched when it is looked at.
    """

    contact_id: int
    name: str
    facts: list[Fact]
    summary: str
    queue: str
    queue_reason: str
    may_teach: bool
    taught: list[str]
    assignee: str
    since: str
    priority: int
    priority_label: str
    priorities: Mapping[int, str]
    tags: list[RowTag]
    other_tags: list[str]
    tickets: list[TicketLine]
    ratings: list[RatingLine]
    conversations: list[ConversationLine]
    levels: list[LevelMark]
    history_version: int


async def read_side(
    session: AsyncSession,
    viewer: User,
    conversation: Conversation,
    row: ConversationRow,
    *,
    names: Mapping[int, str],
    history_version: int,
    zone: ZoneInfo,
    now: datetime,
) -> Side:
    """Everything beside a conversation, in a fixed number of queries."""
    contact = await session.get_one(Contact, conversation.contact_id)
    ratings = await ratings_of_contact(session, contact.id, SHOWN_RATINGS)
    here = {tag.name for tag in row.tags}
    return Side(
        contact_id=contact.id,
        name=row.contact_name or _("Visitante"),
        facts=await facts_of(session, contact),
        summary=conversation.summary,
        queue=row.queue_name,
        queue_reason=reason_words(row.routing),
        may_teach=viewer.sees_all_queues and conversation.queue_id is not None,
        taught=await taught_here(session, conversation),
        assignee=row.assignee_name,
        since=wording.full_time(conversation.created_at, zone),
        priority=conversation.priority,
        priority_label=_(priority_label(conversation.priority)),
        priorities={level: _(label) for level, label in PRIORITY_LABELS.items()}
        if viewer.sees_all_queues
        else {},
        tags=row.tags,
        other_tags=[tag.name for tag in await list_tags(session) if tag.name not in here],
        tickets=await _tickets(session, conversation),
        ratings=[_rating_line(each, names, now, zone) for each in ratings],
        conversations=await _others(session, viewer, conversation, now, zone),
        levels=level_marks(await standings_of(session, conversation.id), zone, now),
        history_version=history_version,
    )


async def facts_of(session: AsyncSession, contact: Contact) -> list[Fact]:
    """What is known of a contact, with the channels on which they are known."""
    facts = [
        Fact(
            "building",
            _("Empresa"),
            company.name,
            format_cnpj(company.cnpj),
            blocked=company.blocked,
            href=f"/console/tickets?company={company.id}",
        )
        for company in await companies_of(session, contact.id)
    ]
    if contact.email:
        facts.append(Fact("mail", _("E-mail"), contact.email))
    if contact.phone:
        facts.append(Fact("phone", _("Telefone"), contact.phone))
    query = (
        select(ContactAlias)
        .where(ContactAlias.contact_id == contact.id)
        .order_by(ContactAlias.created_at, ContactAlias.value)
        .limit(10)
    )
    for alias in (await session.execute(query)).scalars():
        if alias.kind in ALIAS_LABELS:
            facts.append(Fact("chat", _("Canal"), _(ALIAS_LABELS[alias.kind]), alias.value))
    return facts or [Fact("person", _("Contato"), _("Ainda não identificado"))]


def channel_label(channel: Channel) -> str:
    """A channel by the name that the team gave it, else by its kind."""
    return channel.name or _(wording.CHANNEL_LABELS.get(channel.kind, channel.kind))


async def _tickets(session: AsyncSession, conversation: Conversation) -> list[TicketLine]:
    query = select(ConversationTicket.ticket_id).where(
        ConversationTicket.conversation_id == conversation.id
    )
    here = set((await session.execute(query)).scalars())
    return [
        TicketLine(
            each.number,
            each.subject,
            each.status.value,
            _(STATUS_LABELS[each.status.value]),
            each.id in here,
        )
        for each in await tickets_of(session, conversation.contact_id, limit=SHOWN_TICKETS)
    ]


async def _others(
    session: AsyncSession,
    viewer: User,
    conversation: Conversation,
    now: datetime,
    zone: ZoneInfo,
) -> list[ConversationLine]:
    places = await conversations_of_contact(
        session, viewer, conversation.contact_id, SHOWN_CONVERSATIONS + 1
    )
    return [
        ConversationLine(
            place.conversation.public_id,
            channel_label(place.channel),
            place.conversation.status.value,
            _(STATUS_LABELS[place.conversation.status.value]),
            wording.short_time(place.conversation.last_message_at, now, zone),
        )
        for place in places
        if place.conversation.id != conversation.id
    ][:SHOWN_CONVERSATIONS]


def rating_lines(
    ratings: Sequence[Rating], names: Mapping[int, str], now: datetime, zone: ZoneInfo
) -> list[RatingLine]:
    """Ratings as they are read."""
    return [_rating_line(each, names, now, zone) for each in ratings]


def _rating_line(
    rating: Rating, names: Mapping[int, str], now: datetime, zone: ZoneInfo
) -> RatingLine:
    return RatingLine(
        score=rating.score,
        stars="★" * rating.score + "☆" * (5 - rating.score),
        comment=rating.comment,
        when=wording.short_time(rating.created_at, now, zone),
        agent=names.get(rating.agent_id or 0, ""),
    )
