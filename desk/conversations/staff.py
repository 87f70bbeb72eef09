"""Who leaves and what closes: conversations never stay behind with somebody who cannot answer."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.ownership import assign_to_queue, return_to_queue
from desk.conversations.routing.choose import routing_of_move
from desk.conversations.tables import Conversation
from desk.errors import Conflict, Invalid
from desk.events.log import SYSTEM, Actor, record_event
from desk.states import Owner
from desk.team.queue_settings import switch_queue_off
from desk.team.tables import Queue, Role, User
from desk.team.user_settings import UserValues, change_user, switch_user_off
from desk.tickets.tables import RequestType


async def change_team_member(
    session: AsyncSession, user: User, values: UserValues, actor: Actor
) -> None:
    """Changes a person; who no longer answers conversations gives theirs back.

    Raises:
        Invalid: see ``change_user``.
    """
    await change_user(session, user, values, actor)
    if user.role is Role.DESIGNER:
        await return_all_of(session, user.id, actor)


async def deactivate_user(session: AsyncSession, user: User, actor: Actor) -> int:
    """Ends a person's access; their conversations return to their queues. Says how many.

    Raises:
        Conflict: it is oneself.
        Invalid: no admin would be left.
    """
    await switch_user_off(session, user, actor)
    return await return_all_of(session, user.id, actor)


async def return_all_of(session: AsyncSession, user_id: int, actor: Actor) -> int:
    """Everything that a person holds waits again; says how much it was."""
    query = select(Conversation.id).where(
        Conversation.owner == Owner.AGENT, Conversation.assignee_id == user_id
    )
    held = (await session.execute(query)).scalars().all()
    for conversation_id in held:
        await return_to_queue(session, conversation_id, actor)
    return len(held)


async def count_in_queue(session: AsyncSession, queue_id: int) -> int:
    """How many conversations wait in a queue or are with an agent in its name."""
    query = select(func.count(Conversation.id)).where(
        Conversation.queue_id == queue_id, Conversation.owner != Owner.BOT
    )
    return (await session.execute(query)).scalar_one()


async def deactivate_queue(
    session: AsyncSession, queue: Queue, actor: Actor, move_to: Queue | None = None
) -> int:
    """Closes a queue; what it holds moves to another. Says how many conversations moved.

    Raises:
        Conflict: it is the last one, or it holds conversations and none was named for them.
        Invalid: the other queue is closed or the same.
    """
    if move_to is not None and (move_to.id == queue.id or not move_to.active):
        raise Invalid("move_to", "Escolha outra fila, ativa, para as conversas.")
    held = await count_in_queue(session, queue.id)
    if held and move_to is None:
        raise Conflict(
            "Esta fila tem {held} conversa(s). Escolha para qual fila elas vão.", held=held
        )
    await switch_queue_off(session, queue, actor)
    if move_to is not None:
        await _move_conversations(session, queue, move_to, actor)
    await session.execute(
        update(RequestType)
        .where(RequestType.queue_id == queue.id)
        .values(queue_id=move_to.id if move_to else None)
    )
    return held


async def _move_conversations(
    session: AsyncSession, queue: Queue, move_to: Queue, actor: Actor
) -> None:
    for conversation_id in await _ids(session, queue, Owner.QUEUE):
        await assign_to_queue(
            session, conversation_id, move_to, actor, routing_of_move(None, SYSTEM)
        )
    for conversation_id in await _ids(session, queue, Owner.AGENT):
        # The agent goes on with it; only where it would return to is another.
        await session.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id)
            .values(queue_id=move_to.id, routing=routing_of_move(None, SYSTEM))
        )
        await record_event(
            session,
            "conversation.queue_changed",
            actor,
            conversation_id=conversation_id,
            before=queue.id,
            after=move_to.id,
        )


async def _ids(session: AsyncSession, queue: Queue, owner: Owner) -> Sequence[int]:
    query = select(Conversation.id).where(
        Conversation.queue_id == queue.id, Conversation.owner == owner
    )
    return (await session.execute(query.order_by(Conversation.id))).scalars().all()
