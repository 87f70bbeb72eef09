"""Find conversations, and hold them."""

import uuid
from datetime import UTC, datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.contacts.directory import Alias, contact_by_alias
from desk.conversations.tables import Conversation
from desk.db import upsert
from desk.errors import NotFound
from desk.events.log import by_contact, record_event
from desk.events.tables import Event

_CREATED = "conversation.created"


async def conversation_by_public_id(session: AsyncSession, public_id: str) -> Conversation | None:
    """A conversation by the name that others know."""
    query = select(Conversation).where(Conversation.public_id == public_id)
    return (await session.execute(query)).scalar_one_or_none()


async def lock_conversation(session: AsyncSession, conversation_id: int) -> Conversation:
    """The conversation as it stands now, held until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    query = (
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    conversation = (await session.execute(query)).scalar_one_or_none()
    if conversation is None:
        raise NotFound("Conversa não encontrada.")
    return conversation


async def conversation_for(
    session: AsyncSession,
    channel: Channel,
    alias: Alias,
    external_chat: str,
    profile_name: str | None = None,
    *,
    writes: bool = True,
) -> Conversation:
    """The one conversation of a contact on a channel; made when they come for the first time.

    Who merely opens a chat (``writes`` is false) begins no service yet: see ``begin_service``.
    """
    contact = await contact_by_alias(session, alias, profile_name)
    query = (
        select(Conversation)
        .where(
            Conversation.channel_id == channel.id,
            or_(Conversation.external_chat == external_chat, Conversation.contact_id == contact.id),
        )
        .order_by((Conversation.external_chat == external_chat).desc(), Conversation.id)
        .limit(1)
    )
    found = (await session.execute(query)).scalar_one_or_none()
    if found is not None:
        return found
    now = datetime.now(UTC)
    insert = upsert(session)
    row = insert(Conversation).values(
        public_id=uuid.uuid4().hex,
        contact_id=contact.id,
        channel_id=channel.id,
        external_chat=external_chat,
        status_since=now,
        last_message_at=now,
        created_at=now,
    )
    made = await session.execute(row.on_conflict_do_nothing().returning(Conversation))
    conversation: Conversation | None = made.scalar_one_or_none()
    if conversation is None:  # their first messages came at once
        return (await session.execute(query)).scalar_one()
    if writes:
        await _record_creation(session, conversation)
    return conversation


async def begin_service(session: AsyncSession, conversation: Conversation) -> None:
    """Before the first message of a held conversation: from here on it is a service.

    A chat that was only opened has been none, in no list and no report.
    """
    query = (
        select(Event.seq)
        .where(Event.conversation_id == conversation.id, Event.kind == _CREATED)
        .limit(1)
    )
    if conversation.last_seq or (await session.execute(query)).first() is not None:
        return
    conversation.created_at = conversation.status_since = datetime.now(UTC)
    await session.flush()
    await _record_creation(session, conversation)


async def _record_creation(session: AsyncSession, conversation: Conversation) -> None:
    await record_event(
        session,
        _CREATED,
        by_contact(conversation.contact_id),
        conversation_id=conversation.id,
        status=conversation.status.value,
    )


async def open_local_conversation(session: AsyncSession, sender_id: str) -> Conversation:
    """A conversation for a sender that is none of ours: ``rasa shell``, ``rasa interactive``."""
    query = select(Channel).where(Channel.kind == "local", Channel.slug == "local")
    channel = (await session.execute(query)).scalar_one_or_none()
    if channel is None:
        channel = Channel(
            kind="local", slug="local", brand="Acme Sistemas", created_at=datetime.now(UTC)
        )
        session.add(channel)
        await session.flush()
    return await conversation_for(session, channel, Alias("local", sender_id), sender_id)
