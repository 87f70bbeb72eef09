"""Conversations in which a customer waits for an agent who does not answer: back to the queue.

Only in queues that ask for it (``Queue.idle_minutes``). An agent who left while the customer waits
is waited for no longer than ``GONE_SECONDS``. The bot's conversations are never touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.assignment import IDLE, OWNER_CHANGED
from desk.conversations.filters import unindexed
from desk.conversations.find import lock_conversation
from desk.conversations.ownership import return_to_queue
from desk.conversations.tables import Conversation
from desk.events.log import RULE
from desk.events.tables import Event
from desk.states import ACTIVE, Owner, Status
from desk.team.presence import ONLINE_SECONDS
from desk.team.tables import Queue, User

GONE_SECONDS = 120
_SOONEST_SECONDS = 60
_BATCH = 200


@dataclass(frozen=True)
class _Unanswered:
    conversation_id: int
    waiting_since: datetime
    idle_minutes: int
    agent_seen_at: datetime | None


async def idle_conversations(session: AsyncSession, now: datetime | None = None) -> list[int]:
    """Conversations whose agent has let the customer wait too long, longest wait first."""
    at = now or datetime.now(UTC)
    found = await session.execute(_unanswered(at).limit(_BATCH))
    waiting = [_Unanswered(*row) for row in found]
    since = await _owned_since(session, [each.conversation_id for each in waiting])
    return [
        each.conversation_id
        for each in waiting
        if _is_idle(each, since.get(each.conversation_id, each.waiting_since), at)
    ]


async def return_idle(
    session: AsyncSession, conversation_id: int, now: datetime | None = None
) -> bool:
    """Puts one back into its queue; False when it was answered or changed hands meanwhile."""
    at = now or datetime.now(UTC)
    await lock_conversation(session, conversation_id)
    row = await session.execute(_unanswered(at).where(Conversation.id == conversation_id))
    found = row.one_or_none()
    if found is None:
        return False
    since = await _owned_since(session, [conversation_id])
    unanswered = _Unanswered(*found)
    if not _is_idle(unanswered, since.get(conversation_id, unanswered.waiting_since), at):
        return False
    gone = _is_gone(unanswered, at)
    await return_to_queue(session, conversation_id, RULE, reason=IDLE, agent_gone=gone)
    return True


def _unanswered(at: datetime) -> Select[Any, Any, Any, Any]:
    """Those in which a customer waits; one that was set aside since they wrote does not count."""
    return (
        select(Conversation.id, Conversation.waiting_since, Queue.idle_minutes, User.last_seen_at)
        .join(Queue, Queue.id == Conversation.queue_id)
        .join(User, User.id == Conversation.assignee_id)
        .where(
            Conversation.owner == Owner.AGENT,
            Queue.idle_minutes.is_not(None),
            Conversation.status.in_(ACTIVE),
            Conversation.waiting_since < at - timedelta(seconds=_SOONEST_SECONDS),
            or_(
                Conversation.status != Status.WAITING,
                Conversation.waiting_since > Conversation.status_since,
            ),
        )
        .order_by(Conversation.waiting_since)
    )


async def _owned_since(
    session: AsyncSession, conversation_ids: Sequence[int]
) -> dict[int, datetime]:
    """When each came to whom it is with now."""
    newest = (
        select(func.max(Event.seq))
        .where(Event.conversation_id.in_(conversation_ids), unindexed(Event.kind) == OWNER_CHANGED)
        .group_by(Event.conversation_id)
    )
    query = select(Event.conversation_id, Event.at).where(Event.seq.in_(newest))
    return {row.conversation_id: row.at for row in await session.execute(query)}


def _is_idle(unanswered: _Unanswered, owned_since: datetime, at: datetime) -> bool:
    silent = at - max(unanswered.waiting_since, owned_since)
    if silent > timedelta(minutes=unanswered.idle_minutes):
        return True
    # Who was given it while away from the desk has the whole time: only leaving shortens it.
    seen = unanswered.agent_seen_at
    was_here = seen is not None and seen > owned_since - timedelta(seconds=ONLINE_SECONDS)
    return was_here and _is_gone(unanswered, at) and silent > timedelta(seconds=GONE_SECONDS)


def _is_gone(unanswered: _Unanswered, at: datetime) -> bool:
    seen = unanswered.agent_seen_at
    return seen is None or seen < at - timedelta(seconds=GONE_SECONDS)
