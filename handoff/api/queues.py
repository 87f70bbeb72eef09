"""Queues: departments and who serves them."""

from typing import Any

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.conversations.staff import deactivate_queue
from desk.db import MAX_SMALL_KEY
from desk.events.log import by_agent
from desk.team.queue_settings import (
    QueueValues,
    change_queue,
    create_queue,
    members_by_queue,
    move_queue,
    queue_by_id,
    queue_values,
    switch_queue_on,
)
from desk.team.queues import list_queues
from desk.team.tables import Assignment, Queue
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint, Shape
from handoff.api.moving import Move
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of


class QueueJson(Shape):
    """A queue as programs read it."""

    id: int
    slug: str
    name: str
    position: int
    active: bool
    calendar_id: int | None
    assignment: Assignment
    idle_minutes: int | None
    members: list[int]


class QueueList(Shape):
    """Queues in menu order."""

    queues: list[QueueJson]


class Deactivation(Shape):
    """Where the queue's conversations go; needed when it holds any."""

    move_to: int | None = Field(default=None, ge=1, le=MAX_SMALL_KEY)


class Moved(Shape):
    """How many conversations moved."""

    moved: int


def queue_json(queue: Queue, members: list[int]) -> dict[str, Any]:
    """A queue as programs read it."""
    return {
        "id": queue.id,
        "slug": queue.slug,
        "name": queue.name,
        "position": queue.position,
        "active": queue.active,
        "calendar_id": queue.calendar_id,
        "assignment": queue.assignment.value,
        "idle_minutes": queue.idle_minutes,
        "members": members,
    }


@api_user()
async def show_queues(request: Request) -> HTTPResponse:
    """All queues in menu order."""
    async with services_of(request).database.reading() as session:
        queues, members = await list_queues(session), await members_by_queue(session)
    rows = [queue_json(each, [user.id for user in members.get(each.id, [])]) for each in queues]
    return json({"queues": rows})


@api_user("admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a queue after the others."""
    values, actor = read_body(request, QueueValues), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        queue = await create_queue(session, values, actor)
    return json(queue_json(queue, sorted(set(values.members))), status=201)


@api_user("admin")
async def change_one(request: Request, queue_id: int) -> HTTPResponse:
    """Changes a queue."""
    async with services_of(request).database.transaction() as session:
        queue = await queue_by_id(session, queue_id)
        values = read_changes(request, QueueValues, await queue_values(session, queue))
        await change_queue(session, queue, values, by_agent(current_user(request).id))
    services_of(request).pulse.beat("events")
    return json(queue_json(queue, sorted(set(values.members))))


@api_user("admin")
async def move_one(request: Request, queue_id: int) -> HTTPResponse:
    """Moves a queue in the order."""
    by = read_body(request, Move).by
    async with services_of(request).database.transaction() as session:
        queue = await queue_by_id(session, queue_id)
        await move_queue(session, queue, by, by_agent(current_user(request).id))
        members = (await queue_values(session, queue)).members
    return json(queue_json(queue, members))


@api_user("admin")
async def deactivate_one(request: Request, queue_id: int) -> HTTPResponse:
    """Closes a queue."""
    move_to = read_body(request, Deactivation).move_to
    async with services_of(request).database.transaction() as session:
        queue = await queue_by_id(session, queue_id)
        other = await queue_by_id(session, move_to) if move_to is not None else None
        moved = await deactivate_queue(session, queue, by_agent(current_user(request).id), other)
    services_of(request).pulse.beat()
    return json({"moved": moved})


@api_user("admin")
async def reactivate_one(request: Request, queue_id: int) -> HTTPResponse:
    """The queue takes conversations again."""
    async with services_of(request).database.transaction() as session:
        queue = await queue_by_id(session, queue_id)
        await switch_queue_on(session, queue, by_agent(current_user(request).id))
        members = (await queue_values(session, queue)).members
    return json(queue_json(queue, members))


_ONE = "/queues/<queue_id:int>"

ENDPOINTS = [
    Endpoint("GET", "/queues", show_queues, "Queues.", returns=QueueList),
    Endpoint(
        "POST",
        "/queues",
        add_one,
        "Add a queue.",
        QueueValues,
        answers={201: "Added."},
        returns=QueueJson,
    ),
    Endpoint(
        "PATCH", _ONE, change_one, "Change a queue.", changes_of(QueueValues), returns=QueueJson
    ),
    Endpoint("POST", _ONE + "/move", move_one, "Move a queue.", Move, returns=QueueJson),
    Endpoint(
        "POST",
        _ONE + "/deactivate",
        deactivate_one,
        "Close a queue; what it holds moves.",
        Deactivation,
        answers={200: "Closed.", 409: "It is the last one, or holds conversations."},
        returns=Moved,
    ),
    Endpoint("POST", _ONE + "/reactivate", reactivate_one, "Open a queue.", returns=QueueJson),
]
