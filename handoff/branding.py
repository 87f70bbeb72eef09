"""How customers know the company: name, logo, colour and the portal's note on their pages.

A colour is a style sheet of its own, ``/brand/0b6670.css``, so that no page needs inline style;
it holds the design's tokens, adjusted until every text on them can be read.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sanic import Blueprint, HTTPResponse, Request, Sanic
from sanic.response import text
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.configuration.groups import Brand, PortalNote
from desk.configuration.values import read_configuration
from desk.errors import NotFound
from desk.media.tables import Media
from handoff.contrast import DARK_SURFACE, LIGHT_SURFACE, mix, readable, text_on
from handoff.media import media_url
from handoff.services import services_of

_COLOR = re.compile(r"[0-9a-f]{6}")
_BRANDED = ("/portal", "/console/login")
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}

blueprint = Blueprint("branding", url_prefix="/brand")


@dataclass(frozen=True)
class Look:
    """What a page shows of the brand; empty parts have their defaults."""

    name: str = ""
    color: str = ""
    logo_url: str = ""
    note: str = ""

    @property
    def style_url(self) -> str:
        """The style sheet of the colour; empty for the design's own."""
        return f"/brand/{self.color[1:]}.css" if self.color else ""


@blueprint.get("/<file:str>")
async def show_style(request: Request, file: str) -> HTTPResponse:
    """The tokens of a colour for a whole page."""
    return _style(":root", file)


@blueprint.get("/sample/<file:str>")
async def show_sample(request: Request, file: str) -> HTTPResponse:
    """The tokens of a colour for a sample on the settings' page."""
    return _style(".sample", file)


def install_branding(app: Sanic[Any, Any]) -> None:
    """Customers' pages, and the console's sign-in page, know the brand."""
    app.register_middleware(_read_look, "request")


async def look_of(request: Request, session: AsyncSession, channel: Channel | None = None) -> Look:
    """The brand, or a channel's own where it has one."""
    brand = await read_configuration(session, Brand)
    logo_id = (channel.logo_media_id if channel else None) or brand.logo_media_id
    logo = await session.get(Media, logo_id) if logo_id is not None else None
    return Look(
        name=(channel.brand if channel else "") or brand.name,
        color=(channel.color if channel else "") or brand.color,
        logo_url=media_url(services_of(request), logo.id, logo.name) if logo else "",
    )


async def _read_look(request: Request) -> None:
    if not request.path.startswith(_BRANDED):
        return
    async with services_of(request).database.reading() as session:
        look = await look_of(request, session)
        note = await read_configuration(session, PortalNote)
    shown = note.text.strip() if note.is_shown(datetime.now(UTC)) else ""
    request.ctx.look = Look(look.name, look.color, look.logo_url, shown)


def _style(selector: str, file: str) -> HTTPResponse:
    color = file.removesuffix(".css")
    if not _COLOR.fullmatch(color):
        raise NotFound("Esta cor não existe.")
    rules = "".join(f"  --{name}: {value};\n" for name, value in tokens_of(f"#{color}").items())
    return text(f"{selector} {{\n{rules}}}\n", content_type="text/css", headers=_FOREVER)


def tokens_of(color: str) -> dict[str, str]:
    """The design's tokens that follow a brand's colour, for light and dark."""
    on_dark = readable(color, DARK_SURFACE)
    soft, soft_dark = mix(color, LIGHT_SURFACE, 0.88), mix(color, DARK_SURFACE, 0.8)
    pairs = {
        "brand": (color, on_dark),
        "brand-strong": (mix(color, "#000000", 0.15), mix(on_dark, "#ffffff", 0.2)),
        "on-brand": (text_on(color), text_on(on_dark)),
        "brand-soft": (soft, soft_dark),
        "brand-ink": (readable(color, soft), readable(on_dark, soft_dark)),
        "bubble-out": (color, color),
        "on-bubble-out": (text_on(color), text_on(color)),
        "on-bubble-out-soft": (text_on(color), text_on(color)),
    }
    return {name: f"light-dark({light}, {dark})" for name, (light, dark) in pairs.items()}
