"""What a message of the Bot API holds: words, files, and things that are neither.

Source: Telegram Bot API 10.0, ``Message``.
"""

from typing import Any

from desk.media.fetching import RemoteFile
from desk.text import UNREADABLE

# Kind of message, and the name of a file that has none of its own. An animation carries a
# ``document``, too, for old clients: it is looked for first.
_FILES = (
    ("animation", "animacao.mp4"),
    ("video", "video.mp4"),
    ("video_note", "video.mp4"),
    ("voice", "audio.ogg"),
    ("audio", "audio.mp3"),
    ("document", "arquivo"),
)
# What Telegram itself notes in a private chat; nobody said anything.
_SERVICE = frozenset(
    {
        "pinned_message",
        "message_auto_delete_timer_changed",
        "chat_background_set",
        "write_access_allowed",
        "connected_website",
        "boost_added",
        "users_shared",
        "chat_shared",
    }
)


def is_service(message: dict[str, Any]) -> bool:
    """Whether Telegram itself notes something and the customer said nothing."""
    return not _SERVICE.isdisjoint(message)


def files_of(message: dict[str, Any]) -> list[RemoteFile]:
    """The file of a message, in its best quality; a list of none or one."""
    if message.get("photo"):
        largest = max(message["photo"], key=lambda size: size["width"] * size["height"])
        return [_file(largest, "foto.jpg")]
    for kind, name in _FILES:
        if message.get(kind):
            return [_file(message[kind], name)]
    if sticker := message.get("sticker"):
        ending = "tgs" if sticker.get("is_animated") else "webp"
        return [_file(sticker, f"figurinha.{'webm' if sticker.get('is_video') else ending}")]
    return []


def words_of(message: dict[str, Any]) -> str:
    """The text or caption; else what can be said of a thing that is no file."""
    written = message.get("text") or message.get("caption")
    if written:
        return str(written)
    return "" if files_of(message) else _thing(message)


def _file(file: dict[str, Any], name: str) -> RemoteFile:
    reference = {"file_id": str(file["file_id"]), "size": int(file.get("file_size") or 0)}
    return RemoteFile(str(file.get("file_name") or name), reference)


def _thing(message: dict[str, Any]) -> str:
    """What people can read of it; nothing that was sent stays invisible."""
    if contact := message.get("contact"):
        name = " ".join(filter(None, [contact.get("first_name"), contact.get("last_name")]))
        return f"[contato: {name}, {contact['phone_number']}]"
    if venue := message.get("venue"):
        return f"[local: {venue['title']}, {venue['address']}]"
    if place := message.get("location"):
        return f"[localização: {place['latitude']}, {place['longitude']}]"
    if poll := message.get("poll"):
        options = "; ".join(str(option["text"]) for option in poll.get("options", []))
        return f"[enquete: {poll['question']} ({options})]"
    return UNREADABLE
