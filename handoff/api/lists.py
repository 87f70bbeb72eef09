"""Lists of the desk: queues, users, request types, channels, tickets."""

from sanic import HTTPResponse, Request
from sanic.response import json
from sqlalchemy import select

from desk.channels.tables import Channel
from desk.team.queues import list_queues, queue_ids_of
from desk.team.users import list_users
from desk.tickets.request_types import list_request_types
from desk.tickets.tables import Ticket
from handoff.api.endpoints import Endpoint
from handoff.security import api_user, current_user
from handoff.services import services_of

_MAX_TICKETS = 100


@api_user()
async def show_queues(request: Request) -> HTTPResponse:
    """All queues in menu order."""
    async with services_of(request).database.reading() as session:
        queues = await list_queues(session)
    rows = [{"id": each.id, "slug": each.slug, "name": each.name} for each in queues]
    return json({"queues": rows})


@api_user("supervisor", "admin")
async def show_users(request: Request) -> HTTPResponse:
    """Active users by name."""
    async with services_of(request).database.reading() as session:
        users = await list_users(session)
    rows = [
        {"id": each.id, "email": each.email, "name": each.name, "role": each.role.value}
        for each in users
    ]
    return json({"users": rows})


@api_user()
async def show_request_types(request: Request) -> HTTPResponse:
    """All request types in menu order."""
    async with services_of(request).database.reading() as session:
        types = await list_request_types(session)
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "synthetic": each.synthetic,
            "takes_part_in_chat": each.takes_part_in_chat,
        }
        for each in types
    ]
    return json({"request_types": rows})


@api_user("supervisor", "admin")
async def show_channels(request: Request) -> HTTPResponse:
    """All channels, without their secrets."""
    async with services_of(request).database.reading() as session:
        channels = (await session.execute(select(Channel).order_by(Channel.id))).scalars()
        rows = [
            {"id": each.id, "kind": each.kind, "slug": each.slug, "brand": each.brand}
            for each in channels
        ]
    return json({"channels": rows})


@api_user("agent", "supervisor", "admin")
async def show_tickets(request: Request) -> HTTPResponse:
    """The newest tickets that the user may see; ``q`` is the start of a number."""
    user = current_user(request)
    async with services_of(request).database.reading() as session:
        query = select(Ticket).order_by(Ticket.id.desc()).limit(_MAX_TICKETS)
        if not user.sees_all_queues:
            query = query.where(Ticket.queue_id.in_(await queue_ids_of(session, user)))
        number = request.args.get("q", "").lstrip("#")
        if number:
            query = query.where(Ticket.number.startswith(number, autoescape=True))
        tickets = (await session.execute(query)).scalars().all()
    rows = [
        {
            "id": each.id,
            "number": each.number,
            "subject": each.subject,
            "description": each.description,
            "status": each.status.value,
            "contact_id": each.contact_id,
            "company_id": each.company_id,
            "queue_id": each.queue_id,
            "created_at": each.created_at.isoformat(),
        }
        for each in tickets
    ]
    return json({"tickets": rows})


ENDPOINTS = [
    Endpoint("GET", "/queues", show_queues, "Queues."),
    Endpoint("GET", "/users", show_users, "Users."),
    Endpoint("GET", "/request-types", show_request_types, "Request types."),
    Endpoint("GET", "/channels", show_channels, "Channels."),
    Endpoint("GET", "/tickets", show_tickets, "Tickets.", query={"q": "The start of a number."}),
]
