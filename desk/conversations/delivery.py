"""What becomes of an outbound message: pending, sending, sent, delivered, read or failed.

Per chat in order: a message is due only when nothing before it waits. A crash in ``sending``
leaves it unknown whether the provider got it; after ``SENDING_SECONDS`` it is sent once more,
marked as perhaps repeated. What goes out in several pieces is remembered piece by piece, so that
only the rest is sent again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from desk.channels.directory import PULL_KINDS
from desk.channels.tables import Channel
from desk.conversations.parts import Part, keep_part, parts_of
from desk.conversations.tables import Conversation, Message, MessageMedia
from desk.conversations.window import FREE_WORD, may_write_freely
from desk.events.log import SYSTEM, record_event
from desk.media.tables import Media
from desk.states import Owner

SENDING_SECONDS = 60
MAX_ATTEMPTS = 8
CAMPAIGN = "campaign_id"
"""In the data of a message: it is this campaign's, and never goes into a talk with a person."""
TEMPLATE = "template"
"""In the data of a message: the approved template that it is, as its provider wants it."""
_UNCERTAIN = "uncertain"
_TEMPLATE_LANGUAGE = "pt_BR"
_WINDOW_CLOSED = "a janela de 24 horas está fechada: envie um modelo aprovado"
_NEVER_ENDED = "o envio foi interrompido vezes demais"


# In plain SQL: bound values would not meet the condition of the index.
_WAITS: ColumnElement[bool] = text(  # type: ignore[assignment]
    "messages.direction = 'out' AND messages.state IN ('pending', 'sending')"
)


@dataclass(frozen=True)
class OutgoingFile:
    """A file of a message; its bytes lie in the media folder under ``sha256``."""

    sha256: str
    mime: str
    name: str
    size_bytes: int


@dataclass(frozen=True)
class Delivery:
    """A message that may go out now; its text still has the placeholder of a password.

    ``quoted``: the provider's id of the message that it answers. ``parts``: what the provider has
    of it already. ``template``: an approved template with its variables (name, language,
    components), which goes in the place of free words.
    """

    message_id: int
    conversation_id: int
    public_id: str
    channel_id: int
    external_chat: str
    text: str
    buttons: Sequence[dict[str, str]]
    attempts: int
    files: Sequence[OutgoingFile] = field(default_factory=tuple)
    quoted: str | None = None
    parts: Sequence[Part] = field(default_factory=tuple)
    template: Mapping[str, Any] | None = None


async def due_deliveries(session: AsyncSession, limit: int = 50) -> Sequence[int]:
    """Ids of messages that may go out now: the first waiting one of each conversation."""
    now = datetime.now(UTC)
    earlier = aliased(Message)
    waits_before = select(earlier.id).where(
        earlier.conversation_id == Message.conversation_id,
        earlier.seq < Message.seq,
        earlier.direction == "out",
        earlier.state.in_(["pending", "sending"]),
    )
    query = (
        select(Message.id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(
            _WAITS,
            or_(Message.due_at.is_(None), Message.due_at <= now),
            Channel.kind.not_in(PULL_KINDS),
            ~waits_before.exists(),
        )
        .order_by(Message.id)
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()


async def start_sending(session: AsyncSession, message_id: int) -> Delivery | None:
    """Takes a message before the provider is called; None when it must not go out now.

    Another process was first; or it is the bot's, was on its way (and so not suppressed) when a
    person took the conversation, and would have to be sent again.
    """
    now = datetime.now(UTC)
    query = (
        select(Message, Conversation.owner, Conversation.epoch, Conversation.public_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.id == message_id,
            Message.state.in_(["pending", "sending"]),
            or_(Message.due_at.is_(None), Message.due_at <= now),
        )
        .with_for_update(of=Message, skip_locked=True)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    message, owner, epoch, public_id = row
    outdated = message.author_kind == "bot" and _is_outdated(message, owner, epoch)
    if outdated or (CAMPAIGN in message.data and owner is not Owner.BOT):
        message.state = "suppressed"
        return None
    if message.state == "sending" and message.attempts >= MAX_ATTEMPTS:
        await _fail(session, message, _NEVER_ENDED)
        return None
    if TEMPLATE not in message.data and await _is_closed(session, message):
        await _fail(session, message, _WINDOW_CLOSED)
        return None
    if message.state == "sending" or _UNCERTAIN in message.data:
        kept = {key: value for key, value in message.data.items() if key != _UNCERTAIN}
        message.data = {**kept, "perhaps_repeated": True}
    message.state = "sending"
    message.attempts += 1
    message.due_at = now + timedelta(seconds=SENDING_SECONDS)
    await session.flush()
    return Delivery(
        message.id,
        message.conversation_id,
        public_id,
        message.channel_id,
        message.external_chat,
        message.text,
        message.buttons,
        message.attempts,
        files=await _files_of(session, message),
        quoted=await _quoted_at_provider(session, message),
        parts=await parts_of(session, message.id),
        template=_template_of(message),
    )


async def _is_closed(session: AsyncSession, message: Message) -> bool:
    """Whether the channel takes no free words now: asked at the last moment, whoever wrote them."""
    channel = await session.get_one(Channel, message.channel_id)
    if channel.kind not in FREE_WORD:
        return False
    conversation = await session.get_one(Conversation, message.conversation_id)
    return not await may_write_freely(session, conversation, channel)


async def _fail(session: AsyncSession, message: Message, reason: str) -> None:
    message.state, message.due_at, message.failure = "failed", None, reason
    await record_event(
        session,
        "delivery.changed",
        SYSTEM,
        conversation_id=message.conversation_id,
        message_id=message.id,
        state="failed",
    )


def _template_of(message: Message) -> Mapping[str, Any] | None:
    template = message.data.get(TEMPLATE)
    if isinstance(template, str):  # as it was kept before templates had languages and variables
        return {"name": template, "language": {"code": _TEMPLATE_LANGUAGE}}
    return template if isinstance(template, dict) else None


async def keep_sending(session: AsyncSession, delivery: Delivery) -> None:
    """A large file takes long: no other process may believe that this one died."""
    due_at = datetime.now(UTC) + timedelta(seconds=SENDING_SECONDS)
    await session.execute(
        update(Message)
        .where(Message.id == delivery.message_id, Message.state == "sending")
        .values(due_at=due_at)
        .execution_options(synchronize_session=False)
    )


async def part_sent(session: AsyncSession, message_id: int, part: Part) -> None:
    """The provider took a piece; what follows has all its tries before it."""
    message = await session.get_one(Message, message_id, populate_existing=True)
    await keep_part(session, message, part)
    message.attempts = 1
    await session.flush()


def _is_outdated(message: Message, owner: Owner, epoch: int) -> bool:
    """Whether the bot said it before a person took over; its word about the queue goes out."""
    if owner is Owner.AGENT:
        return True
    told_of_queue = owner is Owner.QUEUE and message.epoch == epoch - 1
    return message.epoch != epoch and not told_of_queue


async def settle_sent(session: AsyncSession, delivery: Delivery, provider_id: str | None) -> None:
    """The provider took it."""
    values: dict[str, object] = {"due_at": None, "failure": ""}
    try:
        async with session.begin_nested():
            await _settle(session, delivery, "sent", provider_id=provider_id, **values)
    except IntegrityError:
        # Another account of the provider, which counts its messages anew, is behind this channel
        # now. It was sent, and must not be sent for ever.
        await _settle(session, delivery, "sent", provider_id=None, **values)


async def settle_failed(session: AsyncSession, delivery: Delivery, reason: str) -> None:
    """It will never arrive; the reason is shown beside the message."""
    await _settle(session, delivery, "failed", due_at=None, failure=reason[:300])


async def settle_later(
    session: AsyncSession,
    delivery: Delivery,
    reason: str,
    seconds: float,
    *,
    uncertain: bool = False,
) -> None:
    """It waits for another try; after too many it has failed.

    ``uncertain``: the provider's answer was lost, so that it may have it already.
    """
    if uncertain:
        message = await session.get_one(Message, delivery.message_id, populate_existing=True)
        message.data = {**message.data, _UNCERTAIN: True}
        await session.flush()
    if delivery.attempts >= MAX_ATTEMPTS:
        await settle_failed(session, delivery, reason)
        return
    due_at = datetime.now(UTC) + timedelta(seconds=seconds)
    await _settle(session, delivery, "pending", due_at=due_at, failure=reason[:300])


async def mark_delivered(session: AsyncSession, message_ids: set[int]) -> None:
    """The customer's client has these."""
    changed = await session.execute(
        update(Message)
        .where(Message.id.in_(message_ids), Message.state == "sent")
        .values(state="delivered")
        .returning(Message.conversation_id)
        .execution_options(synchronize_session=False)
    )
    for conversation_id in set(changed.scalars()):
        await record_event(
            session, "delivery.changed", SYSTEM, conversation_id=conversation_id, state="delivered"
        )


async def _files_of(session: AsyncSession, message: Message) -> list[OutgoingFile]:
    if not message.media_count:
        return []
    query = (
        select(Media.sha256, Media.mime, Media.name, Media.size_bytes)
        .join(MessageMedia, MessageMedia.media_id == Media.id)
        .where(MessageMedia.message_id == message.id)
        .order_by(MessageMedia.position)
    )
    return [OutgoingFile(*row) for row in await session.execute(query)]


async def _quoted_at_provider(session: AsyncSession, message: Message) -> str | None:
    if message.reply_to_id is None:
        return None
    quoted = await session.get(Message, message.reply_to_id)
    return quoted.provider_id if quoted is not None else None


async def _settle(session: AsyncSession, delivery: Delivery, state: str, **values: object) -> None:
    await session.execute(
        update(Message)
        .where(Message.id == delivery.message_id, Message.state == "sending")
        .values(state=state, **values)
        .execution_options(synchronize_session=False)
    )
    await record_event(
        session,
        "delivery.changed",
        SYSTEM,
        conversation_id=delivery.conversation_id,
        message_id=delivery.message_id,
        state=state,
    )
