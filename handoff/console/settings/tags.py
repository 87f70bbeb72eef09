"""Etiquetas: the team's own words on conversations."""

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tagging import count_tagged
from desk.tags.settings import (
    COLORS,
    TagValues,
    change_tag,
    create_tag,
    delete_tag,
    list_tags,
    tag_by_id,
    tag_values,
)
from handoff.console.settings.forms import Form, act, actor_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import _
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/tags"

blueprint = Blueprint("settings_tags", url_prefix="/tags")


@blueprint.get("/")
@signed_in("supervisor", "admin")
async def show_tags(request: Request) -> HTTPResponse:
    """All tags, and a form for another."""
    return await _list(request, Form({"color": "grey"}))


@blueprint.post("/")
@signed_in("supervisor", "admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a tag."""

    async def work(session: AsyncSession, values: TagValues) -> None:
        await create_tag(session, values, actor_of(request))

    return await save(
        request,
        TagValues,
        work,
        done=f"{LIST}?ok=created",
        again=lambda form: _list(request, form),
    )


@blueprint.get("/<tag_id:int>")
@signed_in("supervisor", "admin")
async def show_tag(request: Request, tag_id: int) -> HTTPResponse:
    """One tag."""
    async with services_of(request).database.reading() as session:
        form = form_of(tag_values(await tag_by_id(session, tag_id)))
    return await _one(request, tag_id, form)


@blueprint.post("/<tag_id:int>")
@signed_in("supervisor", "admin")
async def change(request: Request, tag_id: int) -> HTTPResponse:
    """Renames or recolours a tag."""

    async def work(session: AsyncSession, values: TagValues) -> None:
        await change_tag(session, await tag_by_id(session, tag_id), values, actor_of(request))

    return await save(
        request,
        TagValues,
        work,
        done=f"{LIST}?ok=saved",
        again=lambda form: _one(request, tag_id, form),
    )


@blueprint.post("/<tag_id:int>/delete")
@signed_in("supervisor", "admin")
async def delete(request: Request, tag_id: int) -> HTTPResponse:
    """Deletes a tag."""

    async def work(session: AsyncSession) -> None:
        await delete_tag(session, await tag_by_id(session, tag_id), actor_of(request))

    return await act(
        request, work, done=f"{LIST}?ok=deleted", again=lambda form: _one(request, tag_id, form)
    )


async def _list(request: Request, form: Form) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        tags = await list_tags(session)
        uses = await count_tagged(session)
    return show(
        request,
        "tags.html",
        status=form.status,
        form=form,
        tags=tags,
        uses=uses,
        colors=_colors(),
    )


async def _one(request: Request, tag_id: int, form: Form) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        tag = await tag_by_id(session, tag_id)
    return show(
        request,
        "tag.html",
        status=form.status,
        form=form,
        tag=tag,
        colors=_colors(),
        path=f"{LIST}/{tag_id}",
    )


def _colors() -> list[tuple[str, str]]:
    return [(key, _(words)) for key, words in COLORS.items()]
