"""A ticket as the console shows it: its facts, story, files, conversations and history."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sanic import Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.contacts.tables import Contact
from desk.conversations.thread import AttachmentView
from desk.conversations.tickets import conversations_of_ticket
from desk.states import STATUS_LABELS
from desk.team.tables import User
from desk.tickets.history import ticket_history
from desk.tickets.portal import TicketFile, files_of_ticket, rating_of_ticket, whole_story
from desk.tickets.tables import TicketAction
from desk.tickets.team import TicketRow, visible_ticket_row
from handoff.console import wording
from handoff.console.history import HistoryLine, ticket_history_lines
from handoff.console.message_parts import FileItem, MediaUrl, file_item
from handoff.console.side import ConversationLine, Fact, channel_label, facts_of
from handoff.i18n import _
from handoff.media import media_url
from handoff.services import services_of


@dataclass(frozen=True)
class TicketLine:
    """A ticket in the list."""

    number: str
    subject: str
    status: str
    status_label: str
    contact: str
    company: str
    queue: str
    kind: str
    when: str
    iso: str


@dataclass(frozen=True)
class ActionItem:
    """Something posted on a ticket. ``author_kind``: contact, agent or bot."""

    key: str
    author_kind: str
    author: str
    parts: list[wording.TextPart]
    files: list[FileItem]
    when: str
    iso: str


@dataclass(frozen=True)
class TicketView:
    """A ticket with all that belongs to it."""

    number: str
    subject: str
    description: list[wording.TextPart]
    files: list[FileItem]
    status: str
    status_label: str
    queue_id: int | None
    request_type_id: int | None
    contact_id: int
    contact: str
    initials: str
    company: str
    facts: list[Fact]
    opened: str
    actions: list[ActionItem]
    conversations: list[ConversationLine]
    history: list[HistoryLine]
    score: int
    stars: str
    comment: str


def ticket_line(row: TicketRow, zone: ZoneInfo, now: datetime) -> TicketLine:
    """A row of the list in words."""
    ticket = row.ticket
    return TicketLine(
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status.value,
        status_label=_(STATUS_LABELS[ticket.status.value]),
        contact=row.contact_name or _("Visitante"),
        company=row.company_name,
        queue=row.queue_name,
        kind=row.type_name,
        when=wording.short_time(ticket.updated_at, now, zone),
        iso=ticket.updated_at.isoformat(),
    )


async def read_ticket(
    request: Request, session: AsyncSession, viewer: User, number: str
) -> TicketView:
    """One ticket that the viewer may see.

    Raises:
        NotFound: there is none, or the viewer may not see it.
    """
    services, now = services_of(request), datetime.now(UTC)
    zone, url = services.settings.zone, functools.partial(media_url, services)
    row = await visible_ticket_row(session, viewer, number)
    ticket = row.ticket
    files = _by_action(await files_of_ticket(session, ticket.id), url)
    rating = await rating_of_ticket(session, ticket.id)
    score = rating.score if rating else 0
    name = row.contact_name or _("Visitante")
    return TicketView(
        number=ticket.number,
        subject=ticket.subject,
        description=wording.split_text(ticket.description),
        files=files.get(None, []),
        status=ticket.status.value,
        status_label=_(STATUS_LABELS[ticket.status.value]),
        queue_id=ticket.queue_id,
        request_type_id=ticket.request_type_id,
        contact_id=ticket.contact_id,
        contact=name,
        initials=wording.initials(name),
        company=row.company_name,
        facts=await facts_of(session, await session.get_one(Contact, ticket.contact_id)),
        opened=wording.full_time(ticket.created_at, zone),
        actions=[
            _action_item(each, name, files.get(each.id, []), zone)
            for each in await whole_story(session, ticket.id)
        ],
        conversations=await _conversations(session, viewer, ticket.id, zone, now),
        history=await ticket_history_lines(
            session, await ticket_history(session, ticket), zone=zone, now=now
        ),
        score=score,
        stars="★" * score + "☆" * (5 - score),
        comment=rating.comment if rating else "",
    )


def _by_action(files: Sequence[TicketFile], url: MediaUrl) -> Mapping[int | None, list[FileItem]]:
    by_action: dict[int | None, list[FileItem]] = {}
    for file in files:
        view = AttachmentView(id=file.id, mime=file.mime, size=file.size, name=file.name)
        by_action.setdefault(file.action_id, []).append(file_item(view, url))
    return by_action


def _action_item(
    action: TicketAction, contact: str, files: list[FileItem], zone: ZoneInfo
) -> ActionItem:
    author = action.author_name
    if action.author_kind == "contact":
        author = author or contact
    elif action.author_kind == "bot":
        author = _("Assistente virtual")
    return ActionItem(
        key=str(action.id),
        author_kind=action.author_kind,
        author=author,
        parts=wording.split_text(action.text),
        files=files,
        when=wording.full_time(action.created_at, zone),
        iso=action.created_at.isoformat(),
    )


async def _conversations(
    session: AsyncSession, viewer: User, ticket_id: int, zone: ZoneInfo, now: datetime
) -> list[ConversationLine]:
    lines = []
    for each in await conversations_of_ticket(session, viewer, ticket_id):
        channel = await session.get_one(Channel, each.channel_id)
        lines.append(
            ConversationLine(
                each.public_id,
                channel_label(channel),
                each.status.value,
                _(STATUS_LABELS[each.status.value]),
                wording.short_time(each.last_message_at, now, zone),
            )
        )
    return lines
