"""What a message of the Cloud API holds: words, files, and things that are neither.

Source: WhatsApp Cloud API, webhooks of the field ``messages``.
"""

from typing import Any

from desk.media.fetching import RemoteFile
from desk.text import UNREADABLE

# Kind of message, and the name of a file that has none of its own.
_FILES = {
    "image": "foto",
    "video": "video",
    "audio": "audio",
    "document": "arquivo",
    "sticker": "figurinha",
}
_ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/3gpp": ".3gp",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "application/pdf": ".pdf",
}
# Nobody said anything: a reaction to what stands there, a note of WhatsApp itself.
_SILENT = frozenset({"reaction", "system", "request_welcome"})


def is_silent(message: dict[str, Any]) -> bool:
    """Whether the customer said nothing by it."""
    return message["type"] in _SILENT


def files_of(message: dict[str, Any]) -> list[RemoteFile]:
    """The file of a message; a list of none or one."""
    kind = message["type"]
    if kind not in _FILES:
        return []
    file = message[kind]
    mime = str(file.get("mime_type", "")).partition(";")[0].strip()
    name = str(file.get("filename") or _FILES[kind] + _ENDINGS.get(mime, ""))
    return [RemoteFile(name, {"media_id": str(file["id"])})]


def words_of(message: dict[str, Any]) -> str:
    """The text or caption; else what can be said of a thing that is no file."""
    kind = message["type"]
    if kind == "text":
        return str(message["text"]["body"])
    if kind in _FILES:
        return str(message[kind].get("caption") or "")
    if kind == "button":
        return str(message["button"]["text"])
    if kind == "interactive":
        return str(_chosen(message).get("title") or "") or UNREADABLE
    return _thing(kind, message)


def button_of(message: dict[str, Any]) -> str:
    """What we gave to the button or row that was chosen; empty when none was."""
    if message["type"] == "button":
        return str(message["button"].get("payload") or "")
    return str(_chosen(message).get("id") or "") if message["type"] == "interactive" else ""


def _chosen(message: dict[str, Any]) -> dict[str, Any]:
    chosen = message["interactive"]
    found = chosen.get("button_reply") or chosen.get("list_reply") or {}
    return found if isinstance(found, dict) else {}


def _thing(kind: str, message: dict[str, Any]) -> str:
    """What people can read of it; nothing that was sent stays invisible."""
    if kind == "location":
        place = message["location"]
        named = ", ".join(str(place[key]) for key in ("name", "address") if place.get(key))
        where = f"{place['latitude']}, {place['longitude']}"
        return f"[local: {named} ({where})]" if named else f"[localização: {where}]"
    if kind == "contacts":
        return "\n".join(_card(card) for card in message["contacts"])
    if kind == "order":
        items = message["order"].get("product_items") or []
        note = str(message["order"].get("text") or "")
        return "\n".join(filter(None, [f"[pedido com {len(items)} item(ns)]", note]))
    return UNREADABLE


def _card(card: dict[str, Any]) -> str:
    name = str((card.get("name") or {}).get("formatted_name") or "")
    phones = [str(phone.get("phone") or phone.get("wa_id")) for phone in card.get("phones") or []]
    return f"[contato: {', '.join(filter(None, [name, *phones]))}]"
