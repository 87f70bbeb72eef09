"""Suporte direto: where a customer shows their screen to a person."""

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.groups import DirectSupport
from desk.configuration.values import read_configuration, save_configuration
from handoff.console.settings.forms import Form, actor_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.security import signed_in
from handoff.services import services_of

PAGE = f"{ROOT}/direct-support"

blueprint = Blueprint("settings_direct_support", url_prefix="/direct-support")


@blueprint.get("/")
@signed_in("admin")
async def show_support(request: Request) -> HTTPResponse:
    """The address as it stands."""
    async with services_of(request).database.reading() as session:
        form = form_of(await read_configuration(session, DirectSupport))
    return _page(request, form)


@blueprint.post("/")
@signed_in("admin")
async def change(request: Request) -> HTTPResponse:
    """Sets it."""

    async def work(session: AsyncSession, values: DirectSupport) -> None:
        await save_configuration(session, values, actor_of(request))

    async def again(form: Form) -> HTTPResponse:
        return _page(request, form)

    return await save(request, DirectSupport, work, done=f"{PAGE}?ok=saved", again=again)


def _page(request: Request, form: Form) -> HTTPResponse:
    return show(request, "direct_support.html", status=form.status, form=form)
