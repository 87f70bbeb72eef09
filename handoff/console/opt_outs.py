"""On a contact's page: whether they want campaigns, changed on their request."""

from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.campaigns.stopping import stop_campaigns
from desk.contacts.opt_out import opt_in
from desk.contacts.tables import OptOut
from desk.conversations.contact_history import visible_contact
from desk.db import MAX_SMALL_KEY
from desk.events.log import by_agent
from handoff.console import wording
from handoff.console.conversation import TEAM
from handoff.i18n import N_, _
from handoff.security import current_user, signed_in
from handoff.services import services_of

SOURCES = {
    "campaign": N_("Não recebe campanhas desde {when}: respondeu assim a uma delas."),
    "team": N_("Não recebe campanhas desde {when}: a equipe anotou o pedido."),
    "merge": N_("Não recebe campanhas desde {when}: pediu por outro canal."),
}

blueprint = Blueprint("console_opt_outs", url_prefix="/contacts/<contact_id:int>/campaigns")


@blueprint.post("/<way:out|in>")
@signed_in(*TEAM)
async def change_opt_out(request: Request, contact_id: int, way: str) -> HTTPResponse:
    """No more campaigns, or campaigns again, as the contact asked."""
    user, services = current_user(request), services_of(request)
    async with services.database.transaction() as session:
        contact = await visible_contact(session, user, max(0, min(contact_id, MAX_SMALL_KEY)))
        if way == "out":
            await stop_campaigns(session, contact.id, by_agent(user.id), "team")
        else:
            await opt_in(session, contact.id, by_agent(user.id))
    services.pulse.beat("events")
    return redirect(f"/console/contacts/{contact_id}?ok=saved", status=303)


def opt_out_words(found: OptOut | None, zone: ZoneInfo) -> str:
    """Since when no campaigns go to the contact, and how that was said; empty when they do."""
    if found is None:
        return ""
    return _(SOURCES[found.source]).format(when=wording.date_and_clock(found.at, zone))
