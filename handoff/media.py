"""Files by signed, expiring addresses; one route serves every face.

The address is the permission: whoever was shown the message got it. It is the same for an
hour, so that pages redrawn in between do not load the file again.
"""

import asyncio
import base64
import hashlib
import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sanic import Blueprint, HTTPResponse, Request
from sanic.handlers import ContentRangeHandler
from sanic.response import file, file_stream

from desk.errors import NotFound
from desk.media.pictures import small_copy
from desk.media.store import path_of
from desk.media.tables import Media

if TYPE_CHECKING:
    from handoff.services import Services

VALID_SECONDS = 24 * 3600
_STEP_SECONDS = 3600
_SHOWN_INLINE = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"}
)

_SMALL_FOLDER = "small"
_LARGE_BYTES = 150_000
# Two at once at most: a picture that is being made small may take a hundred megabytes.
_SMALL_MAKERS = ThreadPoolExecutor(2, "small-picture")

blueprint = Blueprint("media", url_prefix="/media")


def media_url(services: "Services", media_id: int, name: str) -> str:
    """A path that opens this file for a day."""
    expires_at = (int(time.time()) // _STEP_SECONDS + 1) * _STEP_SECONDS + VALID_SECONDS
    return f"/media/{_sign(services, f'{media_id}.{expires_at}')}/{quote(name)}"


def small_url(url: str) -> str:
    """The same picture for a bubble, where a small copy does; anything else is given whole."""
    return f"{url}?small=1"


@blueprint.get("/<token:str>/<name:str>")
async def show_media(request: Request, token: str, name: str) -> HTTPResponse:
    """The file, with a byte range when asked for one (players need it)."""
    del name
    services: Services = request.app.ctx.services
    media_id = _open(services, token)
    if media_id is None:
        raise NotFound("Este endereço não vale mais. Recarregue a página.")
    async with services.database.reading() as session:
        media = await session.get(Media, media_id)
    path = path_of(services.settings.media_dir, media.sha256) if media else None
    if media is None or path is None or not path.exists():
        raise NotFound("Arquivo não encontrado.")
    headers = {
        "Content-Disposition": _disposition(media),
        "Cache-Control": "private, max-age=3600",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Accept-Ranges": "bytes",
    }
    if request.args.get("small") and (small := await _small(services, media, path)) is not None:
        return await file(small, mime_type="image/webp", headers=headers)
    if "range" in request.headers:
        wanted = ContentRangeHandler(request, path.stat())
        return await file_stream(  # type: ignore[return-value]
            path, mime_type=media.mime, headers=headers, _range=wanted
        )
    return await file(path, mime_type=media.mime, headers=headers)


async def _small(services: "Services", media: Media, path: Path) -> Path | None:
    if media.mime not in _SHOWN_INLINE or not media.mime.startswith("image/"):
        return None
    if media.size_bytes < _LARGE_BYTES:
        return None
    folder = services.settings.media_dir / _SMALL_FOLDER
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_SMALL_MAKERS, small_copy, path, folder)


def _disposition(media: Media) -> str:
    inline = media.mime in _SHOWN_INLINE or media.mime.startswith(("audio/", "video/"))
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename*=UTF-8''{quote(media.name)}"


def _sign(services: "Services", value: str) -> str:
    key = services.settings.secret_key.get_secret_value().encode()
    digest = hmac.new(key, b"media:" + value.encode(), hashlib.sha256).digest()[:18]
    return f"{value}.{base64.urlsafe_b64encode(digest).decode()}"


def _open(services: "Services", token: str) -> int | None:
    media_id, _, rest = token.partition(".")
    expires_at, _, _ = rest.partition(".")
    if not (media_id.isdigit() and expires_at.isdigit()):
        return None
    expected = _sign(services, f"{media_id}.{expires_at}")
    if not hmac.compare_digest(expected.encode(), token.encode()):
        return None
    return int(media_id) if int(expires_at) > time.time() else None
