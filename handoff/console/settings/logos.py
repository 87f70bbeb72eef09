"""Pictures of the brand: sniffed, small, and shown from the media folder."""

from sanic import Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Invalid, TooLarge
from desk.media.store import StoredFile, add_media, store_file
from desk.media.tables import Media
from handoff.media import media_url
from handoff.security import check_csrf
from handoff.services import Services, services_of
from handoff.uploads import read_form_in_part

MAX_LOGO_BYTES = 1024 * 1024
_PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})


async def read_logo(request: Request) -> StoredFile:
    """The picture of a form on a streaming route, stored.

    Raises:
        Invalid: none came, it is no picture, or it is too large.
    """
    services = services_of(request)
    sent, cut = await read_form_in_part(request, services.settings)
    check_csrf(request, sent.fields.get("csrf", ""))
    name, data = sent.files[0] if sent.files else ("", b"")
    if cut or len(data) > MAX_LOGO_BYTES:
        raise TooLarge("logo", "A imagem passa de 1 MB. Envie uma menor.")
    if not data:
        raise Invalid("logo", "Escolha uma imagem.")
    stored = await store_file(services.settings.media_dir, data, name, MAX_LOGO_BYTES)
    if stored.mime not in _PICTURES:
        raise Invalid("logo", "Isto não é uma imagem PNG, JPEG, WebP ou GIF.")
    return stored


async def keep_logo(session: AsyncSession, stored: StoredFile) -> int:
    """Makes the picture known; gives its number."""
    return (await add_media(session, stored)).id


async def logo_url(session: AsyncSession, services: Services, media_id: int | None) -> str:
    """Where a picture is shown; empty when there is none."""
    media = await session.get(Media, media_id) if media_id is not None else None
    return media_url(services, media.id, media.name) if media else ""
