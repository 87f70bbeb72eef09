"""Post an action on a ticket, change its status."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.automation import happens_by_itself
from desk.contacts.tables import Contact
from desk.errors import NotFound
from desk.events.log import BOT, Actor, by_agent, by_contact, record_event
from desk.states import TICKET_STATUS_AFTER, Status
from desk.team.tables import User
from desk.tickets.tables import Ticket, TicketAction, TicketMedia

Author = Literal["contact", "agent", "bot"]


async def lock_ticket(session: AsyncSession, ticket_id: int) -> Ticket:
    """The ticket, held until the transaction ends.

    Raises:
        NotFound: there is no such ticket.
    """
    query = select(Ticket).where(Ticket.id == ticket_id).with_for_update()
    ticket = (await session.execute(query)).scalar_one_or_none()
    if ticket is None:
        raise NotFound("Chamado não encontrado.")
    return ticket


async def post_ticket_action(
    session: AsyncSession,
    ticket_id: int,
    *,
    author_kind: Author,
    text: str,
    media_ids: Sequence[int] = (),
    author_user_id: int | None = None,
    request_key: str | None = None,
) -> TicketAction:
    """Adds an action; the ticket's status follows the table of states.

    Raises:
        NotFound: there is no such ticket.
    """
    ticket = await lock_ticket(session, ticket_id)
    now = datetime.now(UTC)
    media_ids = list(dict.fromkeys(media_ids))
    actor, name = await _author(session, ticket, author_kind, author_user_id)
    action = TicketAction(
        ticket_id=ticket_id,
        author_kind=author_kind,
        author_name=name,
        author_user_id=author_user_id,
        text=text.strip(),
        media_count=len(media_ids),
        request_key=request_key,
        created_at=now,
    )
    session.add(action)
    await session.flush()
    for position, media_id in enumerate(media_ids):
        await session.merge(
            TicketMedia(
                ticket_id=ticket_id, media_id=media_id, action_id=action.id, position=position
            )
        )
    seen = ticket.contact_seen_at
    # One's own act is no news, and does not make seen what the team did before it.
    own_alone = author_kind == "contact" and seen is not None and ticket.updated_at <= seen
    ticket.updated_at = now
    await session.flush()
    await record_event(
        session, "ticket.action_posted", actor, ticket_id=ticket_id, action_id=action.id
    )
    after = TICKET_STATUS_AFTER.get((f"{author_kind}_acted", ticket.status))
    if after is not None and await happens_by_itself(session, f"{author_kind}_acted"):
        await set_ticket_status(session, ticket_id, after, actor, told_otherwise=True)
    if own_alone:
        ticket.contact_seen_at = ticket.updated_at
        await session.flush()
    return action


async def set_ticket_status(
    session: AsyncSession,
    ticket_id: int,
    status: Status,
    actor: Actor,
    *,
    told_otherwise: bool = False,
) -> Ticket:
    """Changes a ticket's status and keeps who did it.

    ``told_otherwise``: the customer hears of what it follows from: an action, or the end of the
    conversation.
    """
    ticket = await lock_ticket(session, ticket_id)
    if ticket.status == status:
        return ticket
    before, ticket.status = ticket.status, status
    ticket.updated_at = datetime.now(UTC)
    await session.flush()
    await record_event(
        session,
        "ticket.status_changed",
        actor,
        ticket_id=ticket_id,
        before=before.value,
        after=status.value,
        told_otherwise=told_otherwise,
    )
    return ticket


async def _author(
    session: AsyncSession, ticket: Ticket, kind: Author, user_id: int | None
) -> tuple[Actor, str]:
    if kind == "contact":
        contact = await session.get_one(Contact, ticket.contact_id)
        return by_contact(contact.id), contact.name or ""
    if kind == "agent" and user_id is not None:
        return by_agent(user_id), (await session.get_one(User, user_id)).name
    return BOT, ""
