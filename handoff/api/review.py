"""The review for programs: what the bot did not understand, what is decided, how well it does."""

import asyncio
from datetime import UTC
from typing import Any, Literal

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import json, text

from desk.db import MAX_KEY
from desk.errors import Invalid
from desk.review.decide import (
    MOST_AT_ONCE,
    decide,
    lessons_to_write,
    mark_written,
    undo,
)
from desk.review.find import (
    GroupView,
    ItemView,
    conversation_of_item,
    list_groups,
    list_items,
)
from desk.review.masking import Mark
from desk.review.writing import propose, write
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body, read_number
from handoff.review_asking import DESIGNERS, check_intent, read_filters, tell_story, training_data
from handoff.security import api_user, current_user
from handoff.services import services_of

_FILTERS = {
    "state": "open, done or discarded.",
    "reason": "fallback, repeated, unsure or handoff.",
    "intent": "What the bot took the message for.",
    "channel": "A channel's id.",
    "since": "First day, such as 2026-01-31.",
    "until": "Last day.",
    "cursor": "Where the previous page ended.",
}


class EntityJson(Shape):
    """An entity in a sentence: from ``start`` on, before ``end``, in characters."""

    start: int
    end: int
    entity: str


class GuessJson(Shape):
    """What the bot took a message for, 0 to 1."""

    intent: str
    confidence: float


class ItemJson(Shape):
    """A message without personal data. ``written``: it is in the training data."""

    message: int
    group: int
    text: str
    entities: list[EntityJson]
    at: str
    channel: str
    reason: str
    understood: str
    guesses: list[GuessJson]
    answered: list[str]
    state: Literal["open", "done", "discarded"]
    intent: str | None
    decided_by: str
    decision: str | None
    written: bool


class GroupJson(Shape):
    """Messages that say nearly the same: how many, and the newest few."""

    id: int
    count: int
    samples: list[ItemJson]


class GroupList(Shape):
    """Groups, the largest first."""

    groups: list[GroupJson]
    next_cursor: str | None


class ItemList(Shape):
    """Messages of a group, the newest first."""

    messages: list[ItemJson]
    count: int
    next_cursor: str | None


class MarkBody(Shape):
    """An entity to learn; ``words`` are what stands there, so that nothing else is marked."""

    message: int = Field(ge=1, le=MAX_KEY)
    start: int = Field(ge=0, le=100_000)
    end: int = Field(ge=0, le=100_000)
    entity: str = Field(max_length=60)
    words: str = Field(max_length=1000)


class DecideBody(Shape):
    """``intent`` null discards."""

    messages: list[int] = Field(min_length=1, max_length=MOST_AT_ONCE)
    intent: str | None = Field(max_length=120)
    entities: list[MarkBody] = Field(default_factory=list, max_length=MOST_AT_ONCE)


class UndoBody(Shape):
    """Messages to open again."""

    messages: list[int] = Field(min_length=1, max_length=MOST_AT_ONCE)


class DecidedJson(Shape):
    """One number for all that was decided together."""

    decision: str


class UndoneJson(Shape):
    """How many were opened again."""

    undone: int


class WrittenJson(Shape):
    """What became of the lessons: new, known already, known under another intent."""

    added: int
    known: int
    contradicting: int


@api_user(*DESIGNERS)
async def show_groups(request: Request) -> HTTPResponse:
    """Groups that fit the filters."""
    services = services_of(request)
    filters = read_filters(request.args, services.settings.zone)
    limit = read_number(request, "limit", 20)
    async with services.database.reading(may_be_slow=True) as session:
        page = await list_groups(session, filters, request.args.get("cursor", ""), limit)
    groups = [group_json(each) for each in page.groups]
    return json({"groups": groups, "next_cursor": page.next_cursor})


@api_user(*DESIGNERS)
async def show_group(request: Request, group_id: int) -> HTTPResponse:
    """The messages of a group."""
    services = services_of(request)
    filters = read_filters(request.args, services.settings.zone)
    cursor, limit = request.args.get("cursor", ""), read_number(request, "limit", 30)
    async with services.database.reading(may_be_slow=True) as session:
        page = await list_items(session, group_id, filters, cursor, limit)
    messages = [item_json(each) for each in page.items]
    return json({"messages": messages, "count": page.count, "next_cursor": page.next_cursor})


@api_user(*DESIGNERS)
async def post_decision(request: Request) -> HTTPResponse:
    """Teaches or discards messages, all or none."""
    body = read_body(request, DecideBody)
    services = services_of(request)
    if body.intent is not None:
        check_intent(await training_data(services.settings), body.intent)
    marks: dict[int, list[tuple[Mark, str]]] = {}
    for each in body.entities:
        mark = Mark(each.start, each.end, each.entity)
        marks.setdefault(each.message, []).append((mark, each.words))
    async with services.database.transaction() as session:
        ids = _known_numbers(body.messages)
        decision = await decide(session, current_user(request), ids, body.intent, marks)
    services.pulse.beat("events")
    return json({"decision": decision}, status=201)


@api_user(*DESIGNERS)
async def post_undo(request: Request) -> HTTPResponse:
    """Opens messages again."""
    body = read_body(request, UndoBody)
    services = services_of(request)
    async with services.database.transaction() as session:
        undone = await undo(session, current_user(request), _known_numbers(body.messages))
    services.pulse.beat("events")
    return json({"undone": undone})


@api_user(*DESIGNERS)
async def show_file(request: Request) -> HTTPResponse:
    """The review file as it would be."""
    services = services_of(request)
    async with services.database.reading() as session:
        lessons = await lessons_to_write(session)
    proposal = await asyncio.to_thread(propose, services.settings.data_dir, lessons)
    return text(proposal.after, content_type="application/yaml")


@api_user(*DESIGNERS)
async def show_patch(request: Request) -> HTTPResponse:
    """The difference to the review file, for `git apply`."""
    services = services_of(request)
    async with services.database.reading() as session:
        lessons = await lessons_to_write(session)
    proposal = await asyncio.to_thread(propose, services.settings.data_dir, lessons)
    return text(proposal.patch, content_type="text/x-diff")


@api_user(*DESIGNERS)
async def post_file(request: Request) -> HTTPResponse:
    """Writes the review file."""
    services = services_of(request)
    async with services.database.reading() as session:
        lessons = await lessons_to_write(session)
    proposal = await asyncio.to_thread(write, services.settings.data_dir, lessons)
    added = len(proposal.added)
    async with services.database.transaction() as session:
        await mark_written(session, current_user(request), proposal.settled, added)
    contradicting = len(proposal.contradicting)
    known = len(proposal.known)
    return json({"added": added, "known": known, "contradicting": contradicting})


@api_user(*DESIGNERS)
async def show_story(request: Request, message_id: int) -> HTTPResponse:
    """The conversation up to a message of the review, as a test story."""
    services = services_of(request)
    async with services.database.reading() as session:
        public_id = await conversation_of_item(session, message_id)
        story = await tell_story(services, session, public_id, message_id, until_it=True)
    return text(story, content_type="application/yaml")


def group_json(group: GroupView) -> dict[str, Any]:
    """A group as programs read it."""
    samples = [item_json(each) for each in group.samples]
    return {"id": group.id, "count": group.count, "samples": samples}


def item_json(item: ItemView) -> dict[str, Any]:
    """A message as programs read it."""
    return {
        "message": item.message_id,
        "group": item.group_id,
        "text": item.masked.text,
        "entities": [each._asdict() for each in item.entities],
        "at": item.at.astimezone(UTC).isoformat(),
        "channel": item.channel,
        "reason": item.reason,
        "understood": item.understood,
        "guesses": [{"intent": name, "confidence": sure} for name, sure in item.guesses],
        "answered": item.answered,
        "state": item.state,
        "intent": item.intent,
        "decided_by": item.decided_by,
        "decision": item.decision,
        "written": item.written,
    }


def _known_numbers(ids: list[int]) -> list[int]:
    if not all(0 < each <= MAX_KEY for each in ids):
        raise Invalid("messages", "O número da mensagem não é válido.")
    return ids


ENDPOINTS = [
    Endpoint(
        "GET",
        "/review/groups",
        show_groups,
        "Messages that the bot did not understand, grouped.",
        query=_FILTERS | {"limit": "How many groups, at most 20."},
        returns=GroupList,
    ),
    Endpoint(
        "GET",
        "/review/groups/<group_id:int>",
        show_group,
        "The messages of a group, without personal data.",
        query=_FILTERS | {"limit": "How many messages, at most 30."},
        returns=ItemList,
    ),
    Endpoint(
        "POST",
        "/review/decisions",
        post_decision,
        "Give messages their intent, or discard them; all or none.",
        body=DecideBody,
        answers={
            201: "Decided.",
            404: "One is not in the review.",
            409: "Somebody was first, or a mark does not fit.",
        },
        returns=DecidedJson,
    ),
    Endpoint(
        "POST",
        "/review/undo",
        post_undo,
        "Open messages again.",
        body=UndoBody,
        answers={200: "Opened.", 404: "One is not in the review."},
        returns=UndoneJson,
    ),
    Endpoint(
        "GET",
        "/review/training.yml",
        show_file,
        "The review file with what was decided.",
        media_type="application/yaml",
    ),
    Endpoint(
        "GET",
        "/review/training.patch",
        show_patch,
        "The difference to the review file.",
        media_type="text/x-diff",
    ),
    Endpoint(
        "POST",
        "/review/training",
        post_file,
        "Write the review file.",
        answers={200: "Written.", 409: "The folder is read-only here."},
        returns=WrittenJson,
    ),
    Endpoint(
        "GET",
        "/review/messages/<message_id:int>/story",
        show_story,
        "The conversation up to a message as a test story.",
        answers={200: "The story.", 409: "The bot does not answer now."},
        media_type="application/yaml",
    ),
]
