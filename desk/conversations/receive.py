"""Receive what a customer wrote: once, in order, before anybody is told that it arrived."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.append import append_message
from desk.conversations.arrivals import (
    album_key,
    album_known,
    announce_files,
    hold_until,
    join_album,
    open_album,
)
from desk.conversations.find import begin_service, lock_conversation
from desk.conversations.parts import message_at_provider
from desk.conversations.people_only import pass_to_people
from desk.conversations.tables import Conversation, Message
from desk.db import MAX_KEY, database_now
from desk.errors import Conflict, Invalid
from desk.events.log import by_contact
from desk.media.fetching import RemoteFile
from desk.media.store import StoredFile, add_media
from desk.states import Owner
from desk.text import clean_text


@dataclass(frozen=True)
class Inbound:
    """A message as a channel's parser hands it over.

    ``provider_id`` or ``client_id`` names it for deduplication; ``payload`` is a button's.
    ``remote_files`` must be fetched from the provider: the message keeps its place and waits for
    them. ``album``: pieces of one album are one message; ``position`` orders them within it.
    """

    text: str = ""
    payload: str | None = None
    reply_to_id: int | None = None
    provider_id: str | None = None
    client_id: str | None = None
    files: Sequence[StoredFile] = field(default_factory=tuple)
    reply_to_provider_id: str | None = None
    remote_files: Sequence[RemoteFile] = field(default_factory=tuple)
    album: str | None = None
    position: int = 0

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
    if not (text or inbound.payload or inbound.files or inbound.remote_files):
        raise Invalid("text", "Escreva uma mensagem ou anexe um arquivo.")
    conversation = await lock_conversation(session, conversation_id)
    body_hash = inbound.body_hash()
    known = await _known(session, conversation, inbound)
    if known is not None:
        if inbound.client_id is not None and known.body_hash != body_hash:
            raise Conflict("Este client_id já foi usado para outra mensagem.")
        return Received(known, conversation, False)
    album = inbound.album
    if album and (held := await open_album(session, conversation, album)) is not None:
        provider_id = inbound.provider_id or ""
        await join_album(session, held, provider_id, text, inbound.remote_files, inbound.position)
        return Received(held, conversation, False)
    if inbound.reply_to_id is not None:
        await check_quoted(session, conversation, inbound.reply_to_id)
    media = [await add_media(session, file) for file in inbound.files]
    now = await database_now(session)
    await begin_service(session, conversation)
    await pass_to_people(session, conversation)
    conversation.last_contact_seq = conversation.last_seq + 1
    waits = bool(album or inbound.remote_files)
    if not waits:
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
        reply_to_id=await _quoted_id(session, conversation, inbound),
        provider_id=inbound.provider_id,
        client_id=await _client_id(session, conversation, inbound),
        body_hash=body_hash,
        media_ids=[each.id for each in media],
        due_at=await hold_until(session, album=album is not None) if waits else None,
    )
    await announce_files(
        session,
        message,
        inbound.provider_id or "",
        inbound.remote_files,
        inbound.position or len(media),
    )
    return Received(message, conversation, True)


async def _quoted_id(
    session: AsyncSession, conversation: Conversation, inbound: Inbound
) -> int | None:
    """What a provider's own reply quotes; nothing when it is older than what is known here."""
    if inbound.reply_to_provider_id is None:
        return inbound.reply_to_id
    quoted = await message_at_provider(session, conversation, inbound.reply_to_provider_id)
    return quoted.id if quoted is not None and quoted.kind == "message" else None


async def _client_id(
    session: AsyncSession, conversation: Conversation, inbound: Inbound
) -> str | None:
    """An album's message is found by its key; a piece that comes late is a message by itself."""
    if inbound.album is None or await album_known(session, conversation, inbound.album):
        return inbound.client_id
    return album_key(inbound.album)


async def _known(
    session: AsyncSession, conversation: Conversation, inbound: Inbound
) -> Message | None:
    if inbound.client_id is not None:
        query = select(Message).where(
            Message.conversation_id == conversation.id, Message.client_id == inbound.client_id
        )
    elif inbound.provider_id is not None:
        return await message_at_provider(session, conversation, inbound.provider_id, "in")
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
