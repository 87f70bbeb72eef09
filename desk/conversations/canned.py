"""Canned replies in a conversation: their variables get this conversation's values."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.fill import greeting_at
from desk.channels.tables import Channel
from desk.contacts.directory import companies_of
from desk.contacts.tables import Contact
from desk.conversations.tables import Conversation, ConversationTicket
from desk.states import ENDED
from desk.team.tables import Queue, User
from desk.tickets.directory import tickets_of
from desk.tickets.tables import Ticket


async def reply_values(
    session: AsyncSession,
    conversation: Conversation,
    agent: User | None,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, str]:
    """The values of all variables; empty where something is not known.

    ``agent``: who writes; None for a rule.
    """
    contact = await session.get_one(Contact, conversation.contact_id)
    channel = await session.get_one(Channel, conversation.channel_id)
    queue = await session.get(Queue, conversation.queue_id) if conversation.queue_id else None
    companies = await companies_of(session, contact.id)
    ticket = await _ticket_of(session, conversation)
    return {
        "contact.first_name": contact.first_name,
        "contact.name": contact.name or "",
        "company.name": companies[0].name if companies else "",
        "ticket.number": ticket.number if ticket else "",
        "agent.first_name": agent.first_name if agent else "",
        "queue.name": queue.name if queue else "",
        "brand": channel.brand,
        "greeting": greeting_at(now.astimezone(zone)),
    }


async def _ticket_of(session: AsyncSession, conversation: Conversation) -> Ticket | None:
    """The newest ticket handled here, an active one before an ended; else the contact's newest."""
    ended_last = case((Ticket.status.in_(ENDED), 1), else_=0)
    query = (
        select(Ticket)
        .join(ConversationTicket, ConversationTicket.ticket_id == Ticket.id)
        .where(ConversationTicket.conversation_id == conversation.id)
        .order_by(ended_last, Ticket.id.desc())
        .limit(1)
    )
    handled_here = (await session.execute(query)).scalar_one_or_none()
    if handled_here is not None:
        return handled_here
    newest = await tickets_of(session, conversation.contact_id, limit=1)
    return newest[0] if newest else None
