"""An approved template in the console: chosen, filled, seen as the customer will read it, sent."""

import uuid

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.templates import MAX_VALUE_CHARS, parts_of, variables_of, words_of
from desk.conversations.access import visible_conversation
from desk.conversations.tables import Conversation
from desk.conversations.templates import post_template, templates_for
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid
from handoff.console.conversation import TEAM, change_conversation, field_of
from handoff.i18n import _
from handoff.pages import render
from handoff.security import current_user, signed_in
from handoff.services import services_of

_VALUE = "value."
_HEADER = "header."
_MOST_FIELDS = 200

blueprint = Blueprint("console_templates", url_prefix="/conversations/<public_id:str>")


@blueprint.get("/template")
@signed_in(*TEAM)
async def show_templates(request: Request, public_id: str) -> HTTPResponse:
    """The templates that may be sent here; one of them with its variables once it is chosen."""
    async with services_of(request).database.reading() as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        templates = await templates_for(session, conversation)
    chosen = next((each for each in templates if str(each.id) == request.args.get("id")), None)
    fields = [(f"{_VALUE}{name}", _label(name)) for name in variables_of(chosen)] if chosen else []
    return render(
        request,
        "console/template.html",
        public_id=public_id,
        templates=[(each.id, each.name, each.language, words_of(each)) for each in templates],
        chosen=chosen,
        fields=fields,
        parts=[(text, name and f"{_VALUE}{name}") for text, name in parts_of(chosen)]
        if chosen
        else [],
        max_chars=MAX_VALUE_CHARS,
        client_id=str(uuid.uuid4()),
    )


@blueprint.post("/template")
@signed_in(*TEAM)
async def send_template(request: Request, public_id: str) -> HTTPResponse:
    """Sends the chosen template; the same client_id sends once."""
    user, number = current_user(request), field_of(request, "id")
    if not number.isdecimal():
        raise Invalid("id", _("Escolha um modelo."))
    client_id = field_of(request, "client_id") or None
    values = {
        name.removeprefix(_VALUE): field_of(request, name, MAX_VALUE_CHARS)
        for name in list(request.form or {})[:_MOST_FIELDS]
        if name.startswith(_VALUE)
    }

    async def send(session: AsyncSession, conversation: Conversation) -> None:
        template_id = min(int(number), MAX_SMALL_KEY)
        await post_template(session, conversation, user, template_id, values, client_id)

    return await change_conversation(request, public_id, send)


def _label(name: str) -> str:
    if name.startswith(_HEADER):
        return _("Variável {name} do título").format(name=name.removeprefix(_HEADER))
    return _("Variável {name}").format(name=name)
