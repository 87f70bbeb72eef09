"""The approved template in a campaign's form: a choice, and a field for each of its variables."""

from collections.abc import Mapping
from typing import Any

from sanic import Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import MessageTemplate
from desk.channels.templates import (
    DEFAULT_LANGUAGE,
    MAX_VALUE_CHARS,
    sendable_templates,
    variables_of,
    words_of,
)
from desk.db import MAX_SMALL_KEY
from handoff.console.settings.forms import Form
from handoff.i18n import _

_BETWEEN = "|"
_VALUE = "template_value."
_MOST_VALUES = 30


def template_fields(request: Request) -> dict[str, Any]:
    """What the form says of the template, as a campaign's values want it."""
    sent: Mapping[str, Any] = request.form or {}
    name, _mark, language = str(sent.get("template") or "").rpartition(_BETWEEN)
    values = {
        key.removeprefix(_VALUE): str(sent.get(key) or "")[: MAX_VALUE_CHARS + 1]
        for key in list(sent)[:200]
        if key.startswith(_VALUE)
    }
    kept = dict(list(values.items())[:_MOST_VALUES])
    return {"template": name, "template_language": language, "template_values": kept}


async def template_choices(session: AsyncSession, form: Form) -> dict[str, Any]:
    """The templates that may be sent now, and the variables of the chosen one."""
    found: dict[tuple[str, str], MessageTemplate] = {}
    channel_ids = [int(each) for each in form["channel_ids"] or () if str(each).isdecimal()]
    for each in await sendable_templates(
        session, [min(each, MAX_SMALL_KEY) for each in channel_ids]
    ):
        found.setdefault((each.name, each.language), each)
    chosen = (str(form["template"] or ""), str(form["template_language"] or DEFAULT_LANGUAGE))
    options = [(f"{name}{_BETWEEN}{language}", f"{name} ({language})") for name, language in found]
    key = _BETWEEN.join(chosen) if chosen[0] else ""
    if chosen[0] and chosen not in found:
        # Kept until somebody chooses another: it may be approved again.
        options.append((key, _("{name}, não aprovado agora").format(name=chosen[0])))
    template = found.get(chosen)
    values = form["template_values"] or {}
    return {
        "templates": [("", _("Sem modelo: quem está fora da janela não recebe")), *options],
        "template_form": Form({"template": key}, form.errors),
        "template_words": words_of(template) if template else "",
        "template_values": [
            (f"{_VALUE}{name}", "{{" + name.removeprefix("header.") + "}}", values.get(name, ""))
            for name in (variables_of(template) if template else ())
        ],
    }
