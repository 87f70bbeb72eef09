"""The messages of a conversation, as each side may see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.configuration.groups import Brand
from desk.configuration.values import read_configuration
from desk.contacts.tables import Contact
from desk.conversations.mentions import mentioned_names
from desk.conversations.tables import Conversation, Message, MessageMedia
from desk.media.tables import Media
from desk.team.tables import User

Side = Literal["contact", "team"]
MAX_MESSAGES = 200


@dataclass(frozen=True)
class AttachmentView:
    """A file of a message; ``width`` and ``height`` in pixels where they are known."""

    id: int
    mime: str
    size: int
    name: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class QuoteView:
    """The message that another answers; ``deleted`` is the reader's side's."""

    id: int
    seq: int
    direction: str
    author_kind: str
    author_name: str
    text: str
    deleted: bool
    attachment: AttachmentView | None = None


@dataclass(frozen=True)
class MessageView:
    """A message as one side sees it.

    ``text`` still has the placeholder of a provisional password. ``deleted`` is this side's:
    a deleted message has neither text nor files. ``mentions``: names of colleagues, in a note.
    ``perhaps_repeated``: it was sent once more after a crash, and may have arrived twice.
    ``arriving``: a file of it, or the rest of its album, is on its way.
    """

    id: int
    seq: int
    direction: str
    kind: str
    author_kind: str
    author_name: str
    text: str
    buttons: list[dict[str, str]]
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    delivery: str
    failure: str
    reply_to: int | None
    attachments: list[AttachmentView] = field(default_factory=list)
    author_id: int | None = None
    quote: QuoteView | None = None
    mentions: list[str] = field(default_factory=list)
    perhaps_repeated: bool = False
    arriving: bool = False


async def messages_after(
    session: AsyncSession, conversation: Conversation, seq: int, side: Side, limit: int = 100
) -> list[MessageView]:
    """Messages with a higher number, in order, at most ``limit``."""
    query = (
        _visible(conversation, side)
        .where(Message.seq > seq)
        .order_by(Message.seq)
        .limit(min(limit, MAX_MESSAGES))
    )
    return await _views(session, conversation, query, side)


async def latest_messages(
    session: AsyncSession,
    conversation: Conversation,
    side: Side,
    *,
    before: int | None = None,
    limit: int = 100,
) -> list[MessageView]:
    """The newest messages (below number ``before`` when given), in order."""
    query = _visible(conversation, side).order_by(Message.seq.desc())
    if before is not None:
        query = query.where(Message.seq < before)
    views = await _views(session, conversation, query.limit(min(limit, MAX_MESSAGES)), side)
    return list(reversed(views))


async def messages_by_id(
    session: AsyncSession, conversation: Conversation, ids: Sequence[int], side: Side
) -> list[MessageView]:
    """These messages, in order."""
    query = _visible(conversation, side).where(Message.id.in_(ids)).order_by(Message.seq)
    return await _views(session, conversation, query, side)


async def name_for_contact(session: AsyncSession, channel: Channel, user: User) -> str:
    """What a customer reads of somebody of the team: the brand, unless the first name is shown.

    The channel may show it, or the brand on every channel.
    """
    if channel.shows_agent_name:
        return user.first_name
    everywhere = (await read_configuration(session, Brand)).shows_agent_first_name
    return user.first_name if everywhere else channel.brand


def _visible(conversation: Conversation, side: Side) -> Select[Message]:
    query = select(Message).where(
        Message.conversation_id == conversation.id, Message.kind != "internal"
    )
    if side == "contact":
        query = query.where(Message.kind == "message", Message.state != "suppressed")
    return query


async def _views(
    session: AsyncSession, conversation: Conversation, query: Select[Message], side: Side
) -> list[MessageView]:
    rows = (await session.execute(query.execution_options(populate_existing=True))).scalars().all()
    if not rows:
        return []
    quoted = await _quoted(session, conversation, rows)
    everything = [*rows, *quoted]
    names = await _author_names(session, conversation, everything, side)
    files = await _attachments(session, {row.id for row in everything if row.media_count})
    quotes = {row.id: _quote_view(row, names, files, side) for row in quoted}
    mentions = await mentioned_names(session, [row.id for row in rows if row.kind == "note"])
    views = []
    for row in rows:
        deleted = _is_deleted(row, side)
        views.append(
            MessageView(
                id=row.id,
                seq=row.seq,
                direction=row.direction,
                kind=row.kind,
                author_kind=row.author_kind,
                author_name=names[row.author_kind, row.author_user_id],
                text="" if deleted else row.text,
                buttons=[] if deleted else row.buttons,
                created_at=row.created_at,
                edited_at=row.edited_at,
                deleted=deleted,
                delivery=row.state if row.direction == "out" else "received",
                failure=row.failure,
                reply_to=row.reply_to_id,
                attachments=[] if deleted else files.get(row.id, []),
                author_id=row.author_user_id,
                quote=None if deleted else quotes.get(row.reply_to_id or 0),
                mentions=mentions.get(row.id, []),
                perhaps_repeated=bool(row.data.get("perhaps_repeated")),
                arriving=row.direction == "in" and row.due_at is not None,
            )
        )
    return views


def _is_deleted(row: Message, side: Side) -> bool:
    return row.hidden_from_contact if side == "contact" else row.hidden_from_team


async def _quoted(
    session: AsyncSession, conversation: Conversation, rows: Sequence[Message]
) -> Sequence[Message]:
    """The messages of this conversation that these answer."""
    ids = {row.reply_to_id for row in rows if row.reply_to_id is not None}
    if not ids:
        return []
    query = select(Message).where(
        Message.id.in_(ids),
        Message.conversation_id == conversation.id,
        Message.kind == "message",
        Message.state != "suppressed",
    )
    return (await session.execute(query)).scalars().all()


def _quote_view(
    row: Message,
    names: dict[tuple[str, int | None], str],
    files: dict[int, list[AttachmentView]],
    side: Side,
) -> QuoteView:
    deleted = _is_deleted(row, side)
    shown = files.get(row.id, []) if not deleted else []
    return QuoteView(
        id=row.id,
        seq=row.seq,
        direction=row.direction,
        author_kind=row.author_kind,
        author_name=names[row.author_kind, row.author_user_id],
        text="" if deleted else row.text,
        deleted=deleted,
        attachment=shown[0] if shown else None,
    )


async def _author_names(
    session: AsyncSession, conversation: Conversation, rows: Sequence[Message], side: Side
) -> dict[tuple[str, int | None], str]:
    """Names by author; a customer sees the brand (and, where the channel says so, a first name)."""
    query = (
        select(Channel, Contact.name)
        .join(Contact, Contact.id == conversation.contact_id)
        .where(Channel.id == conversation.channel_id)
    )
    channel, contact_name = (await session.execute(query)).one()
    user_ids = {row.author_user_id for row in rows if row.author_user_id is not None}
    users: dict[int, User] = {}
    if user_ids:
        found = await session.execute(select(User).where(User.id.in_(user_ids)))
        users = {user.id: user for user in found.scalars()}
    names: dict[tuple[str, int | None], str] = {}
    for row in rows:
        user = users.get(row.author_user_id) if row.author_user_id is not None else None
        if row.author_kind == "contact":
            name = contact_name or ""
        elif user is None:
            name = channel.brand
        elif side == "team":
            name = user.name
        else:
            name = await name_for_contact(session, channel, user)
        names[row.author_kind, row.author_user_id] = name
    return names


async def _attachments(
    session: AsyncSession, message_ids: set[int]
) -> dict[int, list[AttachmentView]]:
    if not message_ids:
        return {}
    query = (
        select(MessageMedia.message_id, Media)
        .join(Media, Media.id == MessageMedia.media_id)
        .where(MessageMedia.message_id.in_(message_ids))
        .order_by(MessageMedia.message_id, MessageMedia.position)
    )
    files: dict[int, list[AttachmentView]] = {}
    for message_id, media in await session.execute(query):
        files.setdefault(message_id, []).append(
            AttachmentView(
                media.id,
                media.mime,
                media.size_bytes,
                media.name,
                media.width_px,
                media.height_px,
            )
        )
    return files
