"""Edits between here and a provider: what a customer changed there, what the team changed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.directory import PULL_KINDS
from desk.channels.tables import Channel
from desk.conversations.fetched_files import MISSING
from desk.conversations.find import lock_conversation
from desk.conversations.parts import Part, message_at_provider, parts_of
from desk.conversations.tables import Conversation, Message, MessageEdit, MessageRevision
from desk.db import upsert
from desk.events.log import SYSTEM, by_contact, record_event
from desk.text import clean_text

EDITING_SECONDS = 60
MAX_EDIT_ATTEMPTS = 8
_TELLABLE = ("sent", "delivered", "read")


@dataclass(frozen=True)
class EditDelivery:
    """New words for a message that the provider has, and the pieces in which it has it."""

    message_id: int
    version: int
    conversation_id: int
    public_id: str
    channel_id: int
    external_chat: str
    text: str
    parts: Sequence[Part]
    attempts: int


async def edit_received(
    session: AsyncSession, conversation: Conversation, provider_id: str, text: str
) -> bool:
    """A customer changed a message at the provider; what it said before is kept.

    Returns:
        Whether the message is known here.
    """
    conversation = await lock_conversation(session, conversation.id)
    message = await message_at_provider(session, conversation, provider_id, "in")
    if message is None:
        return False
    missing = message.data.get(MISSING, "")
    changed = "\n".join(filter(None, [clean_text(text), missing]))
    if changed == message.text or not (changed or message.media_count or message.due_at):
        return True
    now = datetime.now(UTC)
    session.add(MessageRevision(message_id=message.id, text=message.text, replaced_at=now))
    message.text, message.edited_at = changed, now
    await session.flush()
    await record_event(
        session,
        "message.edited",
        by_contact(conversation.contact_id),
        conversation_id=conversation.id,
        message_id=message.id,
        seq=message.seq,
    )
    return True


async def queue_edit(session: AsyncSession, message: Message) -> None:
    """Has the provider told of a message's new words; a later edit takes the place of this one.

    What the provider has nothing of yet goes out in its new words by itself.
    """
    channel = await session.get_one(Channel, message.channel_id)
    on_its_way = message.state in ("sending", *_TELLABLE) or (
        message.state == "pending" and bool(await parts_of(session, message.id))
    )
    if channel.kind in PULL_KINDS or message.kind != "message" or not on_its_way:
        return
    # Never the number of an edit that was told: its worker may come late and must end nothing.
    edits = select(func.count()).where(MessageRevision.message_id == message.id)
    version = (await session.execute(edits)).scalar_one()
    insert = upsert(session)
    row = insert(MessageEdit).values(
        message_id=message.id, version=version, due_at=datetime.now(UTC)
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[MessageEdit.message_id],
            set_={
                "version": row.excluded.version,
                "attempts": 0,
                "due_at": row.excluded.due_at,
            },
        )
    )


async def due_edits(session: AsyncSession, limit: int = 20) -> Sequence[int]:
    """Messages whose edit may be told now: the provider has them whole."""
    query = (
        select(MessageEdit.message_id)
        .join(Message, Message.id == MessageEdit.message_id)
        .where(MessageEdit.due_at <= datetime.now(UTC), Message.state.in_(_TELLABLE))
        .order_by(MessageEdit.due_at)
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()


async def start_edit(session: AsyncSession, message_id: int) -> EditDelivery | None:
    """Takes an edit before the provider is called; None when another was first."""
    now = datetime.now(UTC)
    taken = await session.execute(
        update(MessageEdit)
        .where(MessageEdit.message_id == message_id, MessageEdit.due_at <= now)
        .values(attempts=MessageEdit.attempts + 1, due_at=now + timedelta(seconds=EDITING_SECONDS))
        .returning(MessageEdit.version, MessageEdit.attempts)
        .execution_options(synchronize_session=False)
    )
    row = taken.one_or_none()
    if row is None:
        return None
    message = await session.get_one(Message, message_id, populate_existing=True)
    conversation = await session.get_one(Conversation, message.conversation_id)
    parts = await parts_of(session, message_id)
    if not parts and message.provider_id:
        parts = [Part(0, "caption" if message.media_count else "text", message.provider_id)]
    return EditDelivery(
        message_id=message_id,
        version=row.version,
        conversation_id=message.conversation_id,
        public_id=conversation.public_id,
        channel_id=message.channel_id,
        external_chat=message.external_chat,
        text=message.text,
        parts=parts,
        attempts=row.attempts,
    )


async def edit_told(session: AsyncSession, edit: EditDelivery) -> None:
    """The provider shows the new words."""
    if await _end(session, edit):
        await session.execute(
            update(Message).where(Message.id == edit.message_id).values(failure="")
        )


async def edit_later(
    session: AsyncSession, edit: EditDelivery, reason: str, seconds: float
) -> None:
    """It waits for another try; after too many the customer keeps the old words."""
    if edit.attempts >= MAX_EDIT_ATTEMPTS:
        await edit_failed(session, edit, reason)
        return
    await session.execute(
        update(MessageEdit)
        .where(MessageEdit.message_id == edit.message_id, MessageEdit.version == edit.version)
        .values(due_at=datetime.now(UTC) + timedelta(seconds=seconds))
        .execution_options(synchronize_session=False)
    )


async def edit_failed(session: AsyncSession, edit: EditDelivery, reason: str) -> None:
    """The customer keeps seeing the old words; the reason is shown beside the message."""
    if not await _end(session, edit):
        return
    failure = f"a edição não chegou ao cliente ({reason})"[:300]
    await session.execute(
        update(Message).where(Message.id == edit.message_id).values(failure=failure)
    )
    await record_event(
        session,
        "message.edit_failed",
        SYSTEM,
        conversation_id=edit.conversation_id,
        message_id=edit.message_id,
    )


async def _end(session: AsyncSession, edit: EditDelivery) -> bool:
    # Who edits holds the conversation, then the message, then this row: the same order here.
    await lock_conversation(session, edit.conversation_id)
    ended = await session.execute(
        delete(MessageEdit)
        .where(MessageEdit.message_id == edit.message_id, MessageEdit.version == edit.version)
        .returning(MessageEdit.message_id)
        .execution_options(synchronize_session=False)
    )
    return ended.scalar_one_or_none() is not None
