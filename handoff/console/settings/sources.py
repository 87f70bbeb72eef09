"""Fontes: where the documentation that the assistant answers from comes from."""

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.knowledge.sources import (
    HELP_CENTER,
    SiteValues,
    add_site,
    count_sources,
    list_errors,
    list_sources,
    read_again,
    remove_source,
    source_by_id,
)
from handoff.console.settings.forms import Form, act, actor_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.console.settings.source_words import (
    KINDS,
    OUTCOMES,
    outcome_words,
    problem_words,
)
from handoff.i18n import _
from handoff.problems import read_number
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/sources"
_ERRORS = 50

blueprint = Blueprint("settings_sources", url_prefix="/sources")


@blueprint.get("/")
@signed_in("admin")
async def show_sources(request: Request) -> HTTPResponse:
    """All sources, and a form for another site."""
    return await _list(request, Form())


@blueprint.post("/")
@signed_in("admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a site; it is read in the background."""

    async def work(session: AsyncSession, values: SiteValues) -> None:
        await add_site(session, values, actor_of(request))

    return await save(
        request,
        SiteValues,
        work,
        done=f"{LIST}?ok=created",
        again=lambda form: _list(request, form),
    )


@blueprint.get("/<source_id:int>")
@signed_in("admin")
async def show_source(request: Request, source_id: int) -> HTTPResponse:
    """One source with what could not be read of it."""
    return await _one(request, source_id, Form())


@blueprint.post("/<source_id:int>/read")
@signed_in("admin")
async def read_one(request: Request, source_id: int) -> HTTPResponse:
    """Asks for a source to be read again."""

    async def work(session: AsyncSession) -> None:
        await read_again(session, await source_by_id(session, source_id), actor_of(request))

    return await act(
        request,
        work,
        done=f"{LIST}/{source_id}",
        again=lambda form: _one(request, source_id, form),
    )


@blueprint.post("/<source_id:int>/delete")
@signed_in("admin")
async def delete(request: Request, source_id: int) -> HTTPResponse:
    """Removes a source with its pages."""

    async def work(session: AsyncSession) -> None:
        await remove_source(session, await source_by_id(session, source_id), actor_of(request))

    return await act(
        request,
        work,
        done=f"{LIST}?ok=deleted",
        again=lambda form: _one(request, source_id, form),
    )


async def _list(request: Request, form: Form) -> HTTPResponse:
    async with services_of(request).database.reading(may_be_slow=True) as session:
        sources = await list_sources(session)
        counts = await count_sources(session, sources)
    return show(
        request,
        "sources.html",
        status=form.status,
        form=form,
        sources=sources,
        counts=counts,
        kinds={kind: _(words) for kind, words in KINDS.items()},
        outcomes={outcome: _(words) for outcome, words in OUTCOMES.items()},
        problems={each.id: problem_words(each.problem) for each in sources},
        zone=services_of(request).settings.zone,
    )


async def _one(request: Request, source_id: int, form: Form) -> HTTPResponse:
    after = read_number(request, "after", 0)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        source = await source_by_id(session, source_id)
        counts = (await count_sources(session, [source]))[source.id]
        errors = await list_errors(session, source, after, _ERRORS + 1)
    path = f"{LIST}/{source_id}"
    shown = errors[:_ERRORS]
    return show(
        request,
        "source.html",
        status=form.status,
        form=form,
        source=source,
        counts=counts,
        kind=_(KINDS[source.kind]),
        outcome=_(OUTCOMES[source.outcome]),
        problem=problem_words(source.problem),
        errors=[(each.url, outcome_words(each.outcome, each.status)) for each in shown],
        more_url=f"{path}?after={shown[-1].id}" if len(errors) > _ERRORS else "",
        is_fixed=source.key == HELP_CENTER,
        zone=services_of(request).settings.zone,
        path=path,
    )
