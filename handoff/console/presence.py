"""Saying that one is there or away, in the bar above every page."""

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.events.log import by_agent
from desk.team.presence import set_presence
from desk.team.tables import Presence, User
from handoff.console.conversation import TEAM
from handoff.i18n import _
from handoff.pages import render
from handoff.problems import Problem
from handoff.security import current_user, signed_in
from handoff.services import services_of

blueprint = Blueprint("console_presence", url_prefix="/presence")


@blueprint.get("/")
@signed_in(*TEAM)
async def show_presence(request: Request) -> HTTPResponse:
    """The control, fetched anew when it was changed elsewhere."""
    return render(request, "console/presence.html", me=current_user(request))


@blueprint.post("/")
@signed_in(*TEAM)
async def change_presence(request: Request) -> HTTPResponse:
    """Keeps what was said, and shows it; without scripts the page comes again."""
    services, user = services_of(request), current_user(request)
    said = str(request.form.get("presence") or "") if request.form else ""
    if said not in set(Presence):
        raise Problem(400, _("Esta presença não existe."), field="presence")
    async with services.database.transaction() as session:
        changed: User = await set_presence(session, user.id, Presence(said), by_agent(user.id))
    services.pulse.beat()
    if "hx-request" not in request.headers:
        return redirect("/console", status=303)
    return render(request, "console/presence.html", me=changed)
