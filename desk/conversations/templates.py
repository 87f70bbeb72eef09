"""Approved templates in a conversation: which may be sent, and sending one as an agent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.directory import TEMPLATE_KINDS
from desk.channels.tables import Channel, MessageTemplate
from desk.channels.templates import fill_template, sendable_templates, template_by_id
from desk.conversations.tables import Conversation, Message
from desk.conversations.team_messages import post_agent_message
from desk.conversations.window import FREE_WORD, window_closes_at
from desk.errors import Conflict
from desk.team.tables import User


@dataclass(frozen=True)
class Window:
    """Whether free words may go.

    ``closes_at``: until when, or since when not; None where the channel has no such bound, or the
    customer never wrote.
    """

    is_open: bool
    closes_at: datetime | None = None


async def window_of(session: AsyncSession, conversation: Conversation) -> Window:
    """The window of a conversation as it stands now."""
    channel = await session.get_one(Channel, conversation.channel_id)
    if channel.kind not in FREE_WORD:
        return Window(is_open=True)
    closes_at = await window_closes_at(session, conversation, channel)
    return Window(closes_at is not None and datetime.now(UTC) < closes_at, closes_at)


async def templates_for(session: AsyncSession, conversation: Conversation) -> list[MessageTemplate]:
    """The templates that an agent may send here, by name; none where the channel has none."""
    channel = await session.get_one(Channel, conversation.channel_id)
    if channel.kind not in TEMPLATE_KINDS:
        return []
    return await sendable_templates(session, [channel.id])


async def post_template(
    session: AsyncSession,
    conversation: Conversation,
    user: User,
    template_id: int,
    values: Mapping[str, str],
    client_id: str | None = None,
) -> Message:
    """Sends an approved template; the same client_id sends once.

    Raises:
        NotFound: the channel has no such template that may be sent.
        Invalid: a variable has no value.
        Conflict: the channel has no templates, no person has the conversation, or the client_id is
            known with another body.
    """
    channel = await session.get_one(Channel, conversation.channel_id)
    if channel.kind not in TEMPLATE_KINDS:
        raise Conflict("Este canal não tem modelos: escreva livremente.")
    template = await template_by_id(session, channel.id, template_id)
    filled = fill_template(template, values)
    return await post_agent_message(
        session,
        conversation.id,
        user,
        text=filled.words,
        client_id=client_id,
        template=filled.content,
    )
