"""How a service went: every status and every owner, by whom, when, and for how long."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact
from desk.conversations.ownership import FORMER_QUEUE
from desk.conversations.tables import Conversation
from desk.events.history import MOST_EVENTS, HistoryEntry, InQueue, tell_history
from desk.events.log import events_of_conversation
from desk.events.tables import Event

_TRACKS = {
    "conversation.created": "status",
    "conversation.status_changed": "status",
    "conversation.owner_changed": "owner",
}
HISTORY_KINDS = tuple(_TRACKS)


async def conversation_history(
    session: AsyncSession, conversation: Conversation
) -> list[HistoryEntry]:
    """The changes of status and owner, oldest first; of a very long history the newest."""
    events = await events_of_conversation(session, conversation.id, HISTORY_KINDS, MOST_EVENTS)
    contact = await session.get(Contact, conversation.contact_id)
    name = (contact.name if contact else None) or ""
    return await tell_history(session, events, _TRACKS, _queues(events), name)


def _queues(events: Sequence[Event]) -> list[InQueue]:
    """Where it was: an event names the queue that it went to, and the one that it left."""
    changes = [event for event in events if "queue_id" in event.data]
    queues = [InQueue(event.at, event.data["queue_id"]) for event in changes]
    if changes and changes[0].data.get(FORMER_QUEUE) is not None:
        queues.insert(0, InQueue(events[0].at, changes[0].data[FORMER_QUEUE]))
    return queues
