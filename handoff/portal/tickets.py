"""The signed-in contact's own tickets."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request

from desk.states import STATUS_LABELS
from desk.tickets.directory import tickets_of
from desk.tickets.tables import Ticket
from handoff.pages import render
from handoff.security import current_contact, portal_signed_in
from handoff.services import services_of

SHOWN_TICKETS = 100

blueprint = Blueprint("portal_tickets")


@dataclass(frozen=True)
class TicketRow:
    """A ticket in words."""

    number: str
    subject: str
    status: str
    status_label: str
    opened: str
    updated: str


@blueprint.get("/")
@portal_signed_in
async def show_tickets(request: Request) -> HTTPResponse:
    """Number, subject and status of each; those still open first."""
    services, contact = services_of(request), current_contact(request)
    async with services.database.reading() as session:
        tickets = await tickets_of(session, contact.id, limit=SHOWN_TICKETS)
    rows = [_row(ticket, services.settings.zone) for ticket in tickets]
    return render(request, "portal/tickets.html", name=contact.first_name, tickets=rows)


def _row(ticket: Ticket, zone: ZoneInfo) -> TicketRow:
    return TicketRow(
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status.value,
        status_label=STATUS_LABELS[ticket.status.value],
        opened=f"{ticket.created_at.astimezone(zone):%d/%m/%Y}",
        updated=f"{ticket.updated_at.astimezone(zone):%d/%m/%Y, %H:%M}",
    )
