"""The single things that a rule does to a conversation that its caller holds.

Each gives True when it did something, False when the rule does not ask for it or all is so
already, and a `Refusal` when it may not be done.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.fill import fill_text
from desk.channels.directory import sent_state
from desk.channels.tables import Channel
from desk.conversations.append import append_message
from desk.conversations.canned import reply_values
from desk.conversations.mentions import MOST_MENTIONS, add_mentions, mentionable_users
from desk.conversations.ownership import assign_to_queue, set_priority, set_status
from desk.conversations.rules.settings import RuleValues
from desk.conversations.tables import Conversation
from desk.conversations.tagging import tag_conversation
from desk.conversations.window import may_write_freely
from desk.events.log import Actor
from desk.states import Owner
from desk.tags.tables import Tag
from desk.team.tables import Queue, QueueMember


class Refusal(StrEnum):
    """Why an action could not be done."""

    CHANNEL_OFF = "channel_off"
    WINDOW_CLOSED = "window_closed"
    QUEUE_OFF = "queue_off"
    TAG_GONE = "tag_gone"


@dataclass(frozen=True)
class Task:
    """What a rule is doing, to what, and when."""

    conversation: Conversation
    values: RuleValues
    actor: Actor
    zone: ZoneInfo
    at: datetime


Action = Callable[[AsyncSession, Task], Awaitable[bool | Refusal]]


async def send_message(session: AsyncSession, task: Task) -> bool | Refusal:
    """Writes to the customer, as far as the channel lets us."""
    if not task.values.message:
        return False
    conversation = task.conversation
    channel = await session.get_one(Channel, conversation.channel_id)
    if not channel.enabled:
        return Refusal.CHANNEL_OFF
    if not await may_write_freely(session, conversation, channel):
        return Refusal.WINDOW_CLOSED
    values = await reply_values(session, conversation, None, now=task.at, zone=task.zone)
    await append_message(
        session,
        conversation,
        task.actor,
        direction="out",
        state=sent_state(channel.kind),
        author_kind="system",
        text=fill_text(task.values.message, values).text,
        epoch=conversation.epoch,
        data={"rule_id": task.actor.id},
    )
    return True


async def add_tag(session: AsyncSession, task: Task) -> bool | Refusal:
    """Puts a tag on it."""
    if task.values.add_tag_id is None:
        return False
    tag = await session.get(Tag, task.values.add_tag_id)
    if tag is None:
        return Refusal.TAG_GONE
    return await tag_conversation(session, task.conversation, tag, task.actor)


async def write_note(session: AsyncSession, task: Task) -> bool | Refusal:
    """Adds a note for the team; who is told of it: who has it, else who serves its queue."""
    if not task.values.note:
        return False
    note = await append_message(
        session,
        task.conversation,
        task.actor,
        direction="out",
        kind="note",
        state="sent",
        author_kind="system",
        text=task.values.note,
        data={"rule_id": task.actor.id},
    )
    if task.values.notify:
        named = await _to_be_told(session, task.conversation)
        await add_mentions(session, task.conversation, note, named, task.actor)
    return True


async def change_priority(session: AsyncSession, task: Task) -> bool | Refusal:
    """Sets the priority."""
    wanted = task.values.set_priority
    if wanted is None or task.conversation.priority == wanted:
        return False
    await set_priority(session, task.conversation.id, wanted, task.actor)
    return True


async def change_queue(session: AsyncSession, task: Task) -> bool | Refusal:
    """Lets it wait in a queue, whoever had it."""
    wanted = task.values.set_queue_id
    if wanted is None:
        return False
    queue = await session.get(Queue, wanted)
    if queue is None or not queue.active:
        return Refusal.QUEUE_OFF
    conversation = task.conversation
    if conversation.owner is Owner.QUEUE and conversation.queue_id == queue.id:
        return False
    await assign_to_queue(session, conversation.id, queue, task.actor)
    return True


async def change_status(session: AsyncSession, task: Task) -> bool | Refusal:
    """Sets the status; an ended one gives it back to the bot, as an agent's does."""
    wanted = task.values.set_status
    if wanted is None or task.conversation.status is wanted:
        return False
    await set_status(session, task.conversation.id, wanted, task.actor)
    return True


# In this order: what is said goes out before the conversation changes hands or ends.
ACTIONS: Mapping[str, Action] = {
    "message": send_message,
    "tag": add_tag,
    "note": write_note,
    "priority": change_priority,
    "queue": change_queue,
    "status": change_status,
}


async def _to_be_told(session: AsyncSession, conversation: Conversation) -> Sequence[int]:
    allowed = [user.id for user in await mentionable_users(session, conversation)]
    if conversation.assignee_id in allowed:
        return [conversation.assignee_id]
    query = select(QueueMember.user_id).where(QueueMember.queue_id == conversation.queue_id)
    members = set((await session.execute(query)).scalars())
    return [user_id for user_id in allowed if user_id in members][:MOST_MENTIONS]
