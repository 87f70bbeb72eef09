"""What the database holds of a conversation, by the words of a script."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactCompany, PortalAccount
from desk.conversations.find import conversation_by_public_id
from desk.conversations.tables import Conversation, Rating
from desk.events.tables import Event
from desk.team.tables import Queue
from desk.tickets.tables import RequestType, Ticket, TicketAction, TicketMedia

Facts = dict[str, object]


async def facts_of_database(session: AsyncSession, public_id: str, noun: str) -> Facts:
    """The facts of a noun (contact, account, conversation, ticket, action, rating)."""
    conversation = await conversation_by_public_id(session, public_id)
    assert conversation is not None
    match noun:
        case "contact":
            return await _contact(session, conversation.contact_id)
        case "account":
            return await _account(session, conversation.contact_id)
        case "conversation":
            return await _conversation(session, conversation)
        case "ticket":
            return await _ticket(session, await newest_ticket(session, conversation.contact_id))
        case "action":
            return await _action(session, await newest_ticket(session, conversation.contact_id))
        case "rating":
            return await _rating(session, conversation.id)
    return {
        "tickets": await _count(session, Ticket, Ticket.contact_id == conversation.contact_id),
        "ratings": await _count(session, Rating, Rating.conversation_id == conversation.id),
    }


async def newest_ticket(session: AsyncSession, contact_id: int) -> Ticket | None:
    """The contact's ticket opened last."""
    query = select(Ticket).where(Ticket.contact_id == contact_id)
    newest: Ticket | None = await _first(session, query.order_by(Ticket.id.desc()))
    return newest


async def _contact(session: AsyncSession, contact_id: int) -> Facts:
    contact = await session.get_one(Contact, contact_id)
    companies = await _count(session, ContactCompany, ContactCompany.contact_id == contact.id)
    return {"name": contact.name, "email": contact.email, "companies": companies}


async def _account(session: AsyncSession, contact_id: int) -> Facts:
    query = select(PortalAccount).where(PortalAccount.contact_id == contact_id)
    account = await _first(session, query)
    return {
        "username": account.username if account else "none",
        "must_change": account.must_change if account else "none",
    }


async def _conversation(session: AsyncSession, conversation: Conversation) -> Facts:
    queue = await session.get(Queue, conversation.queue_id or 0)
    failed = (Event.conversation_id == conversation.id, Event.kind == "bot.failed")
    return {
        "status": conversation.status.value,
        "owner": conversation.owner.value,
        "queue": queue.name if queue else "none",
        "failures": await _count(session, Event, *failed),
    }


async def _ticket(session: AsyncSession, ticket: Ticket | None) -> Facts:
    if ticket is None:
        return {}
    kind = await session.get(RequestType, ticket.request_type_id or 0)
    company = await session.get(Company, ticket.company_id or 0)
    queue = await session.get(Queue, ticket.queue_id or 0)
    return {
        "subject": ticket.subject,
        "description": ticket.description,
        "length": len(ticket.description),
        "status": ticket.status.value,
        "type": kind.name if kind else "none",
        "company": company.name if company else "none",
        "queue": queue.name if queue else "none",
        "media": await _count(session, TicketMedia, TicketMedia.ticket_id == ticket.id),
        "actions": await _count(session, TicketAction, TicketAction.ticket_id == ticket.id),
    }


async def _action(session: AsyncSession, ticket: Ticket | None) -> Facts:
    if ticket is None:
        return {}
    query = select(TicketAction).where(TicketAction.ticket_id == ticket.id)
    action = await _first(session, query.order_by(TicketAction.id.desc()))
    if action is None:
        return {}
    return {"text": action.text, "author": action.author_kind, "media": action.media_count}


async def _rating(session: AsyncSession, conversation_id: int) -> Facts:
    query = select(Rating).where(Rating.conversation_id == conversation_id)
    rating = await _first(session, query.order_by(Rating.id.desc()))
    return {} if rating is None else {"score": rating.score, "comment": rating.comment}


async def _first(session: AsyncSession, query: Any) -> Any:
    return (await session.execute(query.limit(1))).scalar_one_or_none()


async def _count(session: AsyncSession, table: Any, *conditions: Any) -> int:
    query = select(func.count()).select_from(table).where(*conditions)
    return (await session.execute(query)).scalar_one()
