"""Word to who waited in a queue that a person has come: once for each wait."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.directory import sent_state
from desk.channels.settings import PEOPLE
from desk.channels.tables import Channel
from desk.conversations.append import append_message
from desk.conversations.find import lock_conversation
from desk.conversations.tables import Message
from desk.conversations.window import may_write_freely
from desk.events.log import SYSTEM
from desk.events.tables import Event
from desk.states import Owner, Status

OWNER_CHANGED = "conversation.owner_changed"
_SERVED = (Status.OPEN, Status.IN_SERVICE)
NEWS_FOR = timedelta(minutes=2)
"""Later, after a standstill, it would be no news any more."""
_LOOKED_BACK = 50


async def waited_since_event(session: AsyncSession, event: Event) -> Event | None:
    """The handoff after which this event brings the first person; None where it brings none.

    Who is returned to the queue, transferred or taken over has heard of a person before; whom
    somebody takes straight from the bot waited for nobody.
    """
    if event.data.get("after") != Owner.AGENT.value:
        return None
    query = (
        select(Event)
        .where(
            Event.conversation_id == event.conversation_id,
            Event.kind == OWNER_CHANGED,
            Event.seq < event.seq,
        )
        .order_by(Event.seq.desc())
        .limit(_LOOKED_BACK)
    )
    for earlier in (await session.execute(query)).scalars():
        if earlier.data.get("after") != Owner.QUEUE.value:
            return None
        if earlier.data.get("before") == Owner.BOT.value:
            return earlier
    return None


async def tell_person_came(session: AsyncSession, handoff: Event, came: Event, text: str) -> bool:
    """Tells the customer while it is news: a person serves them and has not said anything yet.

    Args:
        session: of the caller's transaction.
        handoff: the event that began the wait.
        came: the event that ended it.
        text: what is told.
    """
    if datetime.now(UTC) - came.at > NEWS_FOR:
        return False
    conversation = await lock_conversation(session, handoff.conversation_id or 0)
    if conversation.owner is not Owner.AGENT or conversation.status not in _SERVED:
        return False
    channel = await session.get_one(Channel, conversation.channel_id)
    if channel.agent_kind == PEOPLE:  # Nobody was announced: customers expect them there.
        return False
    spoke = exists().where(
        Message.conversation_id == conversation.id,
        Message.author_kind == "agent",
        Message.kind == "message",
        Message.created_at >= handoff.at,
    )
    if (await session.execute(select(spoke))).scalar_one():
        return False
    if not channel.enabled or not await may_write_freely(session, conversation, channel):
        return False
    await append_message(
        session,
        conversation,
        SYSTEM,
        direction="out",
        state=sent_state(channel.kind),
        author_kind="system",
        text=text,
        epoch=conversation.epoch,
    )
    return True
