"""The settings of the desk: small pages, one module each, for admins and in part supervisors."""

from sanic import Blueprint, HTTPResponse, Request

from handoff.console.settings import (
    audit,
    automation,
    brand,
    calendars,
    campaigns,
    canned_replies,
    channels,
    companies,
    contacts,
    direct_support,
    imports,
    macros,
    portal_note,
    queues,
    request_types,
    routing,
    rules,
    service_levels,
    sources,
    tags,
    users,
    webhooks,
    whatsapp,
)
from handoff.console.settings.forms import show
from handoff.console.settings.sections import SECTIONS
from handoff.security import signed_in

overview = Blueprint("settings")


@overview.get("/")
@signed_in("agent", "supervisor", "admin")
async def show_overview(request: Request) -> HTTPResponse:
    """What there is to set, as far as the reader's role reaches."""
    return show(request, "index.html")


blueprint = Blueprint.group(
    overview,
    users.blueprint,
    queues.blueprint,
    service_levels.blueprint,
    request_types.blueprint,
    routing.blueprint,
    canned_replies.blueprint,
    macros.blueprint,
    tags.blueprint,
    sources.blueprint,
    companies.blueprint,
    contacts.blueprint,
    campaigns.blueprint,
    imports.blueprint,
    calendars.blueprint,
    channels.blueprint,
    whatsapp.blueprint,
    automation.blueprint,
    direct_support.blueprint,
    rules.blueprint,
    brand.blueprint,
    portal_note.blueprint,
    webhooks.blueprint,
    audit.blueprint,
    url_prefix="/settings",
)

__all__ = ["SECTIONS", "blueprint"]
