"""The files of held messages: here, late, or given up; what is missing is said to both sides."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.directory import sent_state
from desk.channels.tables import Channel
from desk.conversations.append import append_message
from desk.conversations.arrivals import LATE, record_arrival, settle_held
from desk.conversations.find import lock_conversation
from desk.conversations.tables import Message, MessageMedia, MessagePart
from desk.events.log import SYSTEM
from desk.media.fetching import Fetch, end_fetch
from desk.media.store import StoredFile, add_media

MISSING = "missing"
"""Key of a message's data: what its text ends with, about files that did not come."""


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
    if part.kind == LATE:
        _note_missing(message, _without(_missing(message), fetch.name))
    part.kind = "file"
    part.fetch_id = None
    await session.flush()
    await record_arrival(session, message, "message.file_arrived")
    await settle_held(session, message)


async def go_on_without(session: AsyncSession, fetch: Fetch, note: str, told: str) -> None:
    """A file keeps everybody waiting: the turn begins, the job goes on; said to both sides once."""
    message = await _message_of(session, fetch)
    if message is None:
        return
    part = await _part_of(session, fetch)
    if part.kind != LATE:
        part.kind = LATE
        await _say_missing(session, message, note, told)


async def give_up_file(session: AsyncSession, fetch: Fetch, note: str, told: str) -> None:
    """A file will not come: the message says so to the team, ``told`` says so to the customer."""
    message = await _message_of(session, fetch)
    if message is None:
        return
    part = await _part_of(session, fetch)
    await end_fetch(session, fetch.id)
    part.fetch_id = None
    if part.kind != LATE:
        await _say_missing(session, message, note, told)
        return
    # The customer was told that it is late, which was told enough.
    _note_missing(message, [*_without(_missing(message), fetch.name), note])
    await session.flush()
    await record_arrival(session, message, "message.file_missing")


async def _say_missing(session: AsyncSession, message: Message, note: str, told: str) -> None:
    _note_missing(message, [*_missing(message), note])
    await session.flush()
    await record_arrival(session, message, "message.file_missing")
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
    await settle_held(session, message)


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
