"""The signed-in contact's own tickets: a list with search, filter and pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request

from desk.companies.tables import Company
from desk.contacts.directory import companies_of
from desk.states import ACTIVE, ENDED, STATUS_LABELS, Status
from desk.text import clean_text
from desk.tickets.portal import list_own_tickets
from desk.tickets.tables import Ticket
from handoff.pages import render
from handoff.portal.access import signed_in, who
from handoff.portal.wording import Moment, moment
from handoff.services import services_of

PAGE_TICKETS = 20
_MAX_SEARCH_CHARS = 100
_FILTERS: dict[str, tuple[str, frozenset[Status]]] = {
    "": ("Todos", frozenset()),
    "active": ("Em andamento", ACTIVE),
    "ended": ("Encerrados", ENDED),
    **{key: (label, frozenset({Status(key)})) for key, label in STATUS_LABELS.items()},
}
_DONE = {"senha": "Senha alterada. Agora só você a conhece."}

blueprint = Blueprint("portal_tickets")


@dataclass(frozen=True)
class TicketRow:
    """A ticket in words."""

    number: str
    subject: str
    status: str
    status_label: str
    company: str
    opened: Moment
    updated: Moment
    is_news: bool


@blueprint.get("/")
@signed_in
async def show_tickets(request: Request) -> HTTPResponse:
    """Number, subject and status of each; the active before the ended."""
    services, contact = services_of(request), who(request).contact
    chosen = request.args.get("status", "")
    words = clean_text(request.args.get("q", ""))[:_MAX_SEARCH_CHARS]
    label, statuses = _FILTERS.get(chosen, _FILTERS[""])
    async with services.database.reading() as session:
        companies = await companies_of(session, contact.id)
        page = await list_own_tickets(
            session,
            contact.id,
            statuses=statuses,
            words=words,
            cursor=request.args.get("after", ""),
            limit=PAGE_TICKETS,
        )
    more = urlencode({"status": chosen, "q": words, "after": page.next_cursor})
    return render(
        request,
        "portal/tickets.html",
        name=contact.first_name,
        tickets=[_row(ticket, companies, services.settings.zone) for ticket in page.tickets],
        blocked=[company.name for company in companies if company.blocked],
        filters={key: name for key, (name, _) in _FILTERS.items()},
        chosen=chosen,
        chosen_label=label,
        words=words,
        is_filtered=bool(statuses or words),
        is_later_page="after" in request.args,
        more_url=f"/portal?{more}" if page.next_cursor else "",
        done=_DONE.get(request.args.get("ok", ""), ""),
    )


def _row(ticket: Ticket, companies: Sequence[Company], zone: ZoneInfo) -> TicketRow:
    names = {company.id: company.name for company in companies}
    seen = ticket.contact_seen_at
    return TicketRow(
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status.value,
        status_label=STATUS_LABELS[ticket.status.value],
        # Only where there is something to tell apart.
        company=names.get(ticket.company_id or 0, "") if len(names) > 1 else "",
        opened=moment(ticket.created_at, zone),
        updated=moment(ticket.updated_at, zone),
        is_news=seen is None or ticket.updated_at > seen,
    )
