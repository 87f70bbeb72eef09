"""Tickets: lists, one with its story, and what the team does on it."""

from typing import Any, Literal

from sanic import HTTPResponse, Request
from sanic.response import json

from desk.events.log import by_agent
from desk.states import Status
from desk.tickets.portal import whole_story
from desk.tickets.posting import post_ticket_action, set_ticket_status
from desk.tickets.tables import Ticket, TicketAction
from desk.tickets.team import list_tickets, visible_ticket
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import Problem, read_body
from handoff.security import api_user, current_user
from handoff.services import services_of


class NewAction(Shape):
    """Something that the customer is told."""

    text: str


class StatusChange(Shape):
    """A status of FLOWS."""

    status: Literal["open", "in_service", "waiting", "resolved", "closed"]


def ticket_json(ticket: Ticket) -> dict[str, Any]:
    """A ticket as programs read it."""
    return {
        "id": ticket.id,
        "number": ticket.number,
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status.value,
        "contact_id": ticket.contact_id,
        "company_id": ticket.company_id,
        "queue_id": ticket.queue_id,
        "created_at": ticket.created_at.isoformat(),
        "updated_at": ticket.updated_at.isoformat(),
    }


def action_json(action: TicketAction) -> dict[str, Any]:
    """An action as programs read it."""
    return {
        "id": action.id,
        "author": {"kind": action.author_kind, "name": action.author_name},
        "text": action.text,
        "media_count": action.media_count,
        "created_at": action.created_at.isoformat(),
    }


@api_user("agent", "supervisor", "admin")
async def show_tickets(request: Request) -> HTTPResponse:
    """The newest tickets that the user may see."""
    async with services_of(request).database.reading() as session:
        tickets = await list_tickets(session, current_user(request), request.args.get("q", ""))
    return json({"tickets": [ticket_json(each) for each in tickets]})


@api_user("agent", "supervisor", "admin")
async def show_ticket(request: Request, number: str) -> HTTPResponse:
    """One ticket and every action on it."""
    async with services_of(request).database.reading() as session:
        ticket = await visible_ticket(session, current_user(request), number)
        story = await whole_story(session, ticket.id)
    return json(ticket_json(ticket) | {"actions": [action_json(each) for each in story]})


@api_user("agent", "supervisor", "admin")
async def post_action(request: Request, number: str) -> HTTPResponse:
    """Posts an action; the customer is told of it."""
    text = read_body(request, NewAction).text
    if not text.strip():
        raise Problem(400, "Escreva a ação.", field="text")
    services, user = services_of(request), current_user(request)
    async with services.database.transaction() as session:
        ticket = await visible_ticket(session, user, number)
        action = await post_ticket_action(
            session, ticket.id, author_kind="agent", text=text, author_user_id=user.id
        )
    services.pulse.beat("events")
    return json(action_json(action), status=201)


@api_user("agent", "supervisor", "admin")
async def change_status(request: Request, number: str) -> HTTPResponse:
    """Sets a ticket's status; the customer is told of it."""
    status = Status(read_body(request, StatusChange).status)
    services, user = services_of(request), current_user(request)
    async with services.database.transaction() as session:
        ticket = await visible_ticket(session, user, number)
        changed = await set_ticket_status(session, ticket.id, status, by_agent(user.id))
    services.pulse.beat("events")
    return json(ticket_json(changed))


_ONE = "/tickets/<number:str>"

ENDPOINTS = [
    Endpoint("GET", "/tickets", show_tickets, "Tickets.", query={"q": "The start of a number."}),
    Endpoint("GET", _ONE, show_ticket, "One ticket with its story."),
    Endpoint(
        "POST",
        _ONE + "/actions",
        post_action,
        "Post an action.",
        NewAction,
        answers={201: "Posted."},
    ),
    Endpoint("POST", _ONE + "/status", change_status, "Set a ticket's status.", StatusChange),
]
