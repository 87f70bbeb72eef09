"""The connection of a WhatsApp number, on its channel's page."""

from collections.abc import Mapping

from pydantic import ValidationError
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.channels.numbers import NumberValues, set_number
from desk.channels.settings import channel_by_id
from desk.errors import Invalid
from handoff.console.settings.channels import LIST, channel_page, stored_form
from handoff.console.settings.forms import Form, actor_of, errors_of, typed_values
from handoff.problems import in_words
from handoff.security import signed_in
from handoff.services import services_of
from handoff.whatsapp_number import connect_whatsapp, refresh_templates

blueprint = Blueprint("settings_whatsapp", url_prefix="/channels/<channel_id:int>")
_SECRETS = ("token", "app_secret")


@blueprint.post("/number")
@signed_in("admin")
async def connect(request: Request, channel_id: int) -> HTTPResponse:
    """Keeps the number, then tries it and reads its templates; it stays kept if that fails."""
    services, typed = services_of(request), typed_values(request, NumberValues)
    try:
        values = NumberValues.model_validate(typed)
        async with services.database.transaction() as session:
            channel = await channel_by_id(session, channel_id)
            await set_number(session, channel, services.vault, values, actor_of(request))
        await connect_whatsapp(services, request.app.ctx.whatsapp, channel)
        await refresh_templates(services, request.app.ctx.whatsapp, channel)
    except ValidationError as error:
        return await _again(request, channel_id, typed, errors_of(error))
    except Invalid as refusal:
        return await _again(request, channel_id, typed, {refusal.field: in_words(refusal)})
    return redirect(f"{LIST}/{channel_id}?ok=connected", status=303)


@blueprint.post("/templates")
@signed_in("admin")
async def refresh(request: Request, channel_id: int) -> HTTPResponse:
    """Reads the approved templates anew."""
    services = services_of(request)
    async with services.database.reading() as session:
        channel = await channel_by_id(session, channel_id)
    try:
        await refresh_templates(services, request.app.ctx.whatsapp, channel)
    except Invalid as refusal:
        stored = {"number_id": channel.number_id, "business_id": channel.business_id}
        return await _again(request, channel_id, stored, {refusal.field: in_words(refusal)})
    return redirect(f"{LIST}/{channel_id}?ok=saved", status=303)


async def _again(
    request: Request, channel_id: int, typed: Mapping[str, object], errors: Mapping[str, str]
) -> HTTPResponse:
    shown = {name: value for name, value in typed.items() if name not in _SECRETS}
    stored = await stored_form(request, channel_id)
    return await channel_page(request, stored, channel_id, token_form=Form(shown, errors))
