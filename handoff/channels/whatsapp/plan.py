"""How one message of ours becomes messages of WhatsApp. Pure: the same message, the same plan.

Source: WhatsApp Cloud API, messages: text up to 4096, the words above buttons or a list and
captions up to 1024; up to three buttons of 20 characters, up to ten rows of 24 and 72 more.
Pictures up to 5 MB, sound and video up to 16 MB, other files up to 100 MB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desk.conversations.delivery import OutgoingFile
from handoff.channels.plain_text import with_numbered_buttons
from handoff.channels.splitting import split_text, units
from handoff.channels.whatsapp.buttons import button_id
from handoff.outbox import Undeliverable

_MB = 1024 * 1024
MAX_CAPTION_UNITS = MAX_BODY_UNITS = 1024
_MAX_BUTTONS, _MAX_BUTTON_CHARS = 3, 20
_MAX_ROWS, _MAX_ROW_CHARS, _MAX_ROW_MORE_CHARS = 10, 24, 72
_CHOOSE = "Escolher"
_KINDS = {
    "image/jpeg": "image",
    "image/png": "image",
    "video/mp4": "video",
    "video/3gpp": "video",
    "audio/ogg": "audio",
    "audio/opus": "audio",
    "application/ogg": "audio",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/x-m4a": "audio",
    "audio/aac": "audio",
    "audio/amr": "audio",
}
# As WhatsApp names the types that a file's bytes show under another name.
_TYPES = {"audio/opus": "audio/ogg", "application/ogg": "audio/ogg", "audio/x-m4a": "audio/mp4"}
_MAX_BYTES = {"image": 5 * _MB, "video": 16 * _MB, "audio": 16 * _MB, "document": 100 * _MB}


@dataclass(frozen=True)
class Piece:
    """One message of WhatsApp: words, a file (with the words as caption), words with a menu."""

    text: str = ""
    file: OutgoingFile | None = None
    buttons: Sequence[dict[str, str]] = ()

    @property
    def kind(self) -> str:
        """What the piece is that the provider has."""
        if self.file is None:
            return "text"
        return "caption" if self.text else "file"


def pieces_of(
    text: str, files: Sequence[OutgoingFile], buttons: Sequence[dict[str, str]]
) -> list[Piece]:
    """The messages, in order; a menu comes last."""
    menu = list(buttons) if _fits(buttons) else []
    if buttons and not menu:
        text = with_numbered_buttons(text, buttons)
    caption = text if _takes_caption(text, files) and not menu else ""
    pieces = [Piece(caption if at == 0 else "", file) for at, file in enumerate(files)]
    if caption or (files and not text):
        return pieces
    parts = split_text(text)
    if menu:
        parts[-1:] = split_text(parts[-1], MAX_BODY_UNITS)
    words = [Piece(part) for part in parts]
    words[-1] = Piece(parts[-1], buttons=menu)
    # A menu stands below everything; words alone come before the files that they speak of.
    return [*pieces, *words] if menu else [*words, *pieces]


def content_of(piece: Piece, message_id: int, media_id: str = "") -> dict[str, Any]:
    """The fields of a call that sends a piece."""
    if piece.file is not None:
        kind = kind_of(piece.file)
        content: dict[str, str] = {"id": media_id}
        if piece.text:
            content["caption"] = piece.text
        if kind == "document":
            content["filename"] = piece.file.name
        return {"type": kind, kind: content}
    if piece.buttons:
        return {"type": "interactive", "interactive": _menu(piece, message_id)}
    return {"type": "text", "text": {"body": piece.text, "preview_url": False}}


def kind_of(file: OutgoingFile) -> str:
    """What WhatsApp shows the file as: image, video, audio, document."""
    kind = _KINDS.get(file.mime, "document")
    return kind if file.size_bytes <= _MAX_BYTES[kind] else "document"


def type_of(file: OutgoingFile) -> str:
    """The file's type as WhatsApp names it.

    Raises:
        Undeliverable: it is larger than WhatsApp takes.
    """
    if file.size_bytes > _MAX_BYTES["document"]:
        raise Undeliverable("o arquivo passa de 100 MB, o máximo que o WhatsApp aceita")
    return _TYPES.get(file.mime, file.mime)


def _takes_caption(text: str, files: Sequence[OutgoingFile]) -> bool:
    if not (text and files) or units(text) > MAX_CAPTION_UNITS:
        return False
    return kind_of(files[0]) != "audio"


def _fits(buttons: Sequence[dict[str, str]]) -> bool:
    """Whether WhatsApp can show all of them, each whole, and each different from the others."""
    if not 0 < len(buttons) <= _MAX_ROWS:
        return False
    titles = [button["title"] for button in buttons]
    if not all(titles) or len(set(titles)) < len(titles):
        return False
    return all(len(title) <= _MAX_ROW_MORE_CHARS for title in titles)


def _menu(piece: Piece, message_id: int) -> dict[str, Any]:
    body = {"text": piece.text}
    few = len(piece.buttons) <= _MAX_BUTTONS
    if few and all(len(button["title"]) <= _MAX_BUTTON_CHARS for button in piece.buttons):
        buttons = [
            {"type": "reply", "reply": {"id": button_id(message_id, at), "title": button["title"]}}
            for at, button in enumerate(piece.buttons)
        ]
        return {"type": "button", "body": body, "action": {"buttons": buttons}}
    rows = [_row(button_id(message_id, at), button) for at, button in enumerate(piece.buttons)]
    action = {"button": _CHOOSE, "sections": [{"title": _CHOOSE, "rows": rows}]}
    return {"type": "list", "body": body, "action": action}


def _row(row_id: str, button: Mapping[str, str]) -> dict[str, str]:
    title = button["title"]
    if len(title) <= _MAX_ROW_CHARS:
        return {"id": row_id, "title": title}
    return {"id": row_id, "title": title[: _MAX_ROW_CHARS - 1] + "…", "description": title}
