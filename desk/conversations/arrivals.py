"""Messages that have a place in the conversation before all of them is here.

A file must be fetched, an album comes in pieces. The message gets its number at once and is held
(``due_at``); the turns of it and of all behind it wait until its files are here or are given up.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Receipt
from desk.conversations.find import lock_conversation
from desk.conversations.parts import Part, keep_part
from desk.conversations.tables import Conversation, Message, MessagePart
from desk.db import database_now
from desk.events.log import by_contact, record_event
from desk.media.fetching import RemoteFile, request_fetch

_ALBUM = "album:"
ALBUM_GRACE_SECONDS = 1.2
UNREAD_PATIENCE_SECONDS = 10.0
LATE = "late"
"""Kind of a piece whose file kept everybody waiting too long."""


def album_key(album: str) -> str:
    """The client_id of an album's message: unique in its conversation."""
    return f"{_ALBUM}{album}"[:64]


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
    await record_arrival(session, message, "message.extended")


async def due_arrivals(session: AsyncSession, limit: int = 50) -> Sequence[int]:
    """Held messages that lack nothing any more: albums whose last piece came a while ago."""
    now = await database_now(session)
    query = (
        select(Message.id)
        .where(*_held(), Message.due_at <= now, ~_waits_for_file(Message.id))
        .where(~_more_may_come(now))
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
    await settle_held(session, await session.get_one(Message, message_id, populate_existing=True))


async def settle_held(session: AsyncSession, message: Message) -> None:
    """Lets the turn of a message in a held conversation begin, if it lacks nothing."""
    now = await database_now(session)
    waiting = select(Message.id).where(
        Message.id == message.id,
        or_(_waits_for_file(Message.id), _more_may_come(now)),
    )
    waits = (await session.execute(waiting)).first() is not None
    if message.due_at is None or message.due_at > now or waits:
        return
    message.due_at = None
    conversation = await lock_conversation(session, message.conversation_id)
    conversation.work_due_at = conversation.work_due_at or now
    await session.flush()
    await record_arrival(session, message, "message.arrived")


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
        MessagePart.kind != LATE,
    )


def _more_may_come(now: datetime) -> ColumnElement[bool]:
    """Whether an album's pieces may lie there, received and not yet read, on a busy machine."""
    unread = exists().where(Receipt.channel_id == Message.channel_id, Receipt.state == "received")
    lately = Message.due_at > now - timedelta(seconds=UNREAD_PATIENCE_SECONDS)
    is_album = func.coalesce(Message.client_id, "").startswith(_ALBUM)
    return and_(is_album, lately, unread)


async def record_arrival(session: AsyncSession, message: Message, kind: str) -> None:
    """Something of a customer's message came, or did not."""
    conversation = await session.get_one(Conversation, message.conversation_id)
    await record_event(
        session,
        kind,
        by_contact(conversation.contact_id),
        conversation_id=message.conversation_id,
        message_id=message.id,
        seq=message.seq,
    )
