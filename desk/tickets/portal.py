"""A contact's own tickets with all that belongs to them; nobody else's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Invalid, NotFound
from desk.events.log import by_contact, record_event
from desk.media.tables import Media
from desk.states import ENDED
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
        TicketFile(media.id, action_id, media.mime, media.name, media.size_bytes)
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
