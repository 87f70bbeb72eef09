"""Who may give a conversation to whom.

Agents hand on what is theirs, to a colleague of its queue or to another queue, and may move what
waits in their queues. Supervisors hand on anything. Nothing goes to whom could not work it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.find import lock_conversation
from desk.conversations.load import loads_of
from desk.conversations.ownership import (
    assign_to_agent,
    assign_to_queue,
    claim,
    release,
    return_to_queue,
    take_over,
)
from desk.conversations.routing.teaching import learn_from_move
from desk.conversations.tables import Conversation
from desk.errors import Conflict, Invalid, NotAllowed
from desk.events.log import by_agent
from desk.states import Owner
from desk.team.presence import Standing, standing_of
from desk.team.tables import Queue, QueueMember, Role, User

SEES_ALL = (Role.SUPERVISOR, Role.ADMIN)


@dataclass(frozen=True)
class Colleague:
    """Somebody who may get the conversation, and how much they have already."""

    id: int
    name: str
    email: str
    standing: Standing
    load: int
    capacity: int


@dataclass(frozen=True)
class Targets:
    """Where a conversation may go: people, the best placed first, and queues in menu order."""

    agents: list[Colleague]
    queues: list[Queue]


def may_hand_on(user: User, conversation: Conversation) -> bool:
    """Whether this person may give the conversation to somebody else or back to its queue."""
    mine = conversation.owner is Owner.AGENT and conversation.assignee_id == user.id
    return mine or user.sees_all_queues


def may_move(user: User, conversation: Conversation) -> bool:
    """Whether this person may put the conversation into another queue."""
    return may_hand_on(user, conversation) or conversation.owner is Owner.QUEUE


async def transfer_to_agent(
    session: AsyncSession, conversation: Conversation, user: User, agent: User
) -> Conversation:
    """Gives a conversation to a colleague; to oneself it is a claim, or a supervisor's take-over.

    Raises:
        NotAllowed: it is not this person's to give.
        Invalid: the colleague cannot work its queue.
        Conflict: it changed hands meanwhile.
    """
    if agent.id == user.id:
        if user.sees_all_queues:
            return await take_over(session, conversation.id, user)
        return await claim(session, conversation.id, user)
    conversation = await lock_conversation(session, conversation.id)
    if not may_hand_on(user, conversation):
        raise NotAllowed(_not_yours(conversation))
    if not await _can_work(session, agent, conversation.queue_id):
        queue = await session.get(Queue, conversation.queue_id or 0)
        where = f" a fila {queue.name}" if queue else " esta conversa"
        raise Invalid(
            "agent",
            "{name} não atende{where}. Transfira para outra fila.",
            name=agent.name,
            where=where,
        )
    if conversation.owner is Owner.AGENT and conversation.assignee_id == agent.id:
        return conversation
    return await assign_to_agent(session, conversation.id, agent, by_agent(user.id))


async def transfer_to_queue(
    session: AsyncSession, conversation: Conversation, user: User, queue: Queue
) -> Conversation:
    """Moves a conversation to a queue, where it waits for a person.

    Raises:
        NotAllowed: it is not this person's to give.
        Invalid: the queue takes nothing new.
        Conflict: it waits there already.
    """
    conversation = await lock_conversation(session, conversation.id)
    if not may_move(user, conversation):
        raise NotAllowed(_not_yours(conversation))
    if not queue.active:
        raise Invalid("queue", "A fila {name} está desativada.", name=queue.name)
    if conversation.owner is Owner.QUEUE and conversation.queue_id == queue.id:
        raise Conflict("A conversa já está na fila {name}.", name=queue.name)
    await learn_from_move(session, conversation, queue, by_agent(user.id))
    return await assign_to_queue(session, conversation.id, queue, by_agent(user.id))


async def give_back(session: AsyncSession, conversation: Conversation, user: User) -> Conversation:
    """Returns a conversation to its queue.

    Raises:
        NotAllowed: another agent has it.
        Conflict: nobody has it.
    """
    conversation = await lock_conversation(session, conversation.id)
    if conversation.owner is Owner.AGENT and not may_hand_on(user, conversation):
        raise NotAllowed(_not_yours(conversation))
    return await return_to_queue(session, conversation.id, by_agent(user.id))


async def give_to_bot(
    session: AsyncSession, conversation: Conversation, user: User
) -> Conversation:
    """Lets the bot go on with a conversation, without ending it.

    Raises:
        NotAllowed: another agent has it.
        Conflict: the bot has it already.
    """
    conversation = await lock_conversation(session, conversation.id)
    if conversation.owner is Owner.AGENT and not may_hand_on(user, conversation):
        raise NotAllowed(_not_yours(conversation))
    return await release(session, conversation.id, by_agent(user.id))


async def targets_for(session: AsyncSession, user: User, conversation: Conversation) -> Targets:
    """Where this person may send the conversation now; empty lists where nowhere."""
    agents: list[Colleague] = []
    queues: list[Queue] = []
    if may_hand_on(user, conversation):
        agents = [
            each
            for each in await colleagues_of(session, conversation.queue_id)
            if each.id != user.id
            and not (conversation.owner is Owner.AGENT and each.id == conversation.assignee_id)
        ]
    if may_move(user, conversation):
        found = await session.execute(
            select(Queue).where(Queue.active).order_by(Queue.position, Queue.id)
        )
        queues = [
            each
            for each in found.scalars()
            if not (conversation.owner is Owner.QUEUE and each.id == conversation.queue_id)
        ]
    return Targets(agents, queues)


async def colleagues_of(session: AsyncSession, queue_id: int | None) -> list[Colleague]:
    """Who can work a queue (any, when it is None): those who are there first, least load first."""
    query = select(User).where(User.active, User.role != Role.DESIGNER)
    if queue_id is not None:
        members = select(QueueMember.user_id).where(QueueMember.queue_id == queue_id)
        query = query.where(or_(User.id.in_(members), User.role.in_(SEES_ALL)))
    users = (await session.execute(query)).scalars().all()
    loads = await loads_of(session, [user.id for user in users])
    found = colleagues(users, loads, datetime.now(UTC))
    order = list(Standing)
    return sorted(found, key=lambda each: (order.index(each.standing), each.load, each.name))


def colleagues(users: Sequence[User], loads: dict[int, int], now: datetime) -> list[Colleague]:
    """People with their standing and load, in the same order."""
    return [
        Colleague(
            user.id,
            user.name,
            user.email,
            standing_of(user, now),
            loads.get(user.id, 0),
            user.capacity,
        )
        for user in users
    ]


async def _can_work(session: AsyncSession, agent: User, queue_id: int | None) -> bool:
    if not agent.active or agent.role is Role.DESIGNER:
        return False
    if agent.sees_all_queues or queue_id is None:
        return True
    return await session.get(QueueMember, (queue_id, agent.id)) is not None


def _not_yours(conversation: Conversation) -> str:
    if conversation.owner is Owner.AGENT:
        return "A conversa está com outra pessoa. Só ela ou a supervisão pode passá-la adiante."
    return "Assuma a conversa antes de passá-la adiante."
