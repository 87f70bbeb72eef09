"""Channels on which people alone answer: every conversation goes to a queue at once."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.settings import PEOPLE
from desk.channels.tables import Channel
from desk.conversations.handoff_tickets import ticket_for_handoff
from desk.conversations.ownership import hand_off
from desk.conversations.routing.choose import queue_of_ticket
from desk.conversations.tables import Conversation
from desk.events.log import RULE
from desk.states import Owner


async def pass_to_people(session: AsyncSession, conversation: Conversation) -> None:
    """Before a message is stored: the bot is never asked on such a channel."""
    if conversation.owner is not Owner.BOT:
        return
    channel = await session.get_one(Channel, conversation.channel_id)
    if channel.agent_kind != PEOPLE:
        return
    ticket = await ticket_for_handoff(session, conversation)
    choice = await queue_of_ticket(session, ticket)
    await hand_off(
        session,
        conversation,
        RULE,
        queue_id=choice.queue_id,
        reason="people_only",
        routing=choice.routing,
    )
