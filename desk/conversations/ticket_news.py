"""Word to the customer, by itself, when the team acts on a ticket.

Said in the chat where the contact wrote last, by nobody's turn: only while the bot has that
conversation (a person who is there tells it themselves) and as the channel's rules allow.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.directory import sent_state
from desk.channels.tables import Channel
from desk.configuration.groups import Automation
from desk.configuration.values import read_configuration
from desk.conversations.append import append_message
from desk.conversations.find import lock_conversation
from desk.conversations.tables import Conversation, ConversationTicket, Message
from desk.conversations.window import may_write_freely
from desk.events.log import SYSTEM
from desk.events.tables import Event
from desk.states import Owner
from desk.tickets.tables import Ticket, TicketAction

NEWS_KINDS = ("ticket.action_posted", "ticket.status_changed")


@dataclass(frozen=True)
class TicketNews:
    """What to tell: ``text`` of the new action, or the new ``status``."""

    ticket: Ticket
    text: str = ""
    status: str = ""


async def read_news(session: AsyncSession, event: Event) -> TicketNews | None:
    """What an event means to the customer; None when there is nothing to tell.

    Only what somebody else did: not the customer's own acts, nor what merely follows from what
    they are told anyway.
    """
    if event.kind not in NEWS_KINDS or event.actor_kind not in {"agent", "rule"}:
        return None
    if event.data.get("told_otherwise"):
        return None
    ticket = await session.get(Ticket, event.ticket_id)
    if ticket is None:
        return None
    if event.kind == "ticket.status_changed":
        return TicketNews(ticket, status=str(event.data["after"]))
    action = await session.get(TicketAction, event.data["action_id"])
    return TicketNews(ticket, text=action.text) if action else None


async def tell_news(
    session: AsyncSession, ticket: Ticket, text: str, buttons: list[dict[str, str]]
) -> bool:
    """Writes the news into the contact's chat unless admins want none; says whether it could."""
    if not (await read_configuration(session, Automation)).tell_customers_of_ticket_news:
        return False
    return await write_news(session, ticket, text, buttons)


async def write_news(
    session: AsyncSession, ticket: Ticket, text: str, buttons: list[dict[str, str]]
) -> bool:
    """Writes the news into the contact's chat; says whether it could."""
    conversation_id = await _chat_of(session, ticket)
    if conversation_id is None:
        return False
    conversation = await lock_conversation(session, conversation_id)
    channel = await session.get_one(Channel, conversation.channel_id)
    if conversation.owner is not Owner.BOT or not channel.enabled:
        return False
    if not await may_write_freely(session, conversation, channel):
        return False
    conversation.news_ticket = ticket.number
    await append_message(
        session,
        conversation,
        SYSTEM,
        direction="out",
        state=sent_state(channel.kind),
        author_kind="bot",
        text=text,
        buttons=buttons,
        epoch=conversation.epoch,
    )
    return True


async def _chat_of(session: AsyncSession, ticket: Ticket) -> int | None:
    """Where the contact wrote last, on whatever channel that is served.

    Not where the ticket was handled: after a merge, or a change of phone, that chat may be one
    that nobody looks at any more. Only without a word of theirs it is the chat of the ticket.
    """
    latest = await chat_for_news(session, ticket.contact_id)
    if latest is not None:
        return latest.id
    linked = (
        select(Conversation.id)
        .join(ConversationTicket, ConversationTicket.conversation_id == Conversation.id)
        .where(
            ConversationTicket.ticket_id == ticket.id,
            Conversation.contact_id == ticket.contact_id,
        )
        .order_by(Conversation.last_message_at.desc())
        .limit(1)
    )
    return (await session.execute(linked)).scalar_one_or_none()


async def chat_for_news(session: AsyncSession, contact_id: int) -> Conversation | None:
    """Where the contact wrote last, on whatever channel that is served."""
    query = (
        select(Conversation)
        .join(Channel, Channel.id == Conversation.channel_id)
        .join(
            Message,
            (Message.conversation_id == Conversation.id)
            & (Message.seq == Conversation.last_contact_seq),
        )
        .where(Conversation.contact_id == contact_id, Channel.enabled)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()
