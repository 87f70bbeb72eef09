"""Request types: what a ticket may be about."""

from typing import Any

from sanic import HTTPResponse, Request
from sanic.response import json

from desk.events.log import by_agent
from desk.tickets.request_types import (
    RequestTypeValues,
    change_request_type,
    create_request_type,
    list_request_types,
    move_request_type,
    request_type_by_id,
    request_type_values,
)
from desk.tickets.tables import RequestType
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint, Shape
from handoff.api.moving import Move
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of


class RequestTypeJson(Shape):
    """A request type as programs read it."""

    id: int
    name: str
    synthetic: bool
    takes_part_in_chat: bool
    queue_id: int | None
    active: bool
    position: int


class RequestTypeList(Shape):
    """Types in menu order."""

    request_types: list[RequestTypeJson]


def type_json(kind: RequestType) -> dict[str, Any]:
    """A request type as programs read it."""
    return {name: getattr(kind, name) for name in RequestTypeJson.model_fields}


@api_user()
async def show_request_types(request: Request) -> HTTPResponse:
    """All types in menu order."""
    async with services_of(request).database.reading() as session:
        types = await list_request_types(session)
    return json({"request_types": [type_json(each) for each in types]})


@api_user("admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a type at the end of the menu."""
    values, actor = read_body(request, RequestTypeValues), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        kind = await create_request_type(session, values, actor)
    return json(type_json(kind), status=201)


@api_user("admin")
async def change_one(request: Request, type_id: int) -> HTTPResponse:
    """Changes a type."""
    async with services_of(request).database.transaction() as session:
        kind = await request_type_by_id(session, type_id)
        values = read_changes(request, RequestTypeValues, request_type_values(kind))
        await change_request_type(session, kind, values, by_agent(current_user(request).id))
    return json(type_json(kind))


@api_user("admin")
async def move_one(request: Request, type_id: int) -> HTTPResponse:
    """Moves a type in the menu."""
    by = read_body(request, Move).by
    async with services_of(request).database.transaction() as session:
        kind = await request_type_by_id(session, type_id)
        await move_request_type(session, kind, by, by_agent(current_user(request).id))
    return json(type_json(kind))


_ALL, _ONE = "/request-types", "/request-types/<type_id:int>"

ENDPOINTS = [
    Endpoint("GET", _ALL, show_request_types, "Request types.", returns=RequestTypeList),
    Endpoint(
        "POST",
        _ALL,
        add_one,
        "Add a request type.",
        RequestTypeValues,
        answers={201: "Added.", 409: "Somebody has just saved the same."},
        returns=RequestTypeJson,
    ),
    Endpoint(
        "PATCH",
        _ONE,
        change_one,
        "Change a request type.",
        changes_of(RequestTypeValues),
        returns=RequestTypeJson,
    ),
    Endpoint(
        "POST",
        _ONE + "/move",
        move_one,
        "Move a request type in the menu.",
        Move,
        returns=RequestTypeJson,
    ),
]
