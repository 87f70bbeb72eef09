"""The ownership ledger: who answers a conversation, and every change of it.

``owner`` and ``epoch`` change here and nowhere else. Each change is an event; a bot reply of
an older epoch is never delivered, so the bot cannot talk over a person.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.settings import PEOPLE
from desk.channels.tables import Channel
from desk.conversations.append import append_message
from desk.conversations.find import lock_conversation
from desk.conversations.handoff_tickets import end_handoff_tickets
from desk.conversations.routing.choose import routing_of_move
from desk.conversations.status import apply_status, status_after
from desk.conversations.tables import Conversation, Message
from desk.db import database_now
from desk.errors import ClaimedByOther, Conflict, NotFound
from desk.events.log import SYSTEM, Actor, by_agent, record_event
from desk.states import ENDED, OWNER_AFTER, Owner, Status
from desk.team.queues import default_queue
from desk.team.tables import Queue, User

HUMAN_FINISHED = "/human_finished"
FORMER_QUEUE = "former_queue_id"
FORMER_ASSIGNEE = "former_assignee_id"


async def hand_off(
    session: AsyncSession,
    conversation: Conversation,
    actor: Actor,
    *,
    queue_id: int | None,
    reason: str,
    summary: str = "",
    routing: dict[str, Any] | None = None,
) -> None:
    """Puts a held conversation of the bot into a queue; ``routing``: why into this one."""
    now = datetime.now(UTC)
    why = {"routing": routing} if routing else {}
    await _change_owner(
        session, conversation, "hand_off", actor, reason=reason, queue_id=queue_id, **why
    )
    conversation.queue_id, conversation.assignee_id = queue_id, None
    conversation.routing = routing
    conversation.waiting_since = now
    conversation.queue_notice_at = now
    if summary:
        conversation.summary = summary
    await status_after(session, conversation, "handed_off", actor)


async def claim(session: AsyncSession, conversation_id: int, user: User) -> Conversation:
    """An agent takes a conversation from the queue or the bot; again is no change.

    Compare and set in SQL: of two agents at once one gets it.

    Raises:
        NotFound: there is no such conversation.
        ClaimedByOther: another agent has it.
    """
    taken = await session.execute(
        update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.owner.in_([Owner.BOT, Owner.QUEUE]),
        )
        .values(owner=Owner.AGENT, assignee_id=user.id, epoch=Conversation.epoch + 1)
        .returning(Conversation.epoch)
        .execution_options(synchronize_session=False)
    )
    epoch = taken.scalar_one_or_none()
    conversation = await lock_conversation(session, conversation_id)
    if epoch is None:
        if conversation.assignee_id == user.id:
            return conversation
        holder = await session.get(User, conversation.assignee_id)
        raise ClaimedByOther(holder.name if holder else "Outra pessoa")
    await _suppress_pending_bot_replies(session, conversation)
    await record_event(
        session,
        "conversation.owner_changed",
        by_agent(user.id),
        conversation_id=conversation.id,
        after=Owner.AGENT.value,
        epoch=epoch,
        reason="claim",
        assignee_id=user.id,
    )
    await status_after(session, conversation, "given_to_person", by_agent(user.id))
    return conversation


async def take_over(session: AsyncSession, conversation_id: int, user: User) -> Conversation:
    """A supervisor takes a conversation, from another agent too; again is no change.

    Raises:
        NotFound: there is no such conversation.
    """
    conversation = await lock_conversation(session, conversation_id)
    if conversation.owner is not Owner.AGENT:
        return await claim(session, conversation_id, user)
    if conversation.assignee_id == user.id:
        return conversation
    actor = by_agent(user.id)
    await _change_owner(
        session, conversation, "assign", actor, reason="take_over", assignee_id=user.id
    )
    conversation.assignee_id = user.id
    return conversation


async def assign_to_agent(
    session: AsyncSession, conversation_id: int, agent: User, actor: Actor
) -> Conversation:
    """Gives a conversation to an agent, whoever has it now."""
    conversation = await lock_conversation(session, conversation_id)
    await _change_owner(session, conversation, "assign", actor, assignee_id=agent.id)
    conversation.assignee_id = agent.id
    await status_after(session, conversation, "given_to_person", actor)
    return conversation


async def assign_to_queue(
    session: AsyncSession,
    conversation_id: int,
    queue: Queue,
    actor: Actor,
    routing: dict[str, Any] | None = None,
) -> Conversation:
    """Moves a conversation to a queue, where it waits for a person; ``routing``: why to this."""
    conversation = await lock_conversation(session, conversation_id)
    was_waiting = conversation.owner is Owner.QUEUE
    left = {FORMER_QUEUE: conversation.queue_id}
    routing = routing or routing_of_move(conversation.routing, actor)
    await _change_owner(
        session, conversation, "move", actor, queue_id=queue.id, routing=routing, **left
    )
    conversation.queue_id, conversation.assignee_id = queue.id, None
    conversation.routing = routing
    if not was_waiting or conversation.waiting_since is None:
        conversation.waiting_since = datetime.now(UTC)
    await status_after(session, conversation, "given_to_person", actor)
    return conversation


async def return_to_queue(
    session: AsyncSession, conversation_id: int, actor: Actor, **facts: Any
) -> Conversation:
    """An agent's conversation waits again; ``facts`` go into the event, such as its ``reason``.

    Raises:
        Conflict: no agent has it.
    """
    conversation = await lock_conversation(session, conversation_id)
    if conversation.queue_id is None:  # It was taken straight from the bot.
        queue = await default_queue(session)
        conversation.queue_id = queue.id if queue else None
        facts = {"queue_id": conversation.queue_id, **facts}
    await _change_owner(session, conversation, "return", actor, **facts)
    conversation.assignee_id = None
    conversation.waiting_since = conversation.waiting_since or datetime.now(UTC)
    return conversation


async def release_to_bot(
    session: AsyncSession,
    conversation: Conversation,
    actor: Actor,
    *,
    outcome: str,
    summary: str = "",
) -> None:
    """Gives a held conversation back to the bot, which hears how it ended.

    The news is an internal inbound message: the bridge posts it in its turn, like any other.

    Args:
        session: the caller's transaction.
        conversation: held by the caller.
        actor: who did it.
        outcome: resolved, closed, released, cancelled_by_customer or left_by_customer.
        summary: what an agent noted; the bot may use it.
    """
    await _change_owner(session, conversation, "release", actor, outcome=outcome)
    conversation.waiting_since = None
    channel = await session.get_one(Channel, conversation.channel_id)
    if channel.agent_kind == PEOPLE:
        return  # There the bot says nothing, not even thanks.
    await append_message(
        session,
        conversation,
        SYSTEM,
        direction="in",
        kind="internal",
        state="received",
        author_kind="system",
        text=HUMAN_FINISHED,
        data={"outcome": outcome, "summary": summary, "status": conversation.status.value},
    )
    conversation.work_due_at = conversation.work_due_at or await database_now(session)


async def release(
    session: AsyncSession, conversation_id: int, actor: Actor, summary: str = ""
) -> Conversation:
    """An agent gives a conversation back without ending it.

    Raises:
        Conflict: the bot has it already.
    """
    conversation = await lock_conversation(session, conversation_id)
    await release_to_bot(session, conversation, actor, outcome="released", summary=summary)
    return conversation


async def set_status(
    session: AsyncSession, conversation_id: int, status: Status, actor: Actor, summary: str = ""
) -> Conversation:
    """Changes the status by hand; ending a person's service gives it back to the bot."""
    conversation = await lock_conversation(session, conversation_id)
    await apply_status(session, conversation, status, actor)
    if status in ENDED:
        await end_handoff_tickets(session, conversation, status, actor)
    if status in ENDED and conversation.owner is not Owner.BOT:
        await release_to_bot(session, conversation, actor, outcome=status.value, summary=summary)
    return conversation


async def set_priority(
    session: AsyncSession, conversation_id: int, priority: int, actor: Actor
) -> Conversation:
    """Changes the place in the queue: higher goes first."""
    conversation = await lock_conversation(session, conversation_id)
    before, conversation.priority = conversation.priority, priority
    if before != priority:
        conversation.queue_rank = 0  # A place given by hand was one among its former equals.
    await record_event(
        session,
        "conversation.priority_changed",
        actor,
        conversation_id=conversation.id,
        before=before,
        after=priority,
    )
    return conversation


async def _change_owner(
    session: AsyncSession, conversation: Conversation, happening: str, actor: Actor, **facts: Any
) -> None:
    after = OWNER_AFTER.get((happening, conversation.owner))
    if after is None:
        raise Conflict("Isso não é possível: a conversa não está mais com quem estava.")
    before, conversation.owner = conversation.owner, after
    conversation.epoch += 1
    if before is Owner.AGENT and conversation.assignee_id is not None:
        facts = {FORMER_ASSIGNEE: conversation.assignee_id, **facts}
    if after is Owner.QUEUE:
        conversation.queue_rank = 0  # A place that was given by hand holds for one wait.
    # At a handoff nobody has taken over yet: the bot's words about it still go out.
    if after is not Owner.BOT and happening != "hand_off":
        await _suppress_pending_bot_replies(session, conversation)
    await session.flush()
    await record_event(
        session,
        "conversation.owner_changed",
        actor,
        conversation_id=conversation.id,
        before=before.value,
        after=after.value,
        epoch=conversation.epoch,
        **{"reason": happening, **facts},
    )


async def _suppress_pending_bot_replies(session: AsyncSession, conversation: Conversation) -> None:
    await session.execute(
        update(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == "out",
            Message.author_kind == "bot",
            Message.state == "pending",
        )
        .values(state="suppressed")
    )


async def require_queue(session: AsyncSession, queue_id: int) -> Queue:
    """A queue by id.

    Raises:
        NotFound: there is none.
    """
    queue = await session.get(Queue, queue_id)
    if queue is None:
        raise NotFound("Fila não encontrada.")
    return queue
