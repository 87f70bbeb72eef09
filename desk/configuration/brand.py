"""What of a brand only the database can tell."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.groups import Brand
from desk.db import MAX_KEY
from desk.errors import Invalid
from desk.media.tables import Media

PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})


async def check_brand(session: AsyncSession, brand: Brand) -> None:
    """Refuses a logo that is no picture of ours.

    Raises:
        Invalid: it is none.
    """
    if brand.logo_media_id is None:
        return
    known = 0 < brand.logo_media_id <= MAX_KEY
    media = await session.get(Media, brand.logo_media_id) if known else None
    if media is None or media.mime not in PICTURES:
        raise Invalid("logo_media_id", "Esta imagem não existe.")
