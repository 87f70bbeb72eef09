"""Tickets as far as a member of the team may see them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import NotFound
from desk.team.queues import queue_ids_of
from desk.team.tables import User
from desk.tickets.tables import Ticket

MAX_TICKETS = 100


async def list_tickets(session: AsyncSession, viewer: User, number: str = "") -> Sequence[Ticket]:
    """The newest tickets that the viewer may see, by the start of their number; at most 100."""
    query = select(Ticket).where(await _visible(session, viewer))
    if number.strip():
        query = query.where(Ticket.number.startswith(number.strip().lstrip("#"), autoescape=True))
    query = query.order_by(Ticket.id.desc()).limit(MAX_TICKETS)
    return (await session.execute(query)).scalars().all()


async def visible_ticket(session: AsyncSession, viewer: User, number: str) -> Ticket:
    """One ticket that the viewer may see.

    Raises:
        NotFound: there is none, or the viewer may not see it; which of both is not told.
    """
    query = select(Ticket).where(Ticket.number == number, await _visible(session, viewer))
    ticket = (await session.execute(query)).scalar_one_or_none()
    if ticket is None:
        raise NotFound("Chamado não encontrado.")
    return ticket


async def _visible(session: AsyncSession, viewer: User) -> ColumnElement[bool]:
    if viewer.sees_all_queues:
        return true()
    return or_(Ticket.queue_id.in_(await queue_ids_of(session, viewer)), Ticket.queue_id.is_(None))
