"""What the team writes: messages to the customer, notes to each other, edits and deletions."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.fill import unfilled_variable
from desk.channels.directory import sent_state
from desk.channels.tables import Channel
from desk.conversations.append import append_message
from desk.conversations.delivery import TEMPLATE
from desk.conversations.find import lock_conversation
from desk.conversations.first_response import note_first_response
from desk.conversations.mentions import add_mentions
from desk.conversations.provider_edits import queue_edit
from desk.conversations.receive import check_quoted
from desk.conversations.status import status_after
from desk.conversations.tables import Conversation, Message, MessageRevision
from desk.conversations.window import may_write_freely
from desk.db import MAX_KEY
from desk.errors import Conflict, Invalid, NotFound
from desk.events.log import Actor, by_agent, record_event
from desk.media.store import StoredFile, add_media
from desk.states import Owner
from desk.team.tables import User
from desk.text import clean_text


async def post_agent_message(
    session: AsyncSession,
    conversation_id: int,
    user: User,
    *,
    text: str,
    client_id: str | None = None,
    reply_to_id: int | None = None,
    files: Sequence[StoredFile] = (),
    template: Mapping[str, Any] | None = None,
) -> Message:
    """Sends a person's words to the customer; the same client_id sends once.

    ``template``: the approved template that says them, as its provider wants it.

    Raises:
        Invalid: there is neither text nor file, a canned reply's variable stands in it unfilled,
            or the quoted message is elsewhere.
        Conflict: no person has the conversation, the client_id is known with another body, or the
            channel takes only templates now.
    """
    cleaned = clean_text(text)
    if not cleaned and not files:
        raise Invalid("text", "Escreva uma mensagem ou anexe um arquivo.")
    _check_filled(cleaned)
    conversation = await lock_conversation(session, conversation_id)
    said = [cleaned, reply_to_id, [file.sha256 for file in files]]
    body = json.dumps([*said, template] if template else said)
    body_hash = hashlib.sha256(body.encode()).hexdigest()
    known = await _known(session, conversation, client_id, body_hash)
    if known is not None:
        return known
    if conversation.owner is not Owner.AGENT:
        raise Conflict("Assuma a conversa antes de responder.")
    channel = await session.get_one(Channel, conversation.channel_id)
    if template is None and not await may_write_freely(session, conversation, channel):
        raise Conflict("A janela de 24 horas está fechada: só um modelo aprovado chega ao cliente.")
    if reply_to_id is not None:
        await check_quoted(session, conversation, reply_to_id)
    media = [await add_media(session, file) for file in files]
    message = await append_message(
        session,
        conversation,
        by_agent(user.id),
        direction="out",
        state=await state_when_sent(session, conversation),
        author_kind="agent",
        author_user_id=user.id,
        text=cleaned,
        client_id=client_id,
        body_hash=body_hash,
        reply_to_id=reply_to_id,
        epoch=conversation.epoch,
        media_ids=[each.id for each in media],
        data={TEMPLATE: dict(template)} if template else {},
    )
    await note_first_response(session, conversation, by_agent(user.id))
    conversation.waiting_since = None
    conversation.agent_seen_seq = message.seq
    await status_after(session, conversation, "agent_replied", by_agent(user.id))
    return message


async def add_note(
    session: AsyncSession,
    conversation_id: int,
    user: User,
    text: str,
    client_id: str | None = None,
    mentions: Sequence[int] = (),
) -> Message:
    """Adds a note that only the team sees; the same client_id adds it once.

    ``mentions``: ids of colleagues who are told of it.

    Raises:
        Invalid: the note is empty, or a named colleague may not see the conversation.
        Conflict: the client_id is known with another body.
    """
    cleaned = clean_text(text)
    if not cleaned:
        raise Invalid("text", "Escreva a nota.")
    conversation = await lock_conversation(session, conversation_id)
    body_hash = hashlib.sha256(json.dumps(["note", cleaned]).encode()).hexdigest()
    known = await _known(session, conversation, client_id, body_hash)
    if known is not None:
        return known
    note = await append_message(
        session,
        conversation,
        by_agent(user.id),
        direction="out",
        kind="note",
        client_id=client_id,
        body_hash=body_hash,
        state="sent",
        author_kind="agent",
        author_user_id=user.id,
        text=cleaned,
    )
    await add_mentions(session, conversation, note, mentions)
    return note


async def state_when_sent(session: AsyncSession, conversation: Conversation) -> str:
    """A client that fetches its messages has a reply as soon as it is stored."""
    channel = await session.get_one(Channel, conversation.channel_id)
    return sent_state(channel.kind)


async def edit_message(
    session: AsyncSession, conversation_id: int, message_id: int, text: str, actor: Actor
) -> Message:
    """Changes one's own words; both sides see it and what was said before is kept.

    Raises:
        NotFound: there is no such message of this author.
        Invalid: the text is empty, or a canned reply's variable stands in it unfilled.
        Conflict: it is an approved template.
    """
    cleaned = clean_text(text)
    if not cleaned:
        raise Invalid("text", "Escreva a mensagem.")
    message = await _own_message(session, conversation_id, message_id, actor)
    if TEMPLATE in message.data:
        raise Conflict("Um modelo aprovado vai como está: não pode ser editado.")
    if message.direction == "out" and message.kind == "message":
        _check_filled(cleaned)
    if message.text == cleaned:
        return message
    now = datetime.now(UTC)
    session.add(MessageRevision(message_id=message.id, text=message.text, replaced_at=now))
    message.text, message.edited_at = cleaned, now
    await session.flush()
    if message.direction == "out":
        await queue_edit(session, message)
    await _record_change(session, message, "message.edited", actor)
    return message


async def delete_message(
    session: AsyncSession, conversation_id: int, message_id: int, actor: Actor
) -> Message:
    """Hides one's own message on one's own side; the other side keeps it.

    Raises:
        NotFound: there is no such message of this author.
    """
    message = await _own_message(session, conversation_id, message_id, actor)
    if actor.kind == "contact":
        message.hidden_from_contact = True
    else:
        message.hidden_from_team = True
    await session.flush()
    await _record_change(session, message, "message.deleted", actor)
    return message


async def _own_message(
    session: AsyncSession, conversation_id: int, message_id: int, actor: Actor
) -> Message:
    await lock_conversation(session, conversation_id)
    message = await session.get(Message, message_id) if 0 < message_id <= MAX_KEY else None
    author = "contact" if actor.kind == "contact" else "agent"
    if (
        message is None
        or message.conversation_id != conversation_id
        or message.author_kind != author
        or message.kind == "internal"
        or (author == "agent" and message.author_user_id != actor.id)
    ):
        raise NotFound("Mensagem não encontrada.")
    return message


async def _record_change(session: AsyncSession, message: Message, kind: str, actor: Actor) -> None:
    await record_event(
        session,
        kind,
        actor,
        conversation_id=message.conversation_id,
        message_id=message.id,
        seq=message.seq,
    )


async def _known(
    session: AsyncSession, conversation: Conversation, client_id: str | None, body_hash: str
) -> Message | None:
    if client_id is None:
        return None
    query = select(Message).where(
        Message.conversation_id == conversation.id, Message.client_id == client_id
    )
    message = (await session.execute(query)).scalar_one_or_none()
    if message is not None and message.body_hash != body_hash:
        raise Conflict("Este client_id já foi usado para outra mensagem.")
    return message


def _check_filled(text: str) -> None:
    if variable := unfilled_variable(text):
        raise Invalid(
            "text",
            "Preencha {variable} antes de enviar: o cliente leria as chaves.",
            variable=variable,
        )
