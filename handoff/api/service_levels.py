"""Service levels: what queues promise, and how a conversation stands with it."""

from typing import Any, Literal

from pydantic import BaseModel
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.conversations.access import visible_conversation
from desk.conversations.levels.standing import Standing, standings_of
from desk.conversations.levels.targets import LevelValues, level_of, list_levels, set_level
from desk.events.log import by_agent
from desk.team.queue_settings import queue_by_id
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint
from handoff.security import api_user, current_user
from handoff.services import services_of


class LevelShown(BaseModel):
    """A promise. ``due_at`` is null while it is paused; seconds are those of business time."""

    kind: Literal["first_response", "next_response", "resolution"]
    state: Literal["running", "warned", "late", "paused", "met", "missed"]
    started_at: str
    due_at: str | None
    ended_at: str | None
    target_seconds: int


class LevelsShown(BaseModel):
    """The promises of a conversation: those that run, then those that are over."""

    service_levels: list[LevelShown]


class QueueLevelShown(BaseModel):
    """What a queue promises."""

    queue_id: int
    queue: str
    targets: LevelValues


class QueueLevelList(BaseModel):
    """What each queue promises, in menu order."""

    service_levels: list[QueueLevelShown]


def level_json(standing: Standing | None) -> dict[str, Any] | None:
    """A promise as programs read it."""
    if standing is None:
        return None
    return {
        "kind": standing.kind.value,
        "state": standing.state.value,
        "started_at": standing.started_at.isoformat(),
        "due_at": standing.due_at.isoformat() if standing.due_at else None,
        "ended_at": standing.ended_at.isoformat() if standing.ended_at else None,
        "target_seconds": standing.target_seconds,
    }


@api_user("agent", "supervisor", "admin")
async def show_of_conversation(request: Request, conversation_id: str) -> HTTPResponse:
    """The promises of a conversation."""
    async with services_of(request).database.reading() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        standings = await standings_of(session, found.id)
    return json({"service_levels": [level_json(each) for each in standings]})


@api_user("agent", "supervisor", "admin")
async def show_levels(request: Request) -> HTTPResponse:
    """What each queue promises."""
    async with services_of(request).database.reading() as session:
        levels = await list_levels(session)
    rows = [_queue_json(each.queue.id, each.queue.name, each.values) for each in levels]
    return json({"service_levels": rows})


@api_user("supervisor", "admin")
async def change_one(request: Request, queue_id: int) -> HTTPResponse:
    """Changes what a queue promises."""
    services = services_of(request)
    async with services.database.transaction() as session:
        queue = await queue_by_id(session, queue_id)
        values = read_changes(request, LevelValues, await level_of(session, queue.id))
        await set_level(session, queue, values, by_agent(current_user(request).id))
    services.pulse.beat("events")
    return json(_queue_json(queue.id, queue.name, values))


def _queue_json(queue_id: int, name: str, values: LevelValues) -> dict[str, Any]:
    return {"queue_id": queue_id, "queue": name, "targets": values.model_dump(mode="json")}


ENDPOINTS = [
    Endpoint("GET", "/service-levels", show_levels, "What queues promise.", returns=QueueLevelList),
    Endpoint(
        "PATCH",
        "/queues/<queue_id:int>/service-level",
        change_one,
        "Change what a queue promises.",
        changes_of(LevelValues),
        returns=QueueLevelShown,
    ),
    Endpoint(
        "GET",
        "/conversations/<conversation_id:str>/service-levels",
        show_of_conversation,
        "How it stands with what was promised.",
        returns=LevelsShown,
    ),
]
