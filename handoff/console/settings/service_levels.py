"""Prazos: how soon each queue promises an answer and an end."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.levels.tables import ClockKind
from desk.conversations.levels.targets import LevelValues, level_of, list_levels, set_level
from desk.conversations.priority import PRIORITY_LABELS
from desk.team.queue_settings import queue_by_id
from handoff.console.levels import LEVEL_LABELS
from handoff.console.settings.forms import Form, actor_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import N_, _
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/service-levels"
_ABOUT = {
    ClockKind.FIRST_RESPONSE: N_("Da entrada na fila até alguém da equipe responder."),
    ClockKind.NEXT_RESPONSE: N_("De cada nova mensagem do cliente até a resposta."),
    ClockKind.RESOLUTION: N_("Da entrada na fila até resolver ou fechar."),
}
_LEVELS = ("normal", "high", "urgent")

blueprint = Blueprint("settings_service_levels", url_prefix="/service-levels")


@blueprint.get("/")
@signed_in("supervisor", "admin")
async def show_levels(request: Request) -> HTTPResponse:
    """What each queue promises."""
    async with services_of(request).database.reading() as session:
        levels = await list_levels(session)
    rows = [
        {
            "id": each.queue.id,
            "name": each.queue.name,
            "active": each.queue.active,
            "promises": _promises(each.values),
        }
        for each in levels
    ]
    return show(request, "service_levels.html", queues=rows)


@blueprint.get("/<queue_id:int>")
@signed_in("supervisor", "admin")
async def show_level(request: Request, queue_id: int) -> HTTPResponse:
    """What one queue promises."""
    async with services_of(request).database.reading() as session:
        form = form_of(await level_of(session, (await queue_by_id(session, queue_id)).id))
    return await _one(request, queue_id, form)


@blueprint.post("/<queue_id:int>")
@signed_in("supervisor", "admin")
async def change(request: Request, queue_id: int) -> HTTPResponse:
    """Changes it."""

    async def work(session: AsyncSession, values: LevelValues) -> None:
        queue = await queue_by_id(session, queue_id)
        await set_level(session, queue, values, actor_of(request))

    return await save(
        request,
        LevelValues,
        work,
        done=f"{LIST}?ok=saved",
        again=lambda form: _one(request, queue_id, form),
    )


async def _one(request: Request, queue_id: int, form: Form) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        queue = await queue_by_id(session, queue_id)
    labels = list(PRIORITY_LABELS.values())
    kinds: list[dict[str, Any]] = [
        {
            "label": LEVEL_LABELS[kind],
            "about": _(about),
            "fields": [
                (f"{kind.value}_{level}", _(label))
                for level, label in zip(_LEVELS, labels, strict=True)
            ],
        }
        for kind, about in _ABOUT.items()
    ]
    return show(
        request,
        "service_level.html",
        status=form.status,
        form=form,
        queue=queue,
        kinds=kinds,
        path=f"{LIST}/{queue_id}",
    )


def _promises(values: LevelValues) -> list[str]:
    told = []
    for kind in ClockKind:
        seconds = values.target_seconds(kind, 0)
        if seconds is not None:
            told.append(f"{LEVEL_LABELS[kind]}: {minutes_words(seconds // 60)}")
    return told


def minutes_words(minutes: int) -> str:
    """A span of business time; its hours are not gathered into days, which are shorter there."""
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    if minutes % 60 == 0:
        return _("{hours} h").format(hours=minutes // 60)
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=f"{minutes % 60:02d}")
