"""A conversation's messages and events as the lines of a thread."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.portal_access import hide_credentials
from desk.conversations.tables import Conversation
from desk.conversations.thread import AttachmentView, MessageView, latest_messages
from desk.events.tables import Event
from handoff.console import wording

PAGE_MESSAGES = 60
MOST_MESSAGES = 1000
LONG_TEXT_CHARS = 1500
_SAME_BREATH = timedelta(minutes=3)

MediaUrl = Callable[[int, str], str]


@dataclass(frozen=True)
class FileItem:
    """A file of a message. ``kind``: image, video, audio or file."""

    kind: str
    url: str
    name: str
    size: str


@dataclass(frozen=True)
class ThreadItem:
    """One line of the thread: a day, an event or a message.

    ``author_kind`` of a message: contact, bot, agent, system or note.
    """

    kind: str
    key: str
    text: str = ""
    iso: str = ""
    clock: str = ""
    when: str = ""
    author_kind: str = ""
    author_name: str = ""
    own: bool = False
    follows: bool = False
    deleted: bool = False
    edited: bool = False
    failed: bool = False
    eventful: bool = False
    long: bool = False
    state_icon: str = ""
    state_label: str = ""
    parts: list[wording.TextPart] = field(default_factory=list)
    attachments: list[FileItem] = field(default_factory=list)


async def read_messages(
    session: AsyncSession, conversation: Conversation, from_seq: int | None
) -> list[MessageView]:
    """The newest page of messages, or all from number ``from_seq`` on (at most 1000)."""
    messages = await latest_messages(session, conversation, "team", limit=PAGE_MESSAGES)
    while messages and from_seq and messages[0].seq > from_seq and len(messages) < MOST_MESSAGES:
        earlier = await latest_messages(
            session, conversation, "team", before=messages[0].seq, limit=PAGE_MESSAGES
        )
        if not earlier:
            break
        messages = earlier + messages
    return messages


def thread_items(
    messages: Sequence[MessageView],
    events: Sequence[Event],
    names: Mapping[int, str],
    *,
    media_url: MediaUrl,
    zone: ZoneInfo,
    now: datetime,
) -> list[ThreadItem]:
    """Messages and events by time, with a line at every new day."""
    items: list[ThreadItem] = []
    day = ""
    previous: MessageView | None = None
    for entry in _by_time(messages, events):
        at = entry.at if isinstance(entry, Event) else entry.created_at
        if (today := f"{at.astimezone(zone):%Y-%m-%d}") != day:
            day, previous = today, None
            items.append(ThreadItem("day", day, wording.day_name(at, now, zone)))
        if isinstance(entry, Event):
            if line := _event_item(entry, names, zone):
                items.append(line)
                previous = None
        else:
            items.append(_message_item(entry, previous, media_url, zone))
            previous = entry
    return items


def _by_time(messages: Sequence[MessageView], events: Sequence[Event]) -> list[MessageView | Event]:
    """Events between messages; the messages keep the order of their numbers."""
    merged: list[MessageView | Event] = []
    waiting = [event for event in events if messages and event.at >= messages[0].created_at]
    for message in messages:
        while waiting and waiting[0].at < message.created_at:
            merged.append(waiting.pop(0))
        merged.append(message)
    return merged + waiting


def _event_item(event: Event, names: Mapping[int, str], zone: ZoneInfo) -> ThreadItem | None:
    text = wording.event_text(event, names)
    if not text:
        return None
    return ThreadItem(
        "event", str(event.seq), text, event.at.isoformat(), wording.clock(event.at, zone)
    )


def _message_item(
    message: MessageView, previous: MessageView | None, media_url: MediaUrl, zone: ZoneInfo
) -> ThreadItem:
    author_kind = "note" if message.kind == "note" else message.author_kind
    own = message.direction == "out"
    icon, label = ("", "")
    if own and message.kind == "message":
        icon, label = wording.DELIVERIES.get(message.delivery, ("", ""))
    failed = message.delivery in {"failed", "suppressed"}
    text = hide_credentials(message.text)
    return ThreadItem(
        kind="message",
        key=str(message.id),
        text=text,
        iso=message.created_at.isoformat(),
        clock=wording.clock(message.created_at, zone),
        when=wording.full_time(message.created_at, zone),
        author_kind=author_kind,
        author_name=_author_name(message),
        own=own and author_kind != "system",
        follows=previous is not None and _follows(message, previous),
        deleted=message.deleted,
        edited=message.edited_at is not None,
        failed=failed,
        eventful=failed or message.edited_at is not None or message.delivery == "pending",
        long=len(text) > LONG_TEXT_CHARS,
        state_icon=icon,
        state_label=f"{label}: {message.failure}" if message.failure else label,
        parts=wording.split_text(text),
        attachments=[_file_item(file, media_url) for file in message.attachments],
    )


def _author_name(message: MessageView) -> str:
    if message.kind == "note":
        return f"Nota de {message.author_name}"
    if message.author_kind == "bot":
        return "Assistente virtual"
    return message.author_name or "Cliente"


def _follows(message: MessageView, previous: MessageView) -> bool:
    return (message.kind, message.author_kind, message.author_name) == (
        previous.kind,
        previous.author_kind,
        previous.author_name,
    ) and message.created_at - previous.created_at < _SAME_BREATH


def _file_item(file: AttachmentView, media_url: MediaUrl) -> FileItem:
    kind = file.mime.partition("/")[0]
    return FileItem(
        kind=kind if kind in {"image", "video", "audio"} else "file",
        url=media_url(file.id, file.name),
        name=file.name,
        size=wording.size_name(file.size),
    )
