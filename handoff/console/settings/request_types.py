"""Tipos de solicitação: what a ticket may be about."""

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.team.queues import list_queues
from desk.tickets.request_types import (
    RequestTypeValues,
    change_request_type,
    create_request_type,
    list_request_types,
    move_request_type,
    request_type_by_id,
    request_type_values,
)
from handoff.console.settings.forms import Form, act, actor_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import _
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/request-types"

blueprint = Blueprint("settings_request_types", url_prefix="/request-types")


@blueprint.get("/")
@signed_in("admin")
async def show_types(request: Request) -> HTTPResponse:
    """All types in menu order."""
    return await _list(request, Form())


@blueprint.get("/new")
@signed_in("admin")
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new type."""
    return await _form(
        request, Form({"synthetic": True, "takes_part_in_chat": True, "active": True})
    )


@blueprint.post("/new")
@signed_in("admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a type."""

    async def work(session: AsyncSession, values: RequestTypeValues) -> None:
        await create_request_type(session, values, actor_of(request))

    return await save(
        request,
        RequestTypeValues,
        work,
        done=f"{LIST}?ok=created",
        again=lambda form: _form(request, form),
    )


@blueprint.get("/<type_id:int>")
@signed_in("admin")
async def show_type(request: Request, type_id: int) -> HTTPResponse:
    """One type."""
    async with services_of(request).database.reading() as session:
        form = form_of(request_type_values(await request_type_by_id(session, type_id)))
    return await _form(request, form, type_id)


@blueprint.post("/<type_id:int>")
@signed_in("admin")
async def change(request: Request, type_id: int) -> HTTPResponse:
    """Changes a type."""

    async def work(session: AsyncSession, values: RequestTypeValues) -> None:
        kind = await request_type_by_id(session, type_id)
        await change_request_type(session, kind, values, actor_of(request))

    return await save(
        request,
        RequestTypeValues,
        work,
        done=f"{LIST}?ok=saved",
        again=lambda form: _form(request, form, type_id),
    )


@blueprint.post("/<type_id:int>/<way:up|down>")
@signed_in("admin")
async def move(request: Request, type_id: int, way: str) -> HTTPResponse:
    """Moves a type in the menu."""

    async def work(session: AsyncSession) -> None:
        kind = await request_type_by_id(session, type_id)
        await move_request_type(session, kind, -1 if way == "up" else 1, actor_of(request))

    return await act(
        request, work, done=f"{LIST}?ok=moved", again=lambda form: _list(request, form)
    )


async def _list(request: Request, form: Form) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        kinds = await list_request_types(session)
        queues = {queue.id: queue.name for queue in await list_queues(session)}
    return show(
        request, "request_types.html", status=form.status, form=form, kinds=kinds, queues=queues
    )


async def _form(request: Request, form: Form, type_id: int | None = None) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        queues = [(queue.id, queue.name) for queue in await list_queues(session) if queue.active]
        kind = await request_type_by_id(session, type_id) if type_id is not None else None
    return show(
        request,
        "request_type.html",
        status=form.status,
        form=form,
        title=kind.name if kind else _("Novo tipo"),
        queues=[("", _("Primeira fila")), *queues],
        path=f"{LIST}/{type_id if type_id is not None else 'new'}",
    )
