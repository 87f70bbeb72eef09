"""An open conversation: its head, thread, what may be done, and who the customer is."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.cnpj import format_cnpj
from desk.contacts.directory import companies_of
from desk.contacts.tables import Contact
from desk.conversations.rows import rows_of
from desk.conversations.tables import Conversation
from desk.events.log import events_of_conversation
from desk.states import ENDED, STATUS_LABELS, Owner, Status
from desk.team.tables import User
from desk.team.users import list_users
from desk.tickets.directory import tickets_of
from handoff.console import wording
from handoff.console.thread import MediaUrl, ThreadItem, read_messages, thread_items

SHOWN_EVENTS = ("conversation.owner_changed", "conversation.status_changed")
SHOWN_TICKETS = 20


@dataclass(frozen=True)
class Action:
    """A button of the head."""

    key: str
    label: str
    path: str
    status: str = ""
    primary: bool = False


CLAIM = Action("claim", "Assumir", "claim", primary=True)
RETURN = Action("return", "Devolver à fila", "return")
RELEASE = Action("release", "Devolver ao bot", "release")
WAIT = Action("waiting", "Aguardando", "status", "waiting")
RESUME = Action("in_service", "Em atendimento", "status", "in_service")
CLOSE = Action("close", "Fechar", "status", "closed")
RESOLVE = Action("resolve", "Resolver", "status", "resolved", primary=True)


@dataclass(frozen=True)
class Fact:
    """A known fact about the contact."""

    icon: str
    label: str
    text: str
    detail: str = ""


@dataclass(frozen=True)
class TicketLine:
    """A ticket beside the conversation."""

    number: str
    subject: str
    status: str
    status_label: str


@dataclass(frozen=True)
class Pane:
    """All that the right side of the console shows."""

    public_id: str
    name: str
    initials: str
    channel_label: str
    status: str
    status_label: str
    owner_text: str
    summary: str
    actions: list[Action]
    can_reply: bool
    reply_hint: str
    unread: bool
    from_seq: int
    last_seq: int
    earlier_url: str
    items: list[ThreadItem]
    facts: list[Fact]
    tickets: list[TicketLine]
    notice: str = ""


def actions_for(conversation: Conversation, viewer: User) -> list[Action]:
    """What this viewer may do now, the most likely last."""
    if conversation.owner is Owner.QUEUE:
        return [RELEASE, CLOSE, CLAIM]
    if conversation.owner is Owner.BOT:
        return [CLAIM]
    if conversation.assignee_id != viewer.id and not viewer.sees_all_queues:
        return []
    pause = RESUME if conversation.status is Status.WAITING else WAIT
    return [RETURN, RELEASE, pause, CLOSE, RESOLVE]


async def read_pane(
    session: AsyncSession,
    viewer: User,
    conversation: Conversation,
    *,
    from_seq: int | None = None,
    notice: str = "",
    media_url: MediaUrl,
    zone: ZoneInfo,
    now: datetime,
) -> Pane:
    """The open conversation from message ``from_seq`` on, or its newest page."""
    (row,) = await rows_of(session, [conversation])
    contact = await session.get_one(Contact, conversation.contact_id)
    messages = await read_messages(session, conversation, from_seq)
    events = await events_of_conversation(session, conversation.id, SHOWN_EVENTS)
    names = {user.id: user.name for user in await list_users(session)}
    items = thread_items(messages, events, names, media_url=media_url, zone=zone, now=now)
    first = messages[0].seq if messages else 1
    name = row.contact_name or "Visitante"
    mine = conversation.owner is Owner.AGENT and conversation.assignee_id == viewer.id
    earlier = f"/console/conversations/{row.public_id}/pane?from={max(1, first - 60)}"
    return Pane(
        public_id=row.public_id,
        name=name,
        initials=wording.initials(name),
        channel_label=wording.CHANNEL_LABELS.get(row.channel_kind, row.channel_kind),
        status=row.status.value,
        status_label=STATUS_LABELS[row.status.value],
        owner_text=wording.owner_text(row.owner, row.assignee_name, row.queue_name, mine=mine),
        summary=conversation.summary,
        actions=actions_for(conversation, viewer),
        can_reply=conversation.owner is Owner.AGENT,
        reply_hint=_reply_hint(conversation),
        unread=row.unread,
        from_seq=first,
        last_seq=conversation.last_seq,
        earlier_url=earlier if first > 1 else "",
        items=items,
        facts=await _facts(session, contact),
        tickets=await _tickets(session, contact),
        notice=notice,
    )


def _reply_hint(conversation: Conversation) -> str:
    if conversation.owner is Owner.AGENT:
        return ""
    if conversation.status in ENDED:
        return "Encerrada. Para escrever ao cliente, assuma a conversa."
    return "Para responder ao cliente, assuma a conversa."


async def _facts(session: AsyncSession, contact: Contact) -> list[Fact]:
    facts = [
        Fact("building", "Empresa", company.name, format_cnpj(company.cnpj))
        for company in await companies_of(session, contact.id)
    ]
    if contact.email:
        facts.append(Fact("mail", "E-mail", contact.email))
    if contact.phone:
        facts.append(Fact("phone", "Telefone", contact.phone))
    return facts or [Fact("person", "Contato", "Ainda não identificado")]


async def _tickets(session: AsyncSession, contact: Contact) -> list[TicketLine]:
    return [
        TicketLine(each.number, each.subject, each.status.value, STATUS_LABELS[each.status.value])
        for each in await tickets_of(session, contact.id, limit=SHOWN_TICKETS)
    ]
