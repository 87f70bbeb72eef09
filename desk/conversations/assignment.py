"""Queues that give their conversations to agents by themselves, and take them back.

Any number of processes may run this at once: a conversation is given by compare-and-set, and the
agent's row is held while their load is counted, so that nobody gets one too many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.find import lock_conversation
from desk.conversations.load import loads_of
from desk.conversations.ownership import FORMER_ASSIGNEE
from desk.conversations.queue_order import in_queue_order
from desk.conversations.status import status_after
from desk.conversations.tables import Conversation, Message
from desk.db import database_now
from desk.errors import Conflict
from desk.events.log import RULE, record_event
from desk.events.tables import Event
from desk.states import Owner
from desk.team.presence import is_available
from desk.team.tables import Assignment, Presence, Queue, QueueMember, Role, User

AUTO_ASSIGNED, IDLE = "auto_assigned", "idle"
OWNER_CHANGED = "conversation.owner_changed"
BOT_MAY_FINISH_SECONDS = 15


@dataclass(frozen=True)
class Given:
    """A conversation and the agent who got it."""

    conversation_id: int
    agent_id: int


async def queues_that_assign(session: AsyncSession) -> Sequence[int]:
    """The queues that give by themselves and in which somebody waits."""
    waits = (
        select(Conversation.id)
        .where(Conversation.owner == Owner.QUEUE, Conversation.queue_id == Queue.id)
        .exists()
    )
    query = (
        select(Queue.id)
        .where(Queue.active, Queue.assignment != Assignment.MANUAL, waits)
        .order_by(Queue.position, Queue.id)
    )
    return (await session.execute(query)).scalars().all()


async def somebody_is_free(session: AsyncSession, queue_id: int) -> bool:
    """Whether a member of the queue could get a conversation now: a look before writing."""
    return bool(await _free_members(session, queue_id))


async def assign_next(session: AsyncSession, queue_id: int) -> Given | None:
    """Gives whoever is first in a queue to the agent whose turn it is.

    Returns:
        What was given; None when nobody waits or nobody is free.

    Raises:
        Conflict: somebody else was first; look once more in another transaction.
    """
    queue = await session.get(Queue, queue_id)
    if queue is None or not queue.active or queue.assignment is Assignment.MANUAL:
        return None
    query = (
        select(Conversation.id)
        .where(
            Conversation.owner == Owner.QUEUE,
            Conversation.queue_id == queue_id,
            ~_bot_still_speaks(datetime.now(UTC)),
        )
        .order_by(*in_queue_order())
        .limit(1)
    )
    first = (await session.execute(query)).scalar_one_or_none()
    if first is None:
        return None
    for agent_id in await _in_turn(session, queue, first):
        if await _hold_if_free(session, agent_id):
            return await _give(session, queue_id, first, agent_id)
    return None


def _bot_still_speaks(now: datetime) -> ColumnElement[bool]:
    """The bot's words about the queue are on their way: once a person has it they never go out."""
    return (
        select(Message.id)
        .where(
            Message.conversation_id == Conversation.id,
            Message.direction == "out",
            Message.author_kind == "bot",
            Message.state.in_(("pending", "sending")),
            Message.created_at > now - timedelta(seconds=BOT_MAY_FINISH_SECONDS),
        )
        .exists()
    )


async def _in_turn(session: AsyncSession, queue: Queue, conversation_id: int) -> list[int]:
    """Free members, whose turn it is first; who let this customer wait comes last."""
    members = await _free_members(session, queue.id)
    if queue.assignment is Assignment.LEAST_BUSY:
        members.sort(key=lambda member: member.load)  # Stable: the longest unasked first.
    silent = await _let_it_wait(session, conversation_id)
    members.sort(key=lambda member: member.user_id == silent)
    return [member.user_id for member in members]


@dataclass(frozen=True)
class _Member:
    user_id: int
    load: int


async def _free_members(session: AsyncSession, queue_id: int) -> list[_Member]:
    """Who is there and has room, in round-robin order: whose last one is longest ago first."""
    query = (
        select(User.id, User.capacity)
        .join(QueueMember, QueueMember.user_id == User.id)
        .where(
            QueueMember.queue_id == queue_id,
            User.role != Role.DESIGNER,
            is_available(datetime.now(UTC)),
        )
        .order_by(QueueMember.last_assigned_at.asc().nulls_first(), User.id)
    )
    members = (await session.execute(query)).all()
    loads = await loads_of(session, [user_id for user_id, _ in members])
    return [
        _Member(user_id, loads[user_id])
        for user_id, capacity in members
        if loads[user_id] < capacity
    ]


async def _let_it_wait(session: AsyncSession, conversation_id: int) -> int | None:
    """The agent from whom this conversation was just taken back, if it was."""
    query = (
        select(Event.data)
        .where(Event.conversation_id == conversation_id, Event.kind == OWNER_CHANGED)
        .order_by(Event.seq.desc())
        .limit(1)
    )
    data = (await session.execute(query)).scalar_one_or_none() or {}
    return data.get(FORMER_ASSIGNEE) if data.get("reason") == IDLE else None


async def _hold_if_free(session: AsyncSession, agent_id: int) -> bool:
    """Holds an agent's row, so that their load cannot grow elsewhere, and looks once more.

    Whoever is just being given something by another process is passed over: waiting for them
    while holding others is how two processes would block each other.
    """
    query = (
        select(User)
        .where(User.id == agent_id)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    agent = (await session.execute(query)).scalar_one_or_none()
    if agent is None or not agent.active or agent.presence is not Presence.AVAILABLE:
        return False
    loads = await loads_of(session, [agent_id])
    return loads[agent_id] < agent.capacity


async def _give(session: AsyncSession, queue_id: int, conversation_id: int, agent_id: int) -> Given:
    taken = await session.execute(
        update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.owner == Owner.QUEUE,
            Conversation.queue_id == queue_id,
        )
        .values(owner=Owner.AGENT, assignee_id=agent_id, epoch=Conversation.epoch + 1)
        .returning(Conversation.epoch)
        .execution_options(synchronize_session=False)
    )
    epoch = taken.scalar_one_or_none()
    if epoch is None:
        raise Conflict("Outra pessoa foi mais rápida.")
    conversation = await lock_conversation(session, conversation_id)
    await session.execute(
        update(QueueMember)
        .where(QueueMember.queue_id == queue_id, QueueMember.user_id == agent_id)
        .values(last_assigned_at=await database_now(session))
        .execution_options(synchronize_session=False)
    )
    await record_event(
        session,
        OWNER_CHANGED,
        RULE,
        conversation_id=conversation_id,
        before=Owner.QUEUE.value,
        after=Owner.AGENT.value,
        epoch=epoch,
        reason=AUTO_ASSIGNED,
        assignee_id=agent_id,
    )
    await status_after(session, conversation, "given_to_person", RULE)
    return Given(conversation_id, agent_id)
