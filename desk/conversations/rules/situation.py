"""How a conversation stands, as far as rules ask; and whether and when a rule is due for it.

The living conversation and the one that a dry run replays are judged by the same functions.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.rules.settings import RuleValues
from desk.conversations.tables import Conversation, ConversationTag, Message
from desk.hours.clock import after_business_seconds
from desk.hours.tables import BusinessCalendar
from desk.states import ACTIVE, Status

OUR_WORD = frozenset({"agent", "bot"})
"""Whose messages are a word of ours. A rule's own reminder is none: it would remind for ever."""


@dataclass
class Situation:
    """A conversation at one moment. ``waiting_since``: the customer waits for a person."""

    channel_id: int
    status: Status
    status_since: datetime
    queue_id: int | None = None
    priority: int = 0
    waiting_since: datetime | None = None
    contact_wrote_at: datetime | None = None
    team_wrote_at: datetime | None = None
    tag_ids: set[int] = field(default_factory=set)


async def situation_of(session: AsyncSession, conversation: Conversation) -> Situation:
    """How a conversation stands now."""
    tags = select(ConversationTag.tag_id).where(ConversationTag.conversation_id == conversation.id)
    theirs = select(Message.created_at).where(
        Message.conversation_id == conversation.id, Message.seq == conversation.last_contact_seq
    )
    ours = (
        select(Message.created_at)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == "out",
            Message.kind == "message",
            Message.author_kind.in_(OUR_WORD),
            Message.state != "suppressed",
        )
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return Situation(
        channel_id=conversation.channel_id,
        status=conversation.status,
        status_since=conversation.status_since,
        queue_id=conversation.queue_id,
        priority=conversation.priority,
        waiting_since=conversation.waiting_since,
        contact_wrote_at=(await session.execute(theirs)).scalar_one_or_none(),
        team_wrote_at=(await session.execute(ours)).scalar_one_or_none(),
        tag_ids=set((await session.execute(tags)).scalars()),
    )


def holds_since(values: RuleValues, now: Situation) -> datetime | None:
    """Since when the condition of a rule holds; None while it does not."""
    if not _is_for(values, now):
        return None
    if values.basis == "status":
        return now.status_since
    if values.basis == "team_silent":
        return now.waiting_since
    ours, theirs = now.team_wrote_at, now.contact_wrote_at
    if ours is None or (theirs is not None and theirs >= ours):
        return None
    return ours


def due_at(
    values: RuleValues, since: datetime, calendar: BusinessCalendar | None
) -> datetime | None:
    """When the rule acts on what holds since then; None beyond about two years of closed days."""
    if values.time == "calendar":
        return since + values.after
    return after_business_seconds(calendar, since, values.after_seconds)


def earliest_since(values: RuleValues, due_after: datetime) -> datetime:
    """What began before cannot be due after this moment, but for unusually long closures."""
    span = values.after
    if values.time == "business":
        span = span * 12 + timedelta(days=30)
    return due_after - span


def _is_for(values: RuleValues, now: Situation) -> bool:
    if values.status is None:
        if now.status not in ACTIVE:
            return False
    elif now.status is not values.status:
        return False
    return (
        values.if_queue_id in (None, now.queue_id)
        and values.if_priority in (None, now.priority)
        and values.if_channel_id in (None, now.channel_id)
        and (values.if_tag_id is None or values.if_tag_id in now.tag_ids)
    )
