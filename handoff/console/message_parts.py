"""Parts of a message as the thread shows them: files, quotes, names that are called."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from desk.contacts.portal_access import hide_credentials
from desk.conversations.thread import AttachmentView, QuoteView
from handoff.console import wording
from handoff.i18n import _
from handoff.media import small_url

QUOTE_CHARS = 160
PICTURE_PIXELS = 320
LEAST_PIXELS = 48

MediaUrl = Callable[[int, str], str]


@dataclass(frozen=True)
class FileItem:
    """A file of a message. ``kind``: image, video, audio or file.

    ``width`` and ``height``: of a picture as the thread shows it; 0 when they are not known.
    """

    kind: str
    url: str
    name: str
    size: str
    small_url: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class QuoteItem:
    """What a message answers, in a line or two."""

    key: str
    seq: int
    author: str
    text: str
    icon: str = ""
    thumb_url: str = ""


def mark_mentions(parts: list[wording.TextPart], names: Sequence[str]) -> list[wording.TextPart]:
    """Colleagues' names after an @, in full or the first alone, stand out."""
    if not names:
        return parts
    called = sorted({*names, *(name.split()[0] for name in names)}, key=len, reverse=True)
    pattern = re.compile("(@(?:" + "|".join(map(re.escape, called)) + r"))\b", re.IGNORECASE)
    marked = []
    for part in parts:
        if part.href:
            marked.append(part)
            continue
        for index, words in enumerate(pattern.split(part.text)):
            if words:
                marked.append(replace(part, text=words, mention=index % 2 == 1))
    return marked


def quote_item(quote: QuoteView, media_url: MediaUrl) -> QuoteItem:
    author = _("Assistente virtual") if quote.author_kind == "bot" else quote.author_name
    file = file_item(quote.attachment, media_url) if quote.attachment else None
    words = " ".join(hide_credentials(quote.text).split())
    if quote.deleted:
        words = _("Mensagem apagada")
    return QuoteItem(
        key=str(quote.id),
        seq=quote.seq,
        author=author or _("Cliente"),
        text=shorten(words) or (file.name if file else ""),
        icon="file" if file and file.kind != "image" else "",
        thumb_url=file.small_url if file and file.kind == "image" else "",
    )


def shorten(words: str) -> str:
    """The beginning, when there is more than a quote shows."""
    return words if len(words) <= QUOTE_CHARS else words[:QUOTE_CHARS].rstrip() + "…"


def file_item(file: AttachmentView, media_url: MediaUrl) -> FileItem:
    kind = file.mime.partition("/")[0]
    url = media_url(file.id, file.name)
    width, height = shown_size(file.width or 0, file.height or 0)
    return FileItem(
        kind=kind if kind in {"image", "video", "audio"} else "file",
        url=url,
        name=file.name,
        size=wording.size_name(file.size),
        small_url=small_url(url) if kind == "image" else "",
        width=width,
        height=height,
    )


def shown_size(width: int, height: int) -> tuple[int, int]:
    """A picture's size in a bubble, in its own proportions; (0, 0) when it is not known.

    A very long or flat one is cut there, and whole at full size.
    """
    if not (width and height):
        return 0, 0
    scale = min(1.0, PICTURE_PIXELS / width, PICTURE_PIXELS / height)
    return max(LEAST_PIXELS, round(width * scale)), max(LEAST_PIXELS, round(height * scale))
