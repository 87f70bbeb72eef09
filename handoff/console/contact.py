"""A contact: who they are, and everything they wrote on any channel."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.editing import ContactDraft, correct_contact
from desk.contacts.opt_out import opt_out_of
from desk.contacts.portal_access import hide_credentials
from desk.contacts.tables import Contact
from desk.conversations.contact_history import (
    ContactConversation,
    TimelineEntry,
    conversations_of_contact,
    ratings_of_contact,
    read_timeline,
    visible_contact,
)
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid
from desk.states import STATUS_LABELS
from desk.team.tables import User
from desk.team.users import list_users
from desk.tickets.team import TicketFilters, list_tickets
from handoff.console import wording
from handoff.console.conversation import TEAM, field_of
from handoff.console.message_parts import FileItem, MediaUrl, file_item
from handoff.console.opt_outs import opt_out_words
from handoff.console.side import (
    ConversationLine,
    Fact,
    RatingLine,
    channel_label,
    facts_of,
    rating_lines,
)
from handoff.console.ticket_view import TicketLine, ticket_line
from handoff.i18n import _
from handoff.media import media_url
from handoff.pages import render
from handoff.problems import in_words
from handoff.security import current_user, signed_in
from handoff.services import services_of

SHOWN_TICKETS = 8
SHOWN_BEFORE = 5
MAX_WORDS_CHARS = 200
MAX_VALUE_CHARS = 400

blueprint = Blueprint("console_contact", url_prefix="/contacts/<contact_id:int>")


@dataclass(frozen=True)
class TimelineItem:
    """A message of any of the contact's conversations; ``day`` when a new day begins above it."""

    key: str
    day: str
    author_kind: str
    author: str
    channel: str
    deleted: bool
    parts: list[wording.TextPart]
    files: list[FileItem]
    clock: str
    iso: str
    url: str


@dataclass(frozen=True)
class ContactView:
    """A contact with what belongs to them, as far as this reader may see it."""

    id: int
    name: str
    initials: str
    facts: list[Fact]
    since: str
    conversations: list[ConversationLine]
    tickets: list[TicketLine]
    ratings: list[RatingLine]
    opted_out: str


@blueprint.get("/")
@signed_in(*TEAM)
async def show_contact(request: Request, contact_id: int) -> HTTPResponse:
    """The contact and the newest of what was written, or what was searched for."""
    return await _page(request, contact_id)


@blueprint.get("/edit")
@signed_in(*TEAM)
async def show_edit(request: Request, contact_id: int) -> HTTPResponse:
    """What is known of the contact, to be corrected."""
    async with services_of(request).database.reading() as session:
        contact = await visible_contact(session, current_user(request), contact_id)
    values = {name: getattr(contact, name) or "" for name in ("name", "email", "phone")}
    return _edit_page(request, contact_id, values)


@blueprint.post("/edit")
@signed_in(*TEAM)
async def save_edit(request: Request, contact_id: int) -> HTTPResponse:
    """Corrects the contact; a wrong value is said beside its field."""
    user = current_user(request)
    names = ("name", "email", "phone") if user.sees_all_queues else ("name", "phone")
    values = {name: field_of(request, name, MAX_VALUE_CHARS) for name in names}
    services, kept = services_of(request), ""
    try:
        async with services.database.transaction() as session:
            contact = await visible_contact(session, user, contact_id)
            kept = contact.email or ""
            await correct_contact(session, contact.id, ContactDraft(**values), user)
    except Invalid as refusal:
        return _edit_page(request, contact_id, {"email": kept} | values, refusal)
    services.pulse.beat("events")
    return redirect(f"/console/contacts/{contact_id}?ok=saved", status=303)


async def _page(request: Request, contact_id: int) -> HTTPResponse:
    services, user, now = services_of(request), current_user(request), datetime.now(UTC)
    words = request.args.get("q", "")[:MAX_WORDS_CHARS]
    async with services.database.reading(may_be_slow=True) as session:
        contact = await visible_contact(session, user, max(0, min(contact_id, MAX_SMALL_KEY)))
        places = await conversations_of_contact(session, user, contact.id)
        page = await read_timeline(session, places, words=words, cursor=request.args.get("cursor"))
        view = await _view(request, session, user, contact, places, now)
    url = functools.partial(media_url, services)
    kept = {"q": words} if words else {}
    more = f"/console/contacts/{contact_id}?{urlencode(kept | {'cursor': page.next_cursor or ''})}"
    part = "_rows" if request.headers.get("hx-request") else ""
    return render(
        request,
        f"console/contact{part}.html",
        contact=view,
        items=_items(request, page.entries, url, now),
        more_url=more if page.next_cursor else "",
        words=words,
        notice=_("Salvo.") if request.args.get("ok") == "saved" else "",
    )


async def _view(
    request: Request,
    session: AsyncSession,
    viewer: User,
    contact: Contact,
    places: Sequence[ContactConversation],
    now: datetime,
) -> ContactView:
    zone = services_of(request).settings.zone
    name = contact.name or _("Visitante")
    tickets = await list_tickets(
        session, viewer, TicketFilters(contact_id=contact.id), limit=SHOWN_TICKETS
    )
    names = {user.id: user.name for user in await list_users(session)}
    return ContactView(
        id=contact.id,
        name=name,
        initials=wording.initials(name),
        facts=await facts_of(session, contact),
        since=wording.full_time(contact.created_at, zone),
        conversations=[
            ConversationLine(
                place.conversation.public_id,
                channel_label(place.channel),
                place.conversation.status.value,
                _(STATUS_LABELS[place.conversation.status.value]),
                wording.short_time(place.conversation.last_message_at, now, zone),
            )
            for place in places
        ],
        tickets=[ticket_line(row, zone, now) for row in tickets.rows],
        ratings=rating_lines(await ratings_of_contact(session, contact.id), names, now, zone),
        opted_out=opt_out_words(await opt_out_of(session, contact.id), zone),
    )


def _items(
    request: Request, entries: Sequence[TimelineEntry], url: MediaUrl, now: datetime
) -> list[TimelineItem]:
    zone = services_of(request).settings.zone
    items, day = [], ""
    for entry in entries:
        message = entry.message
        today = wording.day_name(message.created_at, now, zone)
        public_id = entry.place.conversation.public_id
        from_seq = max(1, message.seq - SHOWN_BEFORE)
        items.append(
            TimelineItem(
                key=str(message.id),
                day=today if today != day else "",
                author_kind="note" if message.kind == "note" else message.author_kind,
                author=_author(message.author_kind, message.author_name, message.kind),
                channel=channel_label(entry.place.channel),
                deleted=message.deleted,
                parts=wording.split_text(hide_credentials(message.text)),
                files=[file_item(file, url) for file in message.attachments],
                clock=wording.clock(message.created_at, zone),
                iso=message.created_at.isoformat(),
                url=f"/console/conversations/{public_id}?from={from_seq}#message-{message.id}",
            )
        )
        day = today
    return items


def _author(kind: str, name: str, message_kind: str) -> str:
    if kind == "bot":
        return _("Assistente virtual")
    if message_kind == "note" and kind == "system":
        return _("Nota automática")
    if message_kind == "note":
        return _("Nota de {name}").format(name=name)
    return name or _("Cliente")


def _edit_page(
    request: Request, contact_id: int, values: dict[str, str], refusal: Invalid | None = None
) -> HTTPResponse:
    errors = {refusal.field: in_words(refusal)} if refusal else {}
    return render(
        request,
        "console/contact_edit.html",
        status=400 if refusal else 200,
        contact_id=contact_id,
        values=values,
        errors=errors,
        may_change_email=current_user(request).sees_all_queues,
    )
