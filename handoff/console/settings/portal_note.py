"""Aviso do portal: a word on the portal's state, for a while."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.groups import PortalNote
from desk.configuration.portal_note import check_portal_note
from desk.configuration.values import read_configuration, save_configuration
from desk.guides.portal_news import count_waiting
from desk.text import clean_text
from handoff.console.settings.forms import Form, actor_of, field_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.security import signed_in
from handoff.services import services_of

PAGE = f"{ROOT}/portal-note"
_TIMES = ("starts_at", "ends_at")

blueprint = Blueprint("settings_portal_note", url_prefix="/portal-note")


@blueprint.get("/")
@signed_in("supervisor", "admin")
async def show_note(request: Request) -> HTTPResponse:
    """The note as it stands."""
    zone = services_of(request).settings.zone
    async with services_of(request).database.reading() as session:
        note = await read_configuration(session, PortalNote)
    times = {name: _local(getattr(note, name), zone) for name in _TIMES}
    return await _page(request, Form({"text": note.text, **times}))


@blueprint.post("/")
@signed_in("supervisor", "admin")
async def change(request: Request) -> HTTPResponse:
    """Sets it; times are those of the desk's zone."""
    zone = services_of(request).settings.zone
    typed = {name: field_of(request, name, 40) for name in _TIMES}

    async def work(session: AsyncSession, values: PortalNote) -> None:
        check_portal_note(values)
        await save_configuration(session, values, actor_of(request))

    async def again(form: Form) -> HTTPResponse:
        errors = dict(form.errors)
        if "form" in errors:  # the end is before the start
            errors["ends_at"] = errors.pop("form")
        return await _page(request, Form({**form.values, **typed}, errors))

    return await save(
        request,
        PortalNote,
        work,
        done=f"{PAGE}?ok=saved",
        again=again,
        given={"text": clean_text(field_of(request, "text", 2000))}
        | {name: _aware(value, zone) for name, value in typed.items()},
    )


async def _page(request: Request, form: Form) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        note = await read_configuration(session, PortalNote)
        waiting = await count_waiting(session)
    return show(
        request,
        "portal_note.html",
        status=form.status,
        form=form,
        is_shown=note.is_shown(datetime.now(UTC)),
        waiting=waiting,
    )


def _aware(text: str, zone: ZoneInfo) -> object:
    """A field's local time with its zone; what is no time goes on as it is and is refused."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return text


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at else ""
