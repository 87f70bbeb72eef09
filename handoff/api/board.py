"""The board of queues, and what changes a conversation's place and holder."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, model_validator
from sanic import HTTPResponse, Request
from sanic.response import json
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.access import visible_conversation
from desk.conversations.board import QueueBoard, TeamMember, read_board
from desk.conversations.ownership import take_over
from desk.conversations.queue_order import Place, move_before, move_in_queue
from desk.conversations.rows import ConversationRow
from desk.conversations.tables import Conversation
from desk.conversations.transfer import Colleague, targets_for
from desk.events.log import by_agent
from desk.team.tables import Queue
from handoff.api.answers import ConversationWhole, RoutingShown
from handoff.api.conversations import Nothing, change_conversation, routing_json
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of


class Move(Shape):
    """Where it goes: one of both. ``before``: the conversation that it goes right before."""

    to: Place | None = None
    before: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Move":
        if (self.to is None) == (self.before is None):
            raise ValueError("Informe to ou before.")
        return self


class PersonShown(BaseModel):
    """Somebody of the team. ``presence``: available, away or offline; ``load`` of ``capacity``."""

    id: int
    name: str
    email: str
    presence: str
    load: int
    capacity: int


class MemberShown(PersonShown):
    """Somebody of the team, with their queues' slugs."""

    role: str
    queues: list[str]
    last_seen_at: str | None


class BoardRow(BaseModel):
    """A conversation on the board. ``sentiment``: -1, 0, 1 or null."""

    id: str
    contact: str
    status: str
    assignee: str | None
    priority: int
    sentiment: int | None
    routing: RoutingShown | None
    waiting_since: str | None


class QueueShown(BaseModel):
    """A queue. At most fifty rows a list; ``waiting`` is in queue order, the counts are whole."""

    slug: str
    name: str
    assignment: str
    is_open: bool
    opens_at: str | None
    waiting_count: int
    longest_wait_since: str | None
    in_service_count: int
    first_responses_today: int
    mean_first_response_seconds: float | None
    waiting: list[BoardRow]
    in_service: list[BoardRow]
    agents: list[PersonShown]


class BoardShown(BaseModel):
    """Queues in menu order; people who are there first; what was taken straight from the bot."""

    queues: list[QueueShown]
    team: list[MemberShown]
    without_queue: list[BoardRow]


class QueueTarget(BaseModel):
    """A queue to which it may go."""

    slug: str
    name: str


class TargetsShown(BaseModel):
    """Where a conversation may go; the best placed people first."""

    agents: list[PersonShown]
    queues: list[QueueTarget]


@api_user("agent", "supervisor", "admin")
async def show_board(request: Request) -> HTTPResponse:
    """The queues that the user may see, as they stand."""
    services = services_of(request)
    async with services.database.reading() as session:
        board = await read_board(
            session, current_user(request), datetime.now(UTC), services.settings.zone
        )
    slugs = {each.queue.id: each.queue.slug for each in board.queues}
    shown = BoardShown(
        queues=[_queue(each) for each in board.queues],
        team=[_member(each, slugs) for each in board.team],
        without_queue=[_row(each) for each in board.without_queue],
    )
    return json(shown.model_dump())


@api_user("agent", "supervisor", "admin")
async def show_targets(request: Request, conversation_id: str) -> HTTPResponse:
    """To whom the user may transfer the conversation."""
    async with services_of(request).database.reading() as session:
        user = current_user(request)
        found = await visible_conversation(session, user, conversation_id)
        targets = await targets_for(session, user, found)
    shown = TargetsShown(
        agents=[PersonShown(**person_json(each)) for each in targets.agents],
        queues=[_target(each) for each in targets.queues],
    )
    return json(shown.model_dump())


@api_user("supervisor", "admin")
async def take_over_one(request: Request, conversation_id: str) -> HTTPResponse:
    """Takes the conversation from whoever has it."""
    read_body(request, Nothing)
    user = current_user(request)

    async def change(session: AsyncSession, found: Conversation) -> Conversation:
        return await take_over(session, found.id, user)

    return await change_conversation(request, conversation_id, change)


@api_user("supervisor", "admin")
async def move_one(request: Request, conversation_id: str) -> HTTPResponse:
    """Changes the place among those of its priority in its queue."""
    body = read_body(request, Move)
    user = current_user(request)

    async def change(session: AsyncSession, found: Conversation) -> Conversation:
        if body.before is None:
            await move_in_queue(session, found, body.to or "top", by_agent(user.id))
        else:
            other = await visible_conversation(session, user, body.before)
            await move_before(session, found, other, by_agent(user.id))
        return found

    return await change_conversation(request, conversation_id, change)


def person_json(person: Colleague) -> dict[str, Any]:
    """Somebody of the team as programs read it."""
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "presence": person.standing.value,
        "load": person.load,
        "capacity": person.capacity,
    }


def _member(member: TeamMember, slugs: dict[int, str]) -> MemberShown:
    return MemberShown(
        **person_json(member.colleague),
        role=member.role.value,
        queues=[slug for queue_id, slug in slugs.items() if queue_id in member.queue_ids],
        last_seen_at=_iso(member.last_seen_at),
    )


def _queue(board: QueueBoard) -> QueueShown:
    responses = board.first_responses
    return QueueShown(
        slug=board.queue.slug,
        name=board.queue.name,
        assignment=board.queue.assignment.value,
        is_open=board.is_open,
        opens_at=_iso(board.opens_at),
        waiting_count=board.waiting_count,
        longest_wait_since=_iso(board.longest_since),
        in_service_count=board.in_service_count,
        first_responses_today=responses.count if responses else 0,
        mean_first_response_seconds=round(responses.mean_seconds, 1) if responses else None,
        waiting=[_row(row) for row in board.waiting],
        in_service=[_row(row) for row in board.in_service],
        agents=[PersonShown(**person_json(member.colleague)) for member in board.serving],
    )


def _row(row: ConversationRow) -> BoardRow:
    return BoardRow(
        id=row.public_id,
        contact=row.contact_name,
        status=row.status.value,
        assignee=row.assignee_name or None,
        priority=row.priority,
        sentiment=row.sentiment,
        routing=RoutingShown(**routing) if (routing := routing_json(row.routing)) else None,
        waiting_since=_iso(row.waiting_since),
    )


def _target(queue: Queue) -> QueueTarget:
    return QueueTarget(slug=queue.slug, name=queue.name)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


_ONE = "/conversations/<conversation_id:str>"
_CHANGED = {200: "The conversation as it stands.", 409: "It changed hands meanwhile."}

ENDPOINTS = [
    Endpoint("GET", "/board", show_board, "The queues as they stand.", returns=BoardShown),
    Endpoint("GET", _ONE + "/targets", show_targets, "Who may get it.", returns=TargetsShown),
    Endpoint(
        "POST",
        _ONE + "/take-over",
        take_over_one,
        "Take over.",
        Nothing,
        answers=_CHANGED,
        returns=ConversationWhole,
    ),
    Endpoint(
        "POST",
        _ONE + "/position",
        move_one,
        "Reorder.",
        Move,
        answers=_CHANGED,
        returns=ConversationWhole,
    ),
]
