"""Tickets in the console: a list with filters, and one with its whole story."""

import uuid
from datetime import UTC, datetime
from urllib.parse import urlencode

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.tables import Company
from desk.conversations.contact_history import visible_contact
from desk.db import MAX_SMALL_KEY
from desk.errors import DeskError, Invalid
from desk.events.log import by_agent
from desk.states import STATUS_LABELS
from desk.team.queues import list_queues
from desk.tickets.acting import act_on_ticket
from desk.tickets.filing import move_ticket, retype_ticket
from desk.tickets.posting import set_ticket_status
from desk.tickets.request_types import list_request_types
from desk.tickets.team import TicketFilters, check_statuses, list_tickets, visible_ticket
from handoff.console.conversation import TEAM, field_of
from handoff.console.ticket_view import read_ticket, ticket_line
from handoff.i18n import _
from handoff.pages import render
from handoff.problems import in_words
from handoff.security import check_csrf, current_user, signed_in
from handoff.services import services_of
from handoff.uploads import chosen_files, keep_files, read_form_in_part, too_large

ACTIVE = ("open", "in_service", "waiting")
MAX_WORDS_CHARS = 200

blueprint = Blueprint("console_ticket", url_prefix="/tickets")


@blueprint.get("/")
@signed_in(*TEAM)
async def show_tickets(request: Request) -> HTTPResponse:
    """The newest tickets that fit the filters of the address."""
    services, user = services_of(request), current_user(request)
    async with services.database.reading(may_be_slow=True) as session:
        filters = _filters(request)
        page = await list_tickets(session, user, filters, request.args.get("cursor"))
        about = await _about(session, request, filters)
        queues, types = await list_queues(session), await list_request_types(session)
    now = datetime.now(UTC)
    lines = [ticket_line(row, services.settings.zone, now) for row in page.rows]
    template = "console/ticket_rows.html" if request.headers.get("hx-request") else ""
    return render(
        request,
        template or "console/tickets.html",
        lines=lines,
        more_url=_more_url(request, page.next_cursor),
        filters=filters,
        chosen=_chosen(request),
        about=about,
        queues=queues,
        types=types,
        statuses={key: _(label) for key, label in STATUS_LABELS.items()},
    )


@blueprint.get("/<number:str>")
@signed_in(*TEAM)
async def show_ticket(request: Request, number: str) -> HTTPResponse:
    """One ticket."""
    return await _page(request, number)


@blueprint.post("/<number:str>")
@signed_in(*TEAM)
async def change_ticket(request: Request, number: str) -> HTTPResponse:
    """Changes status, queue and request type, all or nothing."""
    user, actor = current_user(request), by_agent(current_user(request).id)
    services = services_of(request)
    async with services.database.transaction() as session:
        ticket = await visible_ticket(session, user, number)
        for status in check_statuses([value] if (value := field_of(request, "status")) else []):
            await set_ticket_status(session, ticket.id, status, actor)
        await move_ticket(session, ticket.id, _number(field_of(request, "queue")), actor)
        kind = _number(field_of(request, "request_type"))
        await retype_ticket(session, ticket.id, kind, actor)
    services.pulse.beat("events")
    return redirect(f"/console/tickets/{number}?ok=saved", status=303)


@blueprint.post("/<number:str>/actions", stream=True, ctx_csrf_in_body=True)
@signed_in(*TEAM)
async def post_action(request: Request, number: str) -> HTTPResponse:
    """Posts words and files on the ticket; the customer is told. Sent twice it is posted once."""
    services, user = services_of(request), current_user(request)
    form, cut = await read_form_in_part(request, services.settings)
    check_csrf(request, request.headers.get("x-csrf-token") or form.fields.get("csrf", ""))
    text = form.fields.get("text", "")
    try:
        if cut:
            raise too_large(services.settings)
        files = await keep_files(services.settings, chosen_files(form))
        async with services.database.transaction() as session:
            ticket = await visible_ticket(session, user, number)
            await act_on_ticket(
                session,
                ticket.id,
                user,
                text=text,
                files=files,
                request_key=form.fields.get("key", "")[:64] or None,
            )
    except Invalid as refusal:
        return await _page(request, number, text=text, refusal=refusal)
    services.pulse.beat("events")
    return redirect(f"/console/tickets/{number}?ok=posted#acoes", status=303)


async def _page(
    request: Request, number: str, *, text: str = "", refusal: DeskError | None = None
) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        view = await read_ticket(request, session, current_user(request), number)
        queues, types = await list_queues(session), await list_request_types(session)
    notices = {"saved": _("Salvo."), "posted": _("Ação publicada. O cliente será avisado.")}
    return render(
        request,
        "console/ticket.html",
        status=400 if refusal else 200,
        ticket=view,
        queues=[each for each in queues if each.active or each.id == view.queue_id],
        types=[each for each in types if each.active or each.id == view.request_type_id],
        statuses={key: _(label) for key, label in STATUS_LABELS.items()},
        key=uuid.uuid4().hex,
        posted=request.args.get("ok") == "posted",
        text=text,
        error=in_words(refusal) if refusal else "",
        notice="" if refusal else notices.get(request.args.get("ok", ""), ""),
    )


def _filters(request: Request) -> TicketFilters:
    chosen = _chosen(request)
    statuses = ACTIVE if chosen == "active" else [chosen] if chosen else []
    return TicketFilters(
        statuses=check_statuses(statuses),
        queue_id=_number(request.args.get("queue", "")),
        company_id=_number(request.args.get("company", "")),
        contact_id=_number(request.args.get("contact", "")),
        request_type_id=_number(request.args.get("type", "")),
        words=request.args.get("q", "")[:MAX_WORDS_CHARS],
    )


def _chosen(request: Request) -> str:
    """The status that is shown: the active ones, unless a search or a person is named."""
    named = any(request.args.get(name) for name in ("q", "contact", "company"))
    return str(request.args.get("status", "all" if named else "active")).replace("all", "")


async def _about(session: AsyncSession, request: Request, filters: TicketFilters) -> list[str]:
    """Whose tickets these are, when the address names a person or a company."""
    names = []
    if filters.contact_id is not None:
        contact = await visible_contact(session, current_user(request), filters.contact_id)
        names.append(contact.name or _("Visitante"))
    if filters.company_id is not None:
        company = await session.get(Company, filters.company_id)
        names.append(company.name if company else _("Empresa desconhecida"))
    return names


def _more_url(request: Request, cursor: str | None) -> str:
    if cursor is None:
        return ""
    kept = {name: request.args.get(name, "") for name in request.args if name != "cursor"}
    return f"/console/tickets?{urlencode(kept | {'cursor': cursor})}"


def _number(value: str) -> int | None:
    return min(int(value), MAX_SMALL_KEY) if value.isascii() and value.isdecimal() else None
