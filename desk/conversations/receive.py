"""Receive what a customer wrote: once, in order, before anybody is told that it arrived."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.append import append_message
from desk.conversations.find import lock_conversation
from desk.conversations.tables import Conversation, Message
from desk.db import MAX_KEY, database_now
from desk.errors import Conflict, Invalid
from desk.events.log import by_contact
from desk.media.store import StoredFile, add_media
from desk.states import Owner
from desk.text import clean_text


@dataclass(frozen=True)
class Inbound:
    """A message as a channel's parser hands it over.

    ``provider_id`` or ``client_id`` names it for deduplication; ``payload`` is a button's.
    """

    text: str = ""
    payload: str | None = None
    reply_to_id: int | None = None
    provider_id: str | None = None
    client_id: str | None = None
    files: Sequence[StoredFile] = field(default_factory=tuple)

    def body_hash(self) -> str:
        """Names the content, so that a client_id used twice for different things is noticed."""
        body = [self.text, self.payload, self.reply_to_id, [file.sha256 for file in self.files]]
        return hashlib.sha256(json.dumps(body).encode()).hexdigest()


@dataclass(frozen=True)
class Received:
    """The stored message; ``is_new`` is False when it was known."""

    message: Message
    conversation: Conversation
    is_new: bool


async def receive_message(
    session: AsyncSession, conversation_id: int, inbound: Inbound
) -> Received:
    """Stores an inbound message under the next number and asks the bridge to work.

    Raises:
        Invalid: there is neither text nor file.
        Conflict: the client_id is known with another body.
    """
    text = clean_text(inbound.text)
    if not text and not inbound.payload and not inbound.files:
        raise Invalid("text", "Escreva uma mensagem ou anexe um arquivo.")
    conversation = await lock_conversation(session, conversation_id)
    body_hash = inbound.body_hash()
    known = await _known(session, conversation, inbound)
    if known is not None:
        if inbound.client_id is not None and known.body_hash != body_hash:
            raise Conflict("Este client_id já foi usado para outra mensagem.")
        return Received(known, conversation, False)
    if inbound.reply_to_id is not None:
        await check_quoted(session, conversation, inbound.reply_to_id)
    media = [await add_media(session, file) for file in inbound.files]
    now = await database_now(session)
    conversation.last_contact_seq = conversation.last_seq + 1
    conversation.work_due_at = conversation.work_due_at or now
    if conversation.owner is not Owner.BOT and conversation.waiting_since is None:
        conversation.waiting_since = now
    message = await append_message(
        session,
        conversation,
        by_contact(conversation.contact_id),
        direction="in",
        state="received",
        author_kind="contact",
        text=text,
        payload=clean_text(inbound.payload) if inbound.payload is not None else None,
        reply_to_id=inbound.reply_to_id,
        provider_id=inbound.provider_id,
        client_id=inbound.client_id,
        body_hash=body_hash,
        media_ids=[each.id for each in media],
    )
    return Received(message, conversation, True)


async def _known(
    session: AsyncSession, conversation: Conversation, inbound: Inbound
) -> Message | None:
    if inbound.client_id is not None:
        query = select(Message).where(
            Message.conversation_id == conversation.id, Message.client_id == inbound.client_id
        )
    elif inbound.provider_id is not None:
        query = select(Message).where(
            Message.channel_id == conversation.channel_id,
            Message.external_chat == conversation.external_chat,
            Message.provider_id == inbound.provider_id,
            Message.direction == "in",
        )
    else:
        return None
    return (await session.execute(query)).scalar_one_or_none()


async def check_quoted(session: AsyncSession, conversation: Conversation, quoted_id: int) -> None:
    """Refuses to quote what is not in the conversation.

    Raises:
        Invalid: it is not.
    """
    quoted = await session.get(Message, quoted_id) if 0 < quoted_id <= MAX_KEY else None
    if quoted is None or quoted.conversation_id != conversation.id or quoted.kind != "message":
        raise Invalid("reply_to", "A mensagem citada não está nesta conversa.")
