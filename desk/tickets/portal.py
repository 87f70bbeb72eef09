"""A contact's own tickets with all that belongs to them; nobody else's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact
from desk.errors import Invalid, NotFound
from desk.events.log import by_contact, record_event
from desk.events.tables import Event
from desk.media.tables import Media
from desk.states import ENDED, Status
from desk.tickets.posting import lock_ticket
from desk.tickets.tables import Ticket, TicketAction, TicketMedia, TicketRating

MAX_COMMENT_CHARS = 2000


@dataclass(frozen=True)
class TicketFile:
    """A file of a ticket; ``action_id`` when it came with an action."""

    id: int
    action_id: int | None
    mime: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class TicketPage:
    """Some tickets; ``next_cursor`` leads to those after them, empty at the end."""

    tickets: Sequence[Ticket]
    next_cursor: str


@dataclass(frozen=True)
class StatusChange:
    """A ticket's status became another."""

    status: Status
    at: datetime
    by_contact: bool


async def list_own_tickets(
    session: AsyncSession,
    contact_id: int,
    *,
    statuses: Collection[Status] = (),
    words: str = "",
    cursor: str = "",
    limit: int = 20,
) -> TicketPage:
    """A contact's tickets, the active before the ended, newest first.

    Args:
        session: the caller's.
        contact_id: whose.
        statuses: only with one of these; empty: all.
        words: to be found in the number, the subject or the description.
        cursor: where the former page ended.
        limit: how many at most.
    """
    ended = case((Ticket.status.in_(ENDED), 1), else_=0)
    query = select(Ticket).where(Ticket.contact_id == contact_id)
    if statuses:
        query = query.where(Ticket.status.in_(statuses))
    if words := words.strip().lstrip("#"):
        columns = (Ticket.number, Ticket.subject, Ticket.description)
        query = query.where(or_(*(each.icontains(words, autoescape=True) for each in columns)))
    group, _, last_id = cursor.partition("-")
    if group in {"0", "1"} and last_id.isascii() and last_id.isdigit() and len(last_id) < 18:
        after = and_(ended == int(group), Ticket.id < int(last_id))
        query = query.where(or_(ended > int(group), after))
    query = query.order_by(ended, Ticket.id.desc()).limit(limit + 1)
    found = (await session.execute(query)).scalars().all()
    tickets = found[:limit]
    more = len(found) > limit
    last = tickets[-1] if more else None
    return TicketPage(tickets, f"{int(last.status in ENDED)}-{last.id}" if last else "")


async def ticket_of_request(
    session: AsyncSession, contact_id: int, request_key: str
) -> Ticket | None:
    """The ticket that this form has opened already.

    The contact's row is held until the transaction ends, so that of two at once one waits.
    """
    await session.execute(select(Contact.id).where(Contact.id == contact_id).with_for_update())
    query = select(Ticket).where(Ticket.contact_id == contact_id, Ticket.request_key == request_key)
    return (await session.execute(query)).scalar_one_or_none()


async def action_of_request(
    session: AsyncSession, ticket_id: int, request_key: str
) -> TicketAction | None:
    """The action that this form has posted already; the ticket is held as above."""
    await lock_ticket(session, ticket_id)
    query = select(TicketAction).where(
        TicketAction.ticket_id == ticket_id, TicketAction.request_key == request_key
    )
    return (await session.execute(query)).scalar_one_or_none()


async def status_changes(session: AsyncSession, ticket_id: int) -> list[StatusChange]:
    """How the ticket's status went, oldest first, at most a thousand."""
    query = (
        select(Event)
        .where(Event.ticket_id == ticket_id, Event.kind == "ticket.status_changed")
        .order_by(Event.seq)
        .limit(1000)
    )
    return [
        StatusChange(Status(event.data["after"]), event.at, event.actor_kind == "contact")
        for event in (await session.execute(query)).scalars()
    ]


async def own_ticket(session: AsyncSession, contact_id: int, number: str) -> Ticket:
    """One of the contact's own tickets.

    Raises:
        NotFound: there is none, or it is another's; which of both is not told.
    """
    query = select(Ticket).where(Ticket.number == number, Ticket.contact_id == contact_id)
    ticket = (await session.execute(query)).scalar_one_or_none()
    if ticket is None:
        raise NotFound("Não encontramos este atendimento entre os seus.")
    return ticket


async def whole_story(session: AsyncSession, ticket_id: int) -> Sequence[TicketAction]:
    """Every action, oldest first, at most a thousand."""
    query = select(TicketAction).where(TicketAction.ticket_id == ticket_id)
    return (await session.execute(query.order_by(TicketAction.id).limit(1000))).scalars().all()


async def files_of_ticket(session: AsyncSession, ticket_id: int) -> list[TicketFile]:
    """The ticket's files in order."""
    query = (
        select(TicketMedia.action_id, Media)
        .join(Media, Media.id == TicketMedia.media_id)
        .where(TicketMedia.ticket_id == ticket_id)
        .order_by(TicketMedia.action_id, TicketMedia.position, TicketMedia.media_id)
    )
    return [
        TicketFile(media.id, action_id, media.mime, media.name, media.size_bytes, media.sha256)
        for action_id, media in await session.execute(query)
    ]


async def rating_of_ticket(session: AsyncSession, ticket_id: int) -> TicketRating | None:
    """What the contact thought of how the matter was handled."""
    return await session.get(TicketRating, ticket_id)


async def rate_ticket(session: AsyncSession, ticket: Ticket, score: int, comment: str) -> None:
    """Keeps a score for an ended ticket; a second one replaces the first.

    Raises:
        Invalid: the score is not between 1 and 5, or the ticket has not ended.
    """
    if not 1 <= score <= 5:
        raise Invalid("score", "A nota vai de 1 a 5.")
    if ticket.status not in ENDED:
        raise Invalid("score", "Este atendimento ainda não terminou.")
    rating = await session.get(TicketRating, ticket.id)
    if rating is None:
        rating = TicketRating(ticket_id=ticket.id, created_at=datetime.now(UTC))
        session.add(rating)
    rating.score, rating.comment = score, comment.strip()[:MAX_COMMENT_CHARS]
    await session.flush()
    await record_event(
        session, "ticket.rated", by_contact(ticket.contact_id), ticket_id=ticket.id, score=score
    )
