"""Messages that have a place in the conversation before all of them is here.

A file must be fetched, an album comes in pieces. The message gets its number at once and is held
(``due_at``); the turns of it and of all behind it wait until its files are here or are given up.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.directory import sent_state
from desk.channels.tables import Channel
from desk.conversations.append import append_message
from desk.conversations.find import lock_conversation
from desk.conversations.parts import Part, keep_part
from desk.conversations.tables import Conversation, Message, MessageMedia, MessagePart
from desk.db import database_now
from desk.events.log import SYSTEM, by_contact, record_event
from desk.media.fetching import Fetch, RemoteFile, end_fetch, request_fetch
from desk.media.store import StoredFile, add_media

ALBUM_GRACE_SECONDS = 1.2
_LATE = "late"
MISSING = "missing"
"""Key of a message's data: what its text ends with, about files that did not come."""


def album_key(album: str) -> str:
    """The client_id of an album's message: unique in its conversation."""
    return f"album:{album}"[:64]


async def hold_until(session: AsyncSession, *, album: bool) -> datetime:
    """Until when a message is held at least: an album's pieces come one by one."""
    now = await database_now(session)
    return now + timedelta(seconds=ALBUM_GRACE_SECONDS) if album else now


async def open_album(
    session: AsyncSession, conversation: Conversation, album: str
) -> Message | None:
    """The held message that further pieces of this album belong to."""
    query = select(Message).where(
        Message.conversation_id == conversation.id,
        Message.client_id == album_key(album),
        Message.due_at.is_not(None),
    )
    return (await session.execute(query)).scalar_one_or_none()


async def album_known(session: AsyncSession, conversation: Conversation, album: str) -> bool:
    """Whether an album has its message already; one that comes after the end is another message."""
    query = select(Message.id).where(
        Message.conversation_id == conversation.id, Message.client_id == album_key(album)
    )
    return (await session.execute(query)).first() is not None


async def announce_files(
    session: AsyncSession,
    message: Message,
    provider_id: str,
    files: Sequence[RemoteFile],
    position: int,
) -> None:
    """Asks for the files of a message, or of a piece of it."""
    for offset, file in enumerate(files):
        fetch_id = await request_fetch(session, message.channel_id, file)
        part = Part(position + offset, "file", provider_id)
        await keep_part(session, message, part, fetch_id)


async def join_album(
    session: AsyncSession,
    message: Message,
    provider_id: str,
    text: str,
    files: Sequence[RemoteFile],
    position: int,
) -> None:
    """One more piece of a held album."""
    await announce_files(session, message, provider_id, files, position)
    message.text = "\n".join(filter(None, [message.text, text]))
    message.due_at = await hold_until(session, album=True)
    await _record(session, message, "message.extended")


async def attach_file(session: AsyncSession, fetch: Fetch, stored: StoredFile) -> None:
    """A file is here: it takes its place, and the turn may begin when it was the last.

    One that was waited for too long joins its message though the turn is over.
    """
    message = await _message_of(session, fetch)
    if message is None:
        return
    part = await _part_of(session, fetch)
    await end_fetch(session, fetch.id)
    media = await add_media(session, stored)
    session.add(MessageMedia(message_id=message.id, position=part.position, media_id=media.id))
    message.media_count += 1
    if part.kind == _LATE:
        _note_missing(message, _without(_missing(message), fetch.name))
    part.kind = "file"
    part.fetch_id = None
    await session.flush()
    await _record(session, message, "message.file_arrived")
    await _settle(session, message)


async def go_on_without(session: AsyncSession, fetch: Fetch, note: str, told: str) -> None:
    """A file keeps everybody waiting: the turn begins, the job goes on; said to both sides once."""
    message = await _message_of(session, fetch)
    if message is None:
        return
    part = await _part_of(session, fetch)
    if part.kind != _LATE:
        part.kind = _LATE
        await _say_missing(session, message, note, told)


async def give_up_file(session: AsyncSession, fetch: Fetch, note: str, told: str) -> None:
    """A file will not come: the message says so to the team, ``told`` says so to the customer."""
    message = await _message_of(session, fetch)
    if message is None:
        return
    part = await _part_of(session, fetch)
    await end_fetch(session, fetch.id)
    part.fetch_id = None
    if part.kind != _LATE:
        await _say_missing(session, message, note, told)
        return
    # The customer was told that it is late, which was told enough.
    _note_missing(message, [*_without(_missing(message), fetch.name), note])
    await session.flush()
    await _record(session, message, "message.file_missing")


async def _say_missing(session: AsyncSession, message: Message, note: str, told: str) -> None:
    _note_missing(message, [*_missing(message), note])
    await session.flush()
    await _record(session, message, "message.file_missing")
    conversation = await lock_conversation(session, message.conversation_id)
    channel = await session.get_one(Channel, conversation.channel_id)
    await append_message(
        session,
        conversation,
        SYSTEM,
        direction="out",
        state=sent_state(channel.kind),
        author_kind="system",
        text=told,
        reply_to_id=message.id,
        epoch=conversation.epoch,
    )
    await _settle(session, message)


async def due_arrivals(session: AsyncSession, limit: int = 50) -> Sequence[int]:
    """Held messages that lack nothing any more: albums whose last piece came a while ago."""
    now = await database_now(session)
    query = (
        select(Message.id)
        .where(*_held(), Message.due_at <= now, ~_waits_for_file(Message.id))
        .order_by(Message.due_at)
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()


async def next_arrival_at(session: AsyncSession) -> datetime | None:
    """When the next album may be whole; None when none is on its way."""
    query = select(func.min(Message.due_at)).where(*_held(), ~_waits_for_file(Message.id))
    return (await session.execute(query)).scalar_one_or_none()


async def settle_arrival(session: AsyncSession, message_id: int) -> None:
    """Lets the turn of a held message begin, if it lacks nothing."""
    conversation_id = (
        await session.execute(select(Message.conversation_id).where(Message.id == message_id))
    ).scalar_one_or_none()
    if conversation_id is None:
        return
    await lock_conversation(session, conversation_id)
    await _settle(session, await session.get_one(Message, message_id, populate_existing=True))


async def _settle(session: AsyncSession, message: Message) -> None:
    now = await database_now(session)
    waits = (await session.execute(select(_waits_for_file(message.id)))).scalar_one()
    if message.due_at is None or message.due_at > now or waits:
        return
    message.due_at = None
    conversation = await lock_conversation(session, message.conversation_id)
    conversation.work_due_at = conversation.work_due_at or now
    await session.flush()
    await _record(session, message, "message.arrived")


def _missing(message: Message) -> list[str]:
    return [line for line in str(message.data.get(MISSING, "")).split("\n") if line]


def _without(lines: Sequence[str], name: str) -> list[str]:
    """The lines but the first that names this file."""
    place = next((at for at, line in enumerate(lines) if name in line), len(lines))
    return [line for at, line in enumerate(lines) if at != place]


def _note_missing(message: Message, lines: Sequence[str]) -> None:
    """What the message's text ends with about files that are not here."""
    written = message.text.removesuffix(message.data.get(MISSING, "")).rstrip()
    message.text = "\n".join(filter(None, [written, *lines]))
    message.data = {**message.data, MISSING: "\n".join(lines)}


async def _message_of(session: AsyncSession, fetch: Fetch) -> Message | None:
    """The message of a job, held; None, and the job ended, when it was ended or is gone."""
    query = (
        select(Message.id, Message.conversation_id)
        .join(MessagePart, MessagePart.message_id == Message.id)
        .where(MessagePart.fetch_id == fetch.id)
    )
    row = (await session.execute(query)).first()
    if row is not None:
        await lock_conversation(session, row.conversation_id)
        # Read again: the part must not have been ended by another while the lock was waited for.
        row = (await session.execute(query)).first()
    if row is None:
        await end_fetch(session, fetch.id)
        return None
    return await session.get_one(Message, row.id, populate_existing=True)


async def _part_of(session: AsyncSession, fetch: Fetch) -> MessagePart:
    query = (
        select(MessagePart)
        .where(MessagePart.fetch_id == fetch.id)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(query)).scalar_one()


def _held() -> tuple[ColumnElement[bool], ...]:
    return (
        Message.direction == "in",
        Message.state == "received",
        Message.due_at.is_not(None),
    )


def _waits_for_file(message_id: object) -> ColumnElement[bool]:
    return exists().where(
        MessagePart.message_id == message_id,
        MessagePart.fetch_id.is_not(None),
        MessagePart.kind != _LATE,
    )


async def _record(session: AsyncSession, message: Message, kind: str) -> None:
    conversation = await session.get_one(Conversation, message.conversation_id)
    await record_event(
        session,
        kind,
        by_contact(conversation.contact_id),
        conversation_id=message.conversation_id,
        message_id=message.id,
        seq=message.seq,
    )
