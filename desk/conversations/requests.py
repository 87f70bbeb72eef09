"""What the bot's actions may ask of a conversation.

An action only asks: its words ("você é a 3ª da fila") still go out as the bot's. The bridge
applies the requests in the transaction that ends the turn.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.groups import Automation
from desk.configuration.values import read_configuration
from desk.conversations.handoff_tickets import ticket_for_handoff
from desk.conversations.queue_order import goes_before
from desk.conversations.routing.choose import choose_queue, queue_of_ticket
from desk.conversations.routing.classifier import Guess
from desk.conversations.tables import Conversation, TurnRequest
from desk.db import upsert
from desk.hours.calendars import calendar_of_queue
from desk.hours.clock import is_open, next_opening
from desk.states import Owner, Status
from desk.team.presence import count_agents_online
from desk.team.tables import Queue

HANDOFF, STATUS, STAY_ENDED = "handoff", "status", "stay_ended"
MAX_SUMMARY_CHARS = 2000
_MINUTES_PER_SERVICE = 5


@dataclass(frozen=True)
class Outlook:
    """What a customer who asks for a person can expect.

    ``position`` counts from 1; ``expected_wait_minutes`` is None when nobody is online.
    ``opens_at``: outside business hours, when they begin, in the queue's own zone; None while it
    is open. ``tells_place``: admins want customers to hear their place.
    """

    queue_name: str
    position: int
    agents_online: int
    expected_wait_minutes: int | None
    ticket_number: str = ""
    opens_at: datetime | None = None
    tells_place: bool = True


async def request_handoff(
    session: AsyncSession,
    conversation: Conversation,
    message_id: int | None,
    *,
    reason: str,
    request_type_id: int | None = None,
    subject: str = "",
    summary: str = "",
    guess: Guess | None = None,
) -> Outlook:
    """Asks that a person takes over, in the queue of the request's nature.

    ``guess``: what ``Router.route`` says, asked before the transaction began.

    The matter gets a ticket, or the conversation's active one is used.
    """
    ticket = await ticket_for_handoff(
        session,
        conversation,
        subject=subject,
        description=summary,
        request_type_id=request_type_id,
    )
    wanted = await choose_queue(session, ticket.request_type_id or request_type_id, guess)
    choice = await queue_of_ticket(session, ticket, wanted)
    data = {
        "queue_id": choice.queue_id,
        "reason": reason,
        "summary": summary[:MAX_SUMMARY_CHARS],
        "routing": choice.routing,
    }
    await _request(session, message_id, HANDOFF, data)
    outlook = await queue_outlook(session, conversation, choice.queue_id)
    return replace(outlook, ticket_number=ticket.number)


async def request_status(
    session: AsyncSession, conversation: Conversation, message_id: int | None, status: str
) -> None:
    """Asks that the service's status becomes this one when the turn ends."""
    del conversation
    await _request(session, message_id, STATUS, {"status": Status(status).value})


async def request_stay_ended(
    session: AsyncSession, conversation: Conversation, message_id: int | None
) -> None:
    """Asks that this message (a rating, its comment, thanks) does not reopen an ended service."""
    del conversation
    await _request(session, message_id, STAY_ENDED, {})


async def queue_outlook(
    session: AsyncSession, conversation: Conversation, queue_id: int | None
) -> Outlook:
    """The place in a queue and who is there to answer; counts those before this conversation."""
    queue = await session.get(Queue, queue_id) if queue_id is not None else None
    ahead = select(func.count(Conversation.id)).where(
        Conversation.owner == Owner.QUEUE,
        Conversation.queue_id == queue_id,
        Conversation.id != conversation.id,
    )
    if conversation.owner is Owner.QUEUE and conversation.waiting_since is not None:
        ahead = ahead.where(goes_before(conversation))
    else:  # It will come last among those of its priority.
        ahead = ahead.where(Conversation.priority >= conversation.priority)
    position = 1 + (await session.execute(ahead)).scalar_one()
    online = await count_agents_online(session, queue_id)
    wait = -(-position * _MINUTES_PER_SERVICE // online) if online else None
    now = datetime.now(UTC)
    calendar = await calendar_of_queue(session, queue_id)
    automation = await read_configuration(session, Automation)
    return Outlook(
        queue.name if queue else "",
        position,
        online,
        wait,
        opens_at=None if is_open(calendar, now) else next_opening(calendar, now),
        tells_place=automation.tell_place_in_queue,
    )


async def _request(
    session: AsyncSession, message_id: int | None, kind: str, data: dict[str, Any]
) -> None:
    if message_id is None:  # rasa shell has no bridge that could apply it
        return
    insert = upsert(session)
    row = insert(TurnRequest).values(message_id=message_id, kind=kind, data=data)
    await session.execute(
        row.on_conflict_do_update(index_elements=["message_id", "kind"], set_={"data": data})
    )
