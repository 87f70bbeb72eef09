"""The order in a queue: priority, then what a supervisor reordered, then who waits longest."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.priority import priority_label
from desk.conversations.tables import Conversation
from desk.errors import Conflict, Invalid
from desk.events.log import Actor, record_event
from desk.states import Owner
from desk.team.tables import Queue

Place = Literal["top", "up", "down", "bottom"]
MOST_REORDERED = 1000


def in_queue_order() -> tuple[Any, ...]:
    """What a query of waiting conversations is ordered by."""
    return (
        Conversation.priority.desc(),
        Conversation.queue_rank.desc(),
        Conversation.waiting_since,
        Conversation.id,
    )


def goes_before(other: Conversation) -> ColumnElement[bool]:
    """The condition under which a conversation of the same queue is answered before this one."""
    same_level = Conversation.priority == other.priority
    same_rank = and_(same_level, Conversation.queue_rank == other.queue_rank)
    return or_(
        Conversation.priority > other.priority,
        and_(same_level, Conversation.queue_rank > other.queue_rank),
        and_(same_rank, Conversation.waiting_since < other.waiting_since),
        and_(
            same_rank,
            Conversation.waiting_since == other.waiting_since,
            Conversation.id < other.id,
        ),
    )


async def move_in_queue(
    session: AsyncSession, conversation: Conversation, place: Place, actor: Actor
) -> None:
    """Lets a waiting conversation go first, last, or change places with its neighbour.

    Only among those of its own priority; at the end of the way nothing changes.

    Raises:
        Conflict: it does not wait any more.
    """
    line = await _line_of(session, conversation)
    at = _position(line, conversation)
    to = {"top": 0, "up": max(0, at - 1), "down": at + 1, "bottom": len(line) - 1}[place]
    await _rearrange(session, line, at, min(to, len(line) - 1), actor)


async def move_before(
    session: AsyncSession, conversation: Conversation, other: Conversation, actor: Actor
) -> None:
    """Lets a waiting conversation go right before another one of its queue.

    Raises:
        Conflict: one of them does not wait any more.
        Invalid: the other waits elsewhere or with another priority.
    """
    if other.queue_id != conversation.queue_id or other.priority != conversation.priority:
        label = priority_label(conversation.priority)
        raise Invalid(
            "before", "A ordem muda só entre os de mesma prioridade ({label}).", label=label
        )
    line = await _line_of(session, conversation)
    at, to = _position(line, conversation), _position(line, other)
    await _rearrange(session, line, at, to - 1 if at < to else to, actor)


async def _line_of(session: AsyncSession, conversation: Conversation) -> list[Conversation]:
    """Who waits in this queue with this priority, held in order: one reorders at a time."""
    if conversation.owner is not Owner.QUEUE:
        raise Conflict("Esta conversa não está mais na fila.")
    await session.get(Queue, conversation.queue_id or 0, with_for_update={"key_share": True})
    query = (
        select(Conversation)
        .where(
            Conversation.owner == Owner.QUEUE,
            Conversation.queue_id == conversation.queue_id,
            Conversation.priority == conversation.priority,
        )
        .order_by(*in_queue_order())
        .limit(MOST_REORDERED)
        .execution_options(populate_existing=True)
    )
    return list((await session.execute(query)).scalars())


def _position(line: Sequence[Conversation], wanted: Conversation) -> int:
    for position, each in enumerate(line):
        if each.id == wanted.id:
            return position
    raise Conflict("Esta conversa não está mais na fila.")


def _arrival(conversation: Conversation) -> tuple[datetime, int]:
    return conversation.waiting_since or conversation.last_message_at, conversation.id


async def _rearrange(
    session: AsyncSession, line: list[Conversation], at: int, to: int, actor: Actor
) -> None:
    if at == to:
        return
    moved = line[at]
    line.insert(to, line.pop(at))
    # From the end on, each one's rank is raised only as far as its new place demands.
    for before, after in zip(line[-2::-1], line[:0:-1], strict=True):
        came_first = _arrival(before) < _arrival(after)
        needed = after.queue_rank + (0 if came_first else 1)
        before.queue_rank = max(before.queue_rank, needed)
    await session.flush()
    await record_event(
        session,
        "conversation.reordered",
        actor,
        conversation_id=moved.id,
        before=at + 1,
        after=to + 1,
    )
