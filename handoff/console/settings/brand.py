"""Marca: name, colour and logo that customers see."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.groups import Brand
from desk.configuration.values import read_configuration, save_configuration
from desk.errors import Invalid
from handoff.console.settings.forms import Form, act, actor_of, form_of, save, show
from handoff.console.settings.logos import keep_logo, logo_url, read_logo
from handoff.console.settings.sections import ROOT
from handoff.contrast import ENOUGH, LIGHT_SURFACE, contrast, text_on
from handoff.i18n import _
from handoff.problems import in_words
from handoff.security import signed_in
from handoff.services import services_of

PAGE = f"{ROOT}/brand"

blueprint = Blueprint("settings_brand", url_prefix="/brand")


@blueprint.get("/")
@signed_in("admin")
async def show_brand(request: Request) -> HTTPResponse:
    """Name, colour, logo."""
    return await _page(request, await _stored(request))


@blueprint.post("/")
@signed_in("admin")
async def change(request: Request) -> HTTPResponse:
    """Sets name and colour; the logo has its own form."""
    async with services_of(request).database.reading() as session:
        logo = (await read_configuration(session, Brand)).logo_media_id

    async def work(session: AsyncSession, values: Brand) -> None:
        await save_configuration(session, values, actor_of(request))

    return await save(
        request,
        Brand,
        work,
        done=f"{PAGE}?ok=saved",
        again=lambda form: _page(request, form),
        given={"logo_media_id": logo},
    )


@blueprint.post("/logo", stream=True, ctx_csrf_in_body=True)
@signed_in("admin")
async def send_logo(request: Request) -> HTTPResponse:
    """Sets the picture."""
    try:
        stored = await read_logo(request)
    except Invalid as refusal:
        wrong = Form({}, {"logo": in_words(refusal)})
        return await _page(request, await _stored(request), logo_form=wrong)

    async def work(session: AsyncSession) -> None:
        await _set_logo(request, session, await keep_logo(session, stored))

    return await act(
        request, work, done=f"{PAGE}?ok=saved", again=lambda form: _page(request, form)
    )


@blueprint.post("/logo/delete")
@signed_in("admin")
async def delete_logo(request: Request) -> HTTPResponse:
    """Takes the picture away."""

    async def work(session: AsyncSession) -> None:
        await _set_logo(request, session, None)

    return await act(
        request, work, done=f"{PAGE}?ok=saved", again=lambda form: _page(request, form)
    )


async def _set_logo(request: Request, session: AsyncSession, media_id: int | None) -> None:
    brand = await read_configuration(session, Brand)
    changed = brand.model_copy(update={"logo_media_id": media_id})
    await save_configuration(session, changed, actor_of(request))


async def _stored(request: Request) -> Form:
    async with services_of(request).database.reading() as session:
        return form_of(await read_configuration(session, Brand))


async def _page(request: Request, form: Form, logo_form: Form | None = None) -> HTTPResponse:
    services = services_of(request)
    async with services.database.reading() as session:
        brand = await read_configuration(session, Brand)
        picture = await logo_url(session, services, brand.logo_media_id)
    color = str(form["color"] or "") if "color" not in form.errors else ""
    return show(
        request,
        "brand.html",
        status=max(form.status, (logo_form or Form()).status),
        form=form,
        logo_form=logo_form or Form(),
        logo_url=picture,
        contrast=_contrast(color) if color else None,
    )


def _contrast(color: str) -> dict[str, Any]:
    """Whether the colour is readable as it is, and what is done when it is not."""
    on = _("branco") if text_on(color) == "#ffffff" else _("preto")
    on_color = contrast(text_on(color), color)
    as_text = contrast(color, LIGHT_SURFACE)
    words = f"{_('Texto sobre a cor:')} {on} ({on_color:.1f}:1). "
    if as_text >= ENOUGH:
        return {"good": True, "words": words + _("A cor também se lê bem como texto.")}
    tail = _("Como texto ela é clara demais; links usam um tom mais escuro, que se lê bem.")
    return {"good": False, "words": words + tail}
