"""Tickets: lists, one with its story, and what the team does on it."""

from typing import Any, Literal

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import json
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid
from desk.events.log import by_agent
from desk.media.store import StoredFile
from desk.states import Status
from desk.team.queues import find_queue
from desk.tickets.acting import act_on_ticket
from desk.tickets.filing import move_ticket, retype_ticket
from desk.tickets.history import ticket_history
from desk.tickets.portal import TicketFile, files_of_ticket, whole_story
from desk.tickets.posting import set_ticket_status
from desk.tickets.tables import Ticket, TicketAction
from desk.tickets.team import (
    TicketFilters,
    TicketRow,
    check_statuses,
    list_tickets,
    visible_ticket,
    visible_ticket_row,
)
from handoff.api.answers import ActionShown, TicketPage, TicketShown, TicketStory
from handoff.api.endpoints import Endpoint, Shape
from handoff.api.history import HistoryShown, history_json
from handoff.media import media_url
from handoff.problems import check_shape, read_body, read_number
from handoff.security import api_user, current_user
from handoff.services import Services, services_of
from handoff.uploads import is_multipart, keep_files, read_form, read_json


class NewAction(Shape):
    """Something that the customer is told. Files come as multipart with the same fields.

    The same ``request_key`` posts one action.
    """

    text: str = ""
    request_key: str | None = Field(default=None, max_length=64)


class StatusChange(Shape):
    """A status of FLOWS."""

    status: Literal["open", "in_service", "waiting", "resolved", "closed"]


class TicketChange(Shape):
    """What to change: a status, a queue (its slug, or null for none), a request type (its id)."""

    status: Literal["open", "in_service", "waiting", "resolved", "closed"] | None = None
    queue: str | None = None
    request_type: int | None = Field(default=None, ge=1, le=MAX_SMALL_KEY)


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
        "request_type_id": ticket.request_type_id,
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


def row_json(row: TicketRow) -> dict[str, Any]:
    """A ticket of a list, with the names beside its ids."""
    return ticket_json(row.ticket) | {
        "contact": row.contact_name or None,
        "company": row.company_name or None,
        "queue": row.queue_name or None,
        "request_type": row.type_name or None,
    }


def file_json(services: Services, file: TicketFile) -> dict[str, Any]:
    """A file of a ticket; ``action_id`` is null when it came with the ticket itself."""
    return {
        "id": file.id,
        "action_id": file.action_id,
        "name": file.name,
        "mime": file.mime,
        "size": file.size,
        "url": media_url(services, file.id, file.name),
    }


@api_user("agent", "supervisor", "admin")
async def show_tickets(request: Request) -> HTTPResponse:
    """The newest tickets that the user may see."""
    async with services_of(request).database.reading(may_be_slow=True) as session:
        filters = await filters_of(session, request)
        page = await list_tickets(
            session, current_user(request), filters, request.args.get("cursor")
        )
    rows = [row_json(row) for row in page.rows]
    return json({"tickets": rows, "next_cursor": page.next_cursor})


@api_user("agent", "supervisor", "admin")
async def show_ticket(request: Request, number: str) -> HTTPResponse:
    """One ticket, every action on it and its files."""
    services = services_of(request)
    async with services.database.reading() as session:
        row = await visible_ticket_row(session, current_user(request), number)
        story = await whole_story(session, row.ticket.id)
        files = await files_of_ticket(session, row.ticket.id)
    return json(
        row_json(row)
        | {
            "actions": [action_json(each) for each in story],
            "files": [file_json(services, each) for each in files],
        }
    )


@api_user("agent", "supervisor", "admin")
async def post_action(request: Request, number: str) -> HTTPResponse:
    """Posts an action; the customer is told of it."""
    services, user = services_of(request), current_user(request)
    files: list[StoredFile] = []
    if is_multipart(request):
        form = await read_form(request, services.settings)
        body = check_shape(dict(form.fields), NewAction)
        files = await keep_files(services.settings, form.files)
    else:
        body = check_shape(await read_json(request), NewAction)
    async with services.database.transaction() as session:
        ticket = await visible_ticket(session, user, number)
        action = await act_on_ticket(
            session, ticket.id, user, text=body.text, files=files, request_key=body.request_key
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


@api_user("agent", "supervisor", "admin")
async def change_ticket(request: Request, number: str) -> HTTPResponse:
    """Changes status, queue or request type, all or nothing; only what is named changes."""
    body = read_body(request, TicketChange)
    services, user = services_of(request), current_user(request)
    actor, named = by_agent(user.id), body.model_fields_set
    async with services.database.transaction() as session:
        ticket = await visible_ticket(session, user, number)
        if body.status is not None:
            await set_ticket_status(session, ticket.id, Status(body.status), actor)
        if "queue" in named:
            queue_id = await _queue_id(session, body.queue)
            await move_ticket(session, ticket.id, queue_id, actor)
        if "request_type" in named:
            await retype_ticket(session, ticket.id, body.request_type, actor)
    services.pulse.beat("events")
    return json(ticket_json(ticket))


async def filters_of(session: AsyncSession, request: Request) -> TicketFilters:
    """The filters that a request's address names.

    Raises:
        Invalid: a status or queue does not exist.
        Problem: 400, an id is no number.
    """
    args = request.args
    statuses = [part for value in args.getlist("status", []) for part in value.split(",") if part]
    return TicketFilters(
        statuses=check_statuses(statuses),
        queue_id=await _queue_id(session, args.get("queue")),
        company_id=_id(request, "company"),
        contact_id=_id(request, "contact"),
        request_type_id=_id(request, "request_type"),
        words=args.get("q", ""),
    )


async def _queue_id(session: AsyncSession, slug: str | None) -> int | None:
    if not slug:
        return None
    queue = await find_queue(session, slug)
    if queue is None:
        raise Invalid("queue", "Esta fila não existe.")
    return queue.id


def _id(request: Request, name: str) -> int | None:
    return read_number(request, name, 0) if request.args.get(name) else None


@api_user("agent", "supervisor", "admin")
async def list_events(request: Request, number: str) -> HTTPResponse:
    """Every status, queue and type, by whom, and for how long."""
    async with services_of(request).database.reading() as session:
        ticket = await visible_ticket(session, current_user(request), number)
        history = await ticket_history(session, ticket)
    return json(history_json(history))


_ONE = "/tickets/<number:str>"

ENDPOINTS = [
    Endpoint(
        "GET",
        "/tickets",
        show_tickets,
        "Tickets, the newest first.",
        query={
            "q": "A number, or words of subject, person or company.",
            "status": "One or more statuses, separated by commas.",
            "queue": "A queue's slug.",
            "company": "A company's id.",
            "contact": "A contact's id.",
            "request_type": "A request type's id.",
            "cursor": "Where the previous page ended.",
        },
        returns=TicketPage,
    ),
    Endpoint("GET", _ONE, show_ticket, "One ticket with its story and files.", returns=TicketStory),
    Endpoint(
        "GET", _ONE + "/events", list_events, "Its history with durations.", returns=HistoryShown
    ),
    Endpoint(
        "PATCH",
        _ONE,
        change_ticket,
        "Change status, queue or request type.",
        TicketChange,
        returns=TicketShown,
    ),
    Endpoint(
        "POST",
        _ONE + "/actions",
        post_action,
        "Post an action.",
        NewAction,
        answers={201: "Posted.", 413: "Too large."},
        returns=ActionShown,
        takes_files=True,
    ),
    Endpoint(
        "POST",
        _ONE + "/status",
        change_status,
        "Set a ticket's status.",
        StatusChange,
        returns=TicketShown,
    ),
]
