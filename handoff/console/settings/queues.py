"""Filas: departments, who serves them, when, and how conversations find an agent."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.staff import count_in_queue, deactivate_queue
from desk.hours.calendars import list_calendars
from desk.team.queue_settings import (
    QueueValues,
    change_queue,
    create_queue,
    members_by_queue,
    move_queue,
    possible_members,
    queue_by_id,
    queue_values,
    switch_queue_on,
)
from desk.team.queues import list_queues
from desk.team.tables import Assignment
from handoff.console.settings.forms import Form, act, actor_of, field_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import N_, _
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/queues"
ASSIGNMENTS = {
    Assignment.MANUAL: (N_("À mão"), N_("Cada atendente assume da fila.")),
    Assignment.ROUND_ROBIN: (N_("Rodízio"), N_("Um de cada vez, entre quem está disponível.")),
    Assignment.LEAST_BUSY: (N_("Menos ocupado"), N_("Quem tem menos conversas recebe a próxima.")),
}

blueprint = Blueprint("settings_queues", url_prefix="/queues")


@blueprint.get("/")
@signed_in("supervisor", "admin")
async def show_queues(request: Request) -> HTTPResponse:
    """All queues in their order."""
    return await _list(request, Form())


@blueprint.get("/new")
@signed_in("admin")
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new queue."""
    return await _form(request, Form({"assignment": "manual"}))


@blueprint.post("/new")
@signed_in("admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a queue."""

    async def work(session: AsyncSession, values: QueueValues) -> None:
        await create_queue(session, values, actor_of(request))

    return await save(
        request,
        QueueValues,
        work,
        done=f"{LIST}?ok=created",
        again=lambda form: _form(request, form),
    )


@blueprint.get("/<queue_id:int>")
@signed_in("admin")
async def show_queue(request: Request, queue_id: int) -> HTTPResponse:
    """One queue."""
    return await _form(request, await _stored(request, queue_id), queue_id)


@blueprint.post("/<queue_id:int>")
@signed_in("admin")
async def change(request: Request, queue_id: int) -> HTTPResponse:
    """Changes a queue."""

    async def work(session: AsyncSession, values: QueueValues) -> None:
        queue = await queue_by_id(session, queue_id)
        await change_queue(session, queue, values, actor_of(request))

    return await save(
        request,
        QueueValues,
        work,
        done=f"{LIST}?ok=saved",
        again=lambda form: _form(request, form, queue_id),
    )


@blueprint.post("/<queue_id:int>/<way:up|down>")
@signed_in("admin")
async def move(request: Request, queue_id: int, way: str) -> HTTPResponse:
    """Moves a queue in the order."""

    async def work(session: AsyncSession) -> None:
        queue = await queue_by_id(session, queue_id)
        await move_queue(session, queue, -1 if way == "up" else 1, actor_of(request))

    return await act(
        request, work, done=f"{LIST}?ok=moved", again=lambda form: _list(request, form)
    )


@blueprint.post("/<queue_id:int>/deactivate")
@signed_in("admin")
async def deactivate(request: Request, queue_id: int) -> HTTPResponse:
    """Closes a queue; what it holds moves to another."""
    move_to = field_of(request, "move_to", 9)

    async def work(session: AsyncSession) -> None:
        queue = await queue_by_id(session, queue_id)
        other = await queue_by_id(session, int(move_to)) if move_to.isdecimal() else None
        await deactivate_queue(session, queue, actor_of(request), other)

    return await act(
        request, work, done=f"{LIST}?ok=off", again=lambda form: _refused(request, form, queue_id)
    )


@blueprint.post("/<queue_id:int>/reactivate")
@signed_in("admin")
async def reactivate(request: Request, queue_id: int) -> HTTPResponse:
    """The queue takes conversations again."""

    async def work(session: AsyncSession) -> None:
        await switch_queue_on(session, await queue_by_id(session, queue_id), actor_of(request))

    return await act(
        request, work, done=f"{LIST}?ok=on", again=lambda form: _refused(request, form, queue_id)
    )


async def _list(request: Request, form: Form) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        queues = await list_queues(session)
        members = await members_by_queue(session)
        calendars = {each.id: each.name for each in await list_calendars(session)}
    rows = [
        {
            "id": queue.id,
            "name": queue.name,
            "active": queue.active,
            "members": ", ".join(user.name for user in members.get(queue.id, [])),
            "assignment": _(ASSIGNMENTS[queue.assignment][0]),
            "calendar": calendars.get(queue.calendar_id or 0) or _("Sempre aberta"),
        }
        for queue in queues
    ]
    return show(request, "queues.html", status=form.status, queues=rows, form=form)


async def _stored(request: Request, queue_id: int) -> Form:
    async with services_of(request).database.reading() as session:
        return form_of(await queue_values(session, await queue_by_id(session, queue_id)))


async def _refused(request: Request, form: Form, queue_id: int) -> HTTPResponse:
    stored = await _stored(request, queue_id)
    return await _form(request, Form(stored.values, form.errors), queue_id)


async def _form(request: Request, form: Form, queue_id: int | None = None) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        queue: Any = await queue_by_id(session, queue_id) if queue_id is not None else None
        held = await count_in_queue(session, queue_id) if queue_id is not None else 0
        people = [(user.id, user.name) for user in await possible_members(session)]
        calendars = [(each.id, each.name) for each in await list_calendars(session)]
        others = [
            (each.id, each.name)
            for each in await list_queues(session)
            if each.active and each.id != queue_id
        ]
    return show(
        request,
        "queue.html",
        status=form.status,
        form=form,
        queue=queue,
        held=held,
        people=people,
        calendars=[("", _("Sempre aberta")), *calendars],
        others=others,
        assignments=[(key.value, _(name), _(about)) for key, (name, about) in ASSIGNMENTS.items()],
        path=f"{LIST}/{queue_id if queue_id is not None else 'new'}",
    )
