"""Keep and find files. The type is sniffed from the bytes, not believed from the sender."""

import asyncio
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import puremagic
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Invalid, TooLarge
from desk.media.pictures import size_of_picture
from desk.media.tables import Media

MAX_NAME_CHARS = 120
_UNSAFE_IN_NAME = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_TEXT_MIME = "text/plain"
_UNKNOWN_MIME = "application/octet-stream"
_RUNS_IN_A_BROWSER = re.compile(r"html|svg|javascript|[/+]xml$")
# What a film's bytes have and a voice's have not: names of its codecs, or its kind of track.
_PICTURE_TRACKS = {
    "video/webm": (b"V_VP8", b"V_VP9", b"V_AV1", b"V_MPEG"),
    "video/mp4": (b"vide",),
}
# puremagic gives this confidence to what only the name suggests.
_BY_NAME_ALONE = 0.1


@dataclass(frozen=True)
class StoredFile:
    """Bytes that lie safely in the media folder, not yet known to the database."""

    sha256: str
    mime: str
    name: str
    size_bytes: int
    width_px: int | None = None
    height_px: int | None = None


def clean_name(name: str) -> str:
    """A file name without path, control or direction-changing characters."""
    cleaned = _UNSAFE_IN_NAME.sub("_", Path(name.replace("\\", "/")).name).strip(" .")
    if len(cleaned) > MAX_NAME_CHARS:
        stem, dot, ending = cleaned.rpartition(".")
        keep = MAX_NAME_CHARS - len(ending) - 1
        cleaned = f"{stem[:keep]}.{ending}" if dot and len(ending) <= 10 else cleaned[:keep]
    return cleaned or "arquivo"


def sniff_mime(data: bytes, name: str) -> str:
    """The type that the bytes show; plain text and unknown bytes are recognised as such.

    Whatever could run in a browser (HTML, SVG, XML) is never given its own type.
    """
    try:
        matches = puremagic.magic_string(data[:65536], filename=name)
    except (puremagic.PureError, ValueError):
        matches = []
    for match in matches:
        if _RUNS_IN_A_BROWSER.search(match.mime_type):
            break
        if match.mime_type and match.confidence > _BY_NAME_ALONE:
            return _without_pictures(str(match.mime_type), data)
    try:
        data[:4096].decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut in two at the end of the sample is still text.
        return _TEXT_MIME if error.start > 4090 else _UNKNOWN_MIME
    return _UNKNOWN_MIME if b"\x00" in data[:4096] else _TEXT_MIME


def _without_pictures(mime: str, data: bytes) -> str:
    """A recorded voice comes in the wrapping of a film: without a picture track it is audio.

    Telegram's and WhatsApp's voices are Opus in Ogg, a wrapping of no kind of its own.
    """
    if mime == "application/ogg":
        return "video/ogg" if b"theora" in data[:65536] else "audio/ogg"
    signs = _PICTURE_TRACKS.get(mime)
    if signs is None or any(sign in data for sign in signs):
        return mime
    return f"audio/{mime.partition('/')[2]}"


def path_of(media_dir: Path, sha256: str) -> Path:
    """Where the bytes lie."""
    return media_dir / sha256[:2] / sha256


async def store_file(media_dir: Path, data: bytes, name: str, max_bytes: int) -> StoredFile:
    """Writes the bytes durably, before any row speaks of them.

    Raises:
        Invalid: the file is empty.
        TooLarge: it is larger than ``max_bytes``.
    """
    shown = clean_name(name)
    if not data:
        raise Invalid(
            "file", "O arquivo “{shown}” está vazio (0 bytes). Envie outro, por favor.", shown=shown
        )
    if len(data) > max_bytes:
        raise TooLarge(
            "file",
            "O arquivo “{shown}” passa do limite de {value} MB.",
            shown=shown,
            value=max_bytes // (1024 * 1024),
        )
    return await asyncio.to_thread(_write, media_dir, data, shown)


def _write(media_dir: Path, data: bytes, name: str) -> StoredFile:
    digest = hashlib.sha256(data).hexdigest()
    target = path_of(media_dir, digest)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        _sync_folder(target.parent)
    mime = sniff_mime(data, name)
    width_px, height_px = (mime.startswith("image/") and size_of_picture(data)) or (None, None)
    return StoredFile(digest, mime, name, len(data), width_px, height_px)


def _sync_folder(folder: Path) -> None:
    """The new name must survive a power cut as the bytes do."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def add_media(session: AsyncSession, stored: StoredFile) -> Media:
    """Makes a stored file known."""
    media = Media(
        sha256=stored.sha256,
        mime=stored.mime,
        name=stored.name,
        size_bytes=stored.size_bytes,
        width_px=stored.width_px,
        height_px=stored.height_px,
        created_at=datetime.now(UTC),
    )
    session.add(media)
    await session.flush()
    return media
