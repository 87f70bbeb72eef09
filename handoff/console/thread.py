"""A conversation's messages and events as the lines of a thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.portal_access import hide_credentials
from desk.conversations.tables import Conversation
from desk.conversations.thread import MessageView, latest_messages
from desk.events.tables import Event
from handoff.console import wording
from handoff.console.message_parts import (
    FileItem,
    QuoteItem,
    file_item,
    mark_mentions,
    quote_item,
)
from handoff.console.message_parts import MediaUrl as MediaUrl
from handoff.i18n import _

PAGE_MESSAGES = 60
MOST_MESSAGES = 1000
LONG_TEXT_CHARS = 1500
NO_DIVIDER = -1
_SAME_BREATH = timedelta(minutes=3)


@dataclass(frozen=True)
class ThreadItem:
    """One line of the thread: a day, an event, where the unseen begin, or a message.

    ``author_kind`` of a message: contact, bot, agent, system or note. ``can``: what this reader
    may do with it (reply, copy, edit, delete, history, resend).
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
    read: bool = False
    eventful: bool = False
    long: bool = False
    state_icon: str = ""
    state_label: str = ""
    parts: list[wording.TextPart] = field(default_factory=list)
    attachments: list[FileItem] = field(default_factory=list)
    seq: int = 0
    can: str = ""
    quote: QuoteItem | None = None


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
    viewer_id: int | None = None,
    seen_seq: int = NO_DIVIDER,
) -> list[ThreadItem]:
    """Messages and events by time, with a line at every new day and where the unseen begin.

    ``seen_seq``: what the customer wrote after this number is unseen; ``NO_DIVIDER`` for nothing.
    """
    unseen = first_unseen(messages, seen_seq)
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
            if entry.seq == unseen:
                items.append(ThreadItem("unseen", "unseen", _("Novas mensagens")))
                previous = None
            items.append(_message_item(entry, previous, media_url, zone, viewer_id))
            previous = entry
    return items


def first_unseen(messages: Sequence[MessageView], seen_seq: int) -> int:
    """The number of the customer's first message after this one; 0 when there is none.

    Nor is there one when nothing stands before it: a line above everything says nothing.
    """
    if seen_seq == NO_DIVIDER or not messages:
        return 0
    fresh = (each.seq for each in messages[1:] if each.direction == "in" and each.seq > seen_seq)
    return 0 if messages[0].seq > seen_seq else next(fresh, 0)


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
    message: MessageView,
    previous: MessageView | None,
    media_url: MediaUrl,
    zone: ZoneInfo,
    viewer_id: int | None,
) -> ThreadItem:
    author_kind = "note" if message.kind == "note" else message.author_kind
    own = message.direction == "out"
    icon, label = ("", "")
    if own and message.kind == "message":
        icon, words = wording.DELIVERIES.get(message.delivery, ("", ""))
        label = _(words) if words else ""
        if message.perhaps_repeated:
            label = _("{state}, talvez repetida").format(state=label)
    failed = message.delivery in {"failed", "suppressed"}
    text = hide_credentials(message.text)
    if message.arriving:
        text = "\n".join(filter(None, [text, _("Recebendo arquivo…")]))
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
        read=own and message.delivery == "read",
        eventful=failed
        or message.edited_at is not None
        or message.delivery == "pending"
        or message.perhaps_repeated,
        long=len(text) > LONG_TEXT_CHARS,
        state_icon=icon,
        state_label=f"{label}: {message.failure}" if message.failure else label,
        parts=mark_mentions(wording.split_text(text), message.mentions),
        attachments=[file_item(file, media_url) for file in message.attachments],
        seq=message.seq,
        can=" ".join(_possible(message, viewer_id)),
        quote=quote_item(message.quote, media_url) if message.quote else None,
    )


def _possible(message: MessageView, viewer_id: int | None) -> list[str]:
    """What this reader may do with a message, the most likely first."""
    if message.deleted:
        return []
    own = message.author_kind == "agent" and message.author_id == viewer_id
    offers = {
        "reply": message.kind == "message" and message.delivery not in {"failed", "suppressed"},
        "resend": message.delivery == "failed" and message.kind == "message",
        "copy": bool(message.text),
        "edit": own and bool(message.text),
        "history": message.edited_at is not None,
        "delete": own,
    }
    return [name for name, offered in offers.items() if offered]


def _author_name(message: MessageView) -> str:
    if message.kind == "note" and message.author_kind == "system":
        return _("Nota automática")
    if message.kind == "note":
        return _("Nota de {name}").format(name=message.author_name)
    if message.author_kind == "bot":
        return _("Assistente virtual")
    return message.author_name or _("Cliente")


def _follows(message: MessageView, previous: MessageView) -> bool:
    return (message.kind, message.author_kind, message.author_name) == (
        previous.kind,
        previous.author_kind,
        previous.author_name,
    ) and message.created_at - previous.created_at < _SAME_BREATH
