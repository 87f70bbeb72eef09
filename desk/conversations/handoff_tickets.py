"""A handoff makes or links a ticket: the durable matter that a person works on."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.directory import companies_of
from desk.conversations.tables import Conversation, ConversationTicket
from desk.conversations.tickets import link_ticket
from desk.events.log import Actor
from desk.states import ACTIVE, Status
from desk.tickets.opening import open_ticket
from desk.tickets.posting import set_ticket_status
from desk.tickets.tables import Ticket

DEFAULT_SUBJECT = "Atendimento com uma pessoa"


async def ticket_for_handoff(
    session: AsyncSession,
    conversation: Conversation,
    *,
    subject: str = "",
    description: str = "",
    request_type_id: int | None = None,
) -> Ticket:
    """The newest active ticket of this conversation; a new one when there is none."""
    query = (
        select(Ticket)
        .join(ConversationTicket, ConversationTicket.ticket_id == Ticket.id)
        .where(ConversationTicket.conversation_id == conversation.id, Ticket.status.in_(ACTIVE))
        .order_by(Ticket.id.desc())
        .limit(1)
    )
    ticket = (await session.execute(query)).scalar_one_or_none()
    if ticket is not None:
        return ticket
    companies = await companies_of(session, conversation.contact_id)
    ticket = await open_ticket(
        session,
        contact_id=conversation.contact_id,
        company_id=companies[0].id if len(companies) == 1 else None,
        subject=subject or DEFAULT_SUBJECT,
        description=description,
        request_type_id=request_type_id,
        conversation_id=conversation.id,
    )
    await link_ticket(session, conversation.id, ticket.id, made_by_handoff=True)
    return ticket


async def end_handoff_tickets(
    session: AsyncSession, conversation: Conversation, status: Status, actor: Actor
) -> None:
    """Ends the tickets that exist only because a person was asked for, like their service."""
    query = (
        select(Ticket.id)
        .join(ConversationTicket, ConversationTicket.ticket_id == Ticket.id)
        .where(
            ConversationTicket.conversation_id == conversation.id,
            ConversationTicket.made_by_handoff,
            Ticket.status.in_(ACTIVE),
        )
    )
    for ticket_id in (await session.execute(query)).scalars().all():
        await set_ticket_status(session, ticket_id, status, actor, told_otherwise=True)
