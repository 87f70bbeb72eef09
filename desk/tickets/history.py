"""How a ticket went: every status and queue, by whom, when, and for how long."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact
from desk.events.history import MOST_EVENTS, HistoryEntry, InQueue, tell_history
from desk.events.log import events_of_ticket
from desk.events.tables import Event
from desk.tickets.tables import Ticket

_TRACKS = {
    "ticket.opened": "status",
    "ticket.status_changed": "status",
    "ticket.changed": "filing",
}


async def ticket_history(session: AsyncSession, ticket: Ticket) -> list[HistoryEntry]:
    """The changes of status, queue and type, oldest first; of a very long history the newest."""
    events = await events_of_ticket(session, ticket.id, tuple(_TRACKS), MOST_EVENTS)
    contact = await session.get(Contact, ticket.contact_id)
    name = (contact.name if contact else None) or ""
    return await tell_history(session, events, _TRACKS, _queues(ticket, events), name)


def _queues(ticket: Ticket, events: Sequence[Event]) -> list[InQueue]:
    moves = [each for each in events if "queue_id" in (each.data.get("after") or {})]
    first = moves[0].data["before"]["queue_id"] if moves else ticket.queue_id
    begun = [InQueue(ticket.created_at, first)]
    return begun + [InQueue(each.at, each.data["after"]["queue_id"]) for each in moves]
