"""Where a ticket belongs: its queue and its request type."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid
from desk.events.log import Actor, record_event
from desk.team.tables import Queue
from desk.tickets.posting import lock_ticket
from desk.tickets.tables import RequestType, Ticket


async def move_ticket(
    session: AsyncSession, ticket_id: int, queue_id: int | None, actor: Actor
) -> Ticket:
    """Gives a ticket to another queue, or to none.

    Raises:
        Invalid: there is no such queue, or it takes nothing new.
    """
    ticket = await lock_ticket(session, ticket_id)
    if queue_id == ticket.queue_id:
        return ticket
    if queue_id is not None:
        queue = await session.get(Queue, max(0, min(queue_id, MAX_SMALL_KEY)))
        if queue is None or not queue.active:
            raise Invalid("queue", "Esta fila não existe ou não está ativa.")
    before, ticket.queue_id = ticket.queue_id, queue_id
    await _record(session, ticket, actor, "queue_id", before, queue_id)
    return ticket


async def retype_ticket(
    session: AsyncSession, ticket_id: int, request_type_id: int | None, actor: Actor
) -> Ticket:
    """Gives a ticket another nature, or none; its queue stays.

    Raises:
        Invalid: there is no such request type.
    """
    ticket = await lock_ticket(session, ticket_id)
    if request_type_id == ticket.request_type_id:
        return ticket
    if request_type_id is not None:
        found = await session.get(RequestType, max(0, min(request_type_id, MAX_SMALL_KEY)))
        if found is None or not found.active:
            raise Invalid("request_type", "Este tipo de solicitação não existe ou não está ativo.")
    before, ticket.request_type_id = ticket.request_type_id, request_type_id
    await _record(session, ticket, actor, "request_type_id", before, request_type_id)
    return ticket


async def _record(
    session: AsyncSession,
    ticket: Ticket,
    actor: Actor,
    field: str,
    before: int | None,
    after: int | None,
) -> None:
    # updated_at stays: the customer is not told of it, so it is no news to them.
    await session.flush()
    await record_event(
        session,
        "ticket.changed",
        actor,
        ticket_id=ticket.id,
        id=ticket.id,
        number=ticket.number,
        fields=[field],
        before={field: before},
        after={field: after},
    )
