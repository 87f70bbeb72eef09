"""The queue of a conversation that is handed off, and why: its type's, the learned, the default."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.routing.classifier import CONFIDENT, Guess
from desk.events.log import BOT, Actor
from desk.team.queues import default_queue
from desk.team.tables import Queue
from desk.tickets.filing import move_ticket
from desk.tickets.tables import RequestType, Ticket

REQUEST_TYPE, LEARNED, TICKET, DEFAULT, PERSON, MOVED = (
    "request_type",
    "learned",
    "ticket",
    "default",
    "person",
    "moved",
)
"""Ways to a queue: ``ticket``: the queue that the conversation's ticket was in already;
``person``: somebody of the team moved it; ``moved``: its queue was closed."""


@dataclass(frozen=True)
class Choice:
    """A queue; ``routing``: why, in ids and figures alone, as events and conversations keep it."""

    queue_id: int | None
    routing: dict[str, Any]


async def choose_queue(
    session: AsyncSession, request_type_id: int | None, guess: Guess | None = None
) -> Choice:
    """The queue of the request's type; without one, what was learned, when that is sure enough."""
    told = {"message_id": guess.message_id} if guess and guess.message_id else {}
    kind = await session.get(RequestType, request_type_id) if request_type_id else None
    if kind is not None and kind.queue_id is not None:
        return Choice(kind.queue_id, {"how": REQUEST_TYPE, "request_type_id": kind.id, **told})
    if guess is not None and guess.confidence >= CONFIDENT:
        queue = await session.get(Queue, guess.queue_id)
        if queue is not None and queue.active:
            learned = {"how": LEARNED, "confidence": round(guess.confidence, 3)}
            example = {"example_id": guess.example_id} if guess.example_id else {}
            return Choice(queue.id, {**learned, **example, **told})
    first = await default_queue(session)
    return Choice(first.id if first else None, {"how": DEFAULT, **told})


async def queue_of_ticket(
    session: AsyncSession, ticket: Ticket, choice: Choice | None = None
) -> Choice:
    """The queue for a conversation with this ticket: where the ticket is, if anybody put it there.

    A ticket without a nature that lies in the default queue follows what was learned.
    """
    chosen = choice or await choose_queue(session, ticket.request_type_id)
    if ticket.queue_id == chosen.queue_id:
        return chosen
    own = await choose_queue(session, ticket.request_type_id)
    if ticket.queue_id == own.queue_id and own.routing["how"] != DEFAULT:
        return own
    queue = await session.get(Queue, ticket.queue_id) if ticket.queue_id else None
    if ticket.queue_id not in (None, own.queue_id) and queue is not None and queue.active:
        return Choice(queue.id, {"how": TICKET})
    await move_ticket(session, ticket.id, chosen.queue_id, BOT)
    return chosen


def routing_of_move(before: dict[str, Any] | None, actor: Actor) -> dict[str, Any]:
    """Why a conversation is in the queue that somebody moved it to; the telling message stays."""
    told = {name: (before or {})[name] for name in ("message_id",) if name in (before or {})}
    if actor.kind != "agent":
        return {"how": MOVED, **told}
    return {"how": PERSON, "user_id": actor.id, **told}
