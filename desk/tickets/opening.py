"""Open a ticket."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import upsert
from desk.errors import Invalid
from desk.events.log import by_contact, record_event
from desk.states import Status
from desk.team.queues import default_queue
from desk.tickets.tables import RequestType, Ticket, TicketCounter, TicketMedia

MAX_SUBJECT_CHARS = 200


async def open_ticket(
    session: AsyncSession,
    *,
    contact_id: int,
    company_id: int | None,
    subject: str,
    description: str,
    request_type_id: int | None,
    media_ids: Sequence[int] = (),
    conversation_id: int | None = None,
    request_key: str | None = None,
) -> Ticket:
    """Opens a ticket in the queue of its nature; the number counts up within the year.

    Raises:
        Invalid: there is no subject.
    """
    if not subject.strip():
        raise Invalid("subject", "O chamado precisa de um assunto.")
    now = datetime.now(UTC)
    media_ids = list(dict.fromkeys(media_ids))
    ticket = Ticket(
        number=await _next_number(session, now.year),
        contact_id=contact_id,
        company_id=company_id,
        request_type_id=request_type_id,
        queue_id=await queue_of_request(session, request_type_id),
        subject=" ".join(subject.split())[:MAX_SUBJECT_CHARS],
        description=description.strip(),
        status=Status.OPEN,
        request_key=request_key,
        contact_seen_at=now,
        created_at=now,
        updated_at=now,
    )
    session.add(ticket)
    await session.flush()
    for position, media_id in enumerate(media_ids):
        session.add(TicketMedia(ticket_id=ticket.id, media_id=media_id, position=position))
    await session.flush()
    await record_event(
        session,
        "ticket.opened",
        by_contact(contact_id),
        conversation_id=conversation_id,
        ticket_id=ticket.id,
        media=len(media_ids),
    )
    return ticket


async def queue_of_request(session: AsyncSession, request_type_id: int | None) -> int | None:
    """The queue that a request's nature goes to: the type's own, else the first."""
    if request_type_id is not None:
        request_type = await session.get(RequestType, request_type_id)
        if request_type is not None and request_type.queue_id is not None:
            return request_type.queue_id
    queue = await default_queue(session)
    return queue.id if queue else None


async def _next_number(session: AsyncSession, year: int) -> str:
    count = (
        update(TicketCounter)
        .where(TicketCounter.year == year)
        .values(last=TicketCounter.last + 1)
        .returning(TicketCounter.last)
    )
    last = (await session.execute(count)).scalar_one_or_none()
    if last is None:
        await _start_year(session, year)
        last = (await session.execute(count)).scalar_one()
    return f"{year}-{last:06d}"


async def _start_year(session: AsyncSession, year: int) -> None:
    """Adds the year's counter; two first tickets of a year at once are both served."""
    insert = upsert(session)
    await session.execute(insert(TicketCounter).values(year=year, last=0).on_conflict_do_nothing())
