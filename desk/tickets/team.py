"""Tickets as far as a member of the team may see them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.tables import Company
from desk.contacts.tables import Contact
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotFound
from desk.folding import contains
from desk.keyset import read_cursor, write_cursor
from desk.states import Status
from desk.team.queues import queue_ids_of
from desk.team.tables import Queue, User
from desk.text import clean_text, fold
from desk.tickets.tables import RequestType, Ticket

PAGE_TICKETS = 50
MAX_TICKETS = 100
_NUMBER = re.compile(r"#?(?:(\d{4})-)?0*(\d{1,9})")


@dataclass(frozen=True)
class TicketFilters:
    """What to list; empty means all. ``words``: a number, or words of subject and people."""

    statuses: tuple[Status, ...] = ()
    queue_id: int | None = None
    company_id: int | None = None
    contact_id: int | None = None
    request_type_id: int | None = None
    words: str = ""


@dataclass(frozen=True)
class TicketRow:
    """A ticket in a list, with the names beside its ids."""

    ticket: Ticket
    contact_name: str
    company_name: str
    queue_name: str
    type_name: str


@dataclass(frozen=True)
class TicketRows:
    """One page; ``next_cursor`` leads to those after it, None at the end."""

    rows: list[TicketRow] = field(default_factory=list)
    next_cursor: str | None = None


async def list_tickets(
    session: AsyncSession,
    viewer: User,
    filters: TicketFilters,
    cursor: str | None = None,
    limit: int = PAGE_TICKETS,
) -> TicketRows:
    """The newest tickets that the viewer may see, at most 100 a page.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    limit = min(limit, MAX_TICKETS)
    query = _with_names().where(await _visible(session, viewer), *_wanted(filters))
    if cursor:
        (last_id,) = read_cursor(cursor, [int])
        query = query.where(Ticket.id < last_id)
    found = (await session.execute(query.order_by(Ticket.id.desc()).limit(limit + 1))).all()
    rows = [TicketRow(row[0], *(name or "" for name in row[1:])) for row in found[:limit]]
    more = len(found) > limit
    return TicketRows(rows, write_cursor(rows[-1].ticket.id) if more else None)


async def visible_ticket(session: AsyncSession, viewer: User, number: str) -> Ticket:
    """One ticket that the viewer may see.

    Raises:
        NotFound: there is none, or the viewer may not see it; which of both is not told.
    """
    return (await visible_ticket_row(session, viewer, number)).ticket


async def visible_ticket_row(session: AsyncSession, viewer: User, number: str) -> TicketRow:
    """One ticket that the viewer may see, with the names beside its ids.

    Raises:
        NotFound: there is none, or the viewer may not see it; which of both is not told.
    """
    query = _with_names().where(Ticket.number == number, await _visible(session, viewer))
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound("Chamado não encontrado.")
    return TicketRow(row[0], *(name or "" for name in row[1:]))


async def sees_ticket_of(session: AsyncSession, viewer: User, contact_id: int) -> bool:
    """Whether the viewer may see any ticket of this contact."""
    query = select(Ticket.id).where(
        Ticket.contact_id == contact_id, await _visible(session, viewer)
    )
    return (await session.execute(query.limit(1))).first() is not None


def check_statuses(values: Sequence[str]) -> tuple[Status, ...]:
    """Statuses by their values.

    Raises:
        Invalid: one does not exist.
    """
    try:
        return tuple(Status(value) for value in values)
    except ValueError as error:
        raise Invalid("status", "Este status não existe.") from error


def _with_names() -> Select[Ticket, str | None, str, str, str]:
    return (
        select(Ticket, Contact.name, Company.name, Queue.name, RequestType.name)
        .join(Contact, Contact.id == Ticket.contact_id)
        .outerjoin(Company, Company.id == Ticket.company_id)
        .outerjoin(Queue, Queue.id == Ticket.queue_id)
        .outerjoin(RequestType, RequestType.id == Ticket.request_type_id)
    )


def _wanted(filters: TicketFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.statuses:
        conditions.append(Ticket.status.in_(filters.statuses))
    for column, value in (
        (Ticket.queue_id, filters.queue_id),
        (Ticket.company_id, filters.company_id),
        (Ticket.contact_id, filters.contact_id),
        (Ticket.request_type_id, filters.request_type_id),
    ):
        if value is not None:
            conditions.append(column == max(0, min(value, MAX_SMALL_KEY)))
    if words := clean_text(filters.words):
        conditions.append(_matches(words))
    return conditions


def _matches(words: str) -> ColumnElement[bool]:
    """A number (``2026-000123``, ``#123``), or every word in subject, person or company."""
    if number := _NUMBER.fullmatch(words.replace(" ", "")):
        year, count = number.group(1) or "____", int(number.group(2))
        return Ticket.number.like(f"{year}-{count:06d}")
    columns = (Ticket.number, Ticket.subject, Contact.name, Company.name)
    wanted = fold(words).split()[:8]
    return and_(true(), *(or_(*(contains(each, word) for each in columns)) for word in wanted))


async def _visible(session: AsyncSession, viewer: User) -> ColumnElement[bool]:
    if viewer.sees_all_queues:
        return true()
    return or_(Ticket.queue_id.in_(await queue_ids_of(session, viewer)), Ticket.queue_id.is_(None))
