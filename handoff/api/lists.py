"""Lists of the desk: queues, users, request types, channels."""

from sanic import HTTPResponse, Request
from sanic.response import json
from sqlalchemy import select

from desk.channels.tables import Channel
from desk.team.queues import list_queues
from desk.team.users import list_users
from desk.tickets.request_types import list_request_types
from handoff.api.endpoints import Endpoint
from handoff.security import api_user
from handoff.services import services_of


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


ENDPOINTS = [
    Endpoint("GET", "/queues", show_queues, "Queues."),
    Endpoint("GET", "/users", show_users, "Users."),
    Endpoint("GET", "/request-types", show_request_types, "Request types."),
    Endpoint("GET", "/channels", show_channels, "Channels."),
]
