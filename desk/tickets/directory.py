"""Find tickets and tell their story."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.states import ENDED
from desk.tickets.tables import Ticket, TicketAction

_NUMBER = re.compile(r"(?:(\d{4})-)?0*(\d{1,9})")


async def tickets_of(
    session: AsyncSession, contact_id: int, *, company_id: int | None = None, limit: int = 9
) -> Sequence[Ticket]:
    """A contact's tickets: the active before the ended, newest first.

    Those of a company include what was opened before the company was known.
    """
    query = select(Ticket).where(Ticket.contact_id == contact_id)
    if company_id is not None:
        query = query.where(or_(Ticket.company_id == company_id, Ticket.company_id.is_(None)))
    ended_last = case((Ticket.status.in_(ENDED), 1), else_=0)
    query = query.order_by(ended_last, Ticket.id.desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


async def find_ticket(session: AsyncSession, contact_id: int, number: str) -> Ticket | None:
    """One of the contact's own tickets by ``2026-000123``, ``#123`` or ``123`` (newest year)."""
    match = _NUMBER.fullmatch(number.strip().lstrip("#").strip())
    if match is None:
        return None
    year, count = match.group(1), int(match.group(2))
    wanted = f"{year}-{count:06d}" if year else f"____-{count:06d}"
    query = (
        select(Ticket)
        .where(Ticket.contact_id == contact_id, Ticket.number.like(wanted))
        .order_by(Ticket.number.desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def ticket_story(
    session: AsyncSession, ticket_id: int, since: datetime | None = None, limit: int = 50
) -> Sequence[TicketAction]:
    """The newest actions (after ``since`` when given), told from the oldest on."""
    query = select(TicketAction).where(TicketAction.ticket_id == ticket_id)
    if since is not None:
        query = query.where(TicketAction.created_at > since)
    newest = await session.execute(query.order_by(TicketAction.id.desc()).limit(limit))
    return list(reversed(newest.scalars().all()))


async def last_action(session: AsyncSession, ticket_id: int) -> TicketAction | None:
    """The newest action."""
    story = await ticket_story(session, ticket_id, limit=1)
    return story[0] if story else None


async def mark_seen(session: AsyncSession, ticket_id: int) -> None:
    """Notes that the contact has seen the ticket as it stands."""
    await session.execute(
        update(Ticket).where(Ticket.id == ticket_id).values(contact_seen_at=datetime.now(UTC))
    )
