"""Conversations: lists, one, its history, and who answers it."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import json
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.access import visible_conversation
from desk.conversations.history import conversation_history
from desk.conversations.ownership import claim, set_priority, set_status
from desk.conversations.priority import NORMAL, URGENT
from desk.conversations.routing.reasons import Reason
from desk.conversations.routing.teaching import use_as_example
from desk.conversations.rows import ConversationRow, rows_of
from desk.conversations.tables import Conversation
from desk.conversations.transfer import (
    give_back,
    give_to_bot,
    transfer_to_agent,
    transfer_to_queue,
)
from desk.db import MAX_KEY
from desk.errors import NotFound
from desk.events.log import by_agent
from desk.states import Status
from desk.team.queues import find_queue
from desk.team.users import find_user
from handoff.api.answers import ConversationWhole
from handoff.api.endpoints import Endpoint, Shape
from handoff.api.history import HistoryShown, history_json
from handoff.problems import Problem, read_body
from handoff.security import api_user, current_user
from handoff.services import services_of

Change = Callable[[AsyncSession, Conversation], Awaitable[Conversation]]


class Nothing(Shape):
    """An empty object."""


class Assignment(Shape):
    """An agent's e-mail or a queue's slug, one of both."""

    agent: str | None = None
    queue: str | None = None


class TaughtSentence(Shape):
    """A message of the customer's; the one that tells most where none is named."""

    message_id: int | None = Field(default=None, ge=1, le=MAX_KEY)


class StatusChange(Shape):
    """A status of FLOWS."""

    status: Literal["open", "in_service", "waiting", "resolved", "closed"]


class PriorityChange(Shape):
    """0 normal, 1 high, 2 urgent: higher goes first."""

    priority: int = Field(ge=NORMAL, le=URGENT)


def routing_json(reason: Reason | None) -> dict[str, Any] | None:
    """Why a conversation is in its queue, as programs read it."""
    if reason is None:
        return None
    return {
        "how": reason.how,
        "request_type": reason.request_type or None,
        "example": reason.example or None,
        "from_chat": reason.from_chat,
        "confidence": reason.confidence,
        "person": reason.person or None,
    }


def conversation_json(row: ConversationRow) -> dict[str, Any]:
    """A conversation as programs read it."""
    return {
        "id": row.public_id,
        "contact": {"name": row.contact_name},
        "company": row.company_name or None,
        "channel": {"id": row.channel_id, "kind": row.channel_kind, "brand": row.channel_brand},
        "status": row.status.value,
        "owner": row.owner.value,
        "queue": row.queue_name or None,
        "assignee": row.assignee_name or None,
        "priority": row.priority,
        "sentiment": row.sentiment,
        "routing": routing_json(row.routing),
        "tags": [tag.name for tag in row.tags],
        "waiting_since": row.waiting_since.isoformat() if row.waiting_since else None,
        "reopened_at": row.reopened_at.isoformat() if row.reopened_at else None,
        "last_message_at": row.last_message_at.isoformat(),
        "created_at": row.created_at.isoformat(),
        "unread": row.unread,
        "unread_count": row.unread_count,
        "service_level": _level_json(row),
    }


def _level_json(row: ConversationRow) -> dict[str, Any] | None:
    if row.level is None:
        return None
    due_at = row.level.due_at
    return {
        "kind": row.level.kind.value,
        "state": row.level.state.value,
        "due_at": due_at.isoformat() if due_at else None,
    }


@api_user("agent", "supervisor", "admin")
async def show_one(request: Request, conversation_id: str) -> HTTPResponse:
    """One conversation."""
    async with services_of(request).database.reading() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        return await _shown(session, found)


@api_user("agent", "supervisor", "admin")
async def list_events(request: Request, conversation_id: str) -> HTTPResponse:
    """Every status and owner, by whom, and for how long."""
    async with services_of(request).database.reading() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        history = await conversation_history(session, found)
    return json(history_json(history))


@api_user("agent", "supervisor", "admin")
async def claim_one(request: Request, conversation_id: str) -> HTTPResponse:
    """Takes the conversation; 409 when another agent has it."""
    read_body(request, Nothing)
    user = current_user(request)

    async def change(session: AsyncSession, found: Conversation) -> Conversation:
        return await claim(session, found.id, user)

    return await change_conversation(request, conversation_id, change)


@api_user("agent", "supervisor", "admin")
async def assign_one(request: Request, conversation_id: str) -> HTTPResponse:
    """Gives the conversation to an agent or a queue."""
    body = read_body(request, Assignment)
    if (body.agent is None) == (body.queue is None):
        raise Problem(400, "Informe um agente ou uma fila.", field="agent")
    user = current_user(request)

    async def change(session: AsyncSession, found: Conversation) -> Conversation:
        if body.queue is not None:
            queue = await find_queue(session, body.queue)
            if queue is None:
                raise NotFound("Fila não encontrada.")
            return await transfer_to_queue(session, found, user, queue)
        agent = await find_user(session, body.agent or "")
        if agent is None:
            raise NotFound("Agente não encontrado.")
        return await transfer_to_agent(session, found, user, agent)

    return await change_conversation(request, conversation_id, change)


@api_user("agent", "supervisor", "admin")
async def return_one(request: Request, conversation_id: str) -> HTTPResponse:
    """Returns the conversation to its queue."""
    read_body(request, Nothing)
    user = current_user(request)

    async def change(session: AsyncSession, found: Conversation) -> Conversation:
        return await give_back(session, found, user)

    return await change_conversation(request, conversation_id, change)


@api_user("agent", "supervisor", "admin")
async def release_one(request: Request, conversation_id: str) -> HTTPResponse:
    """Gives the conversation back to the bot."""
    read_body(request, Nothing)
    user = current_user(request)

    async def change(session: AsyncSession, found: Conversation) -> Conversation:
        return await give_to_bot(session, found, user)

    return await change_conversation(request, conversation_id, change)


@api_user("agent", "supervisor", "admin")
async def change_status(request: Request, conversation_id: str) -> HTTPResponse:
    """Sets the status; resolving or closing gives the conversation back to the bot."""
    status = Status(read_body(request, StatusChange).status)
    actor = by_agent(current_user(request).id)

    async def change(session: AsyncSession, found: Conversation) -> Conversation:
        return await set_status(session, found.id, status, actor)

    return await change_conversation(request, conversation_id, change)


@api_user("supervisor", "admin")
async def change_priority(request: Request, conversation_id: str) -> HTTPResponse:
    """Sets the place in the queue."""
    priority = read_body(request, PriorityChange).priority
    actor = by_agent(current_user(request).id)

    async def change(session: AsyncSession, found: Conversation) -> Conversation:
        return await set_priority(session, found.id, priority, actor)

    return await change_conversation(request, conversation_id, change)


@api_user("supervisor", "admin")
async def learn_from_one(request: Request, conversation_id: str) -> HTTPResponse:
    """Makes what the customer wrote an example of the queue that the conversation is in."""
    chosen = read_body(request, TaughtSentence).message_id
    actor = by_agent(current_user(request).id)

    async def change(session: AsyncSession, found: Conversation) -> Conversation:
        await use_as_example(session, found, actor, chosen)
        return found

    return await change_conversation(request, conversation_id, change)


async def change_conversation(request: Request, public_id: str, change: Change) -> HTTPResponse:
    """Does something to a conversation that the user may see, and shows how it stands then."""
    services = services_of(request)
    async with services.database.transaction() as session:
        found = await visible_conversation(session, current_user(request), public_id)
        answer = await _shown(session, await change(session, found))
    services.pulse.beat()
    return answer


async def _shown(session: AsyncSession, conversation: Conversation) -> HTTPResponse:
    (row,) = await rows_of(session, [conversation])
    return json({**conversation_json(row), "summary": conversation.summary})


_ONE = "/conversations/<conversation_id:str>"
_CHANGED = {200: "The conversation as it stands.", 409: "Somebody else was first."}

ENDPOINTS = [
    Endpoint("GET", _ONE, show_one, "One conversation.", returns=ConversationWhole),
    Endpoint(
        "GET", _ONE + "/events", list_events, "Its history with durations.", returns=HistoryShown
    ),
    Endpoint(
        "POST",
        _ONE + "/claim",
        claim_one,
        "Take it.",
        Nothing,
        answers=_CHANGED,
        returns=ConversationWhole,
    ),
    Endpoint(
        "POST",
        _ONE + "/assign",
        assign_one,
        "Give it away.",
        Assignment,
        answers=_CHANGED,
        returns=ConversationWhole,
    ),
    Endpoint(
        "POST",
        _ONE + "/return",
        return_one,
        "Return it.",
        Nothing,
        answers=_CHANGED,
        returns=ConversationWhole,
    ),
    Endpoint(
        "POST",
        _ONE + "/release",
        release_one,
        "Back to the bot.",
        Nothing,
        answers=_CHANGED,
        returns=ConversationWhole,
    ),
    Endpoint(
        "POST",
        _ONE + "/status",
        change_status,
        "Set the status.",
        StatusChange,
        returns=ConversationWhole,
    ),
    Endpoint(
        "POST",
        _ONE + "/priority",
        change_priority,
        "Set the priority.",
        PriorityChange,
        returns=ConversationWhole,
    ),
    Endpoint(
        "POST",
        _ONE + "/example",
        learn_from_one,
        "Use it as an example for routing.",
        TaughtSentence,
        answers={200: "The conversation as it stands.", 409: "It tells nothing to learn from."},
        returns=ConversationWhole,
    ),
]
