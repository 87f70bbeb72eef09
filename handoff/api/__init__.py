"""The JSON API for software: the same desk functions as the console, under /api."""

from sanic import Blueprint

from handoff.api import (
    audit,
    board,
    calendars,
    canned_replies,
    channels,
    companies,
    configuration,
    contact_history,
    contacts,
    conversation_list,
    conversations,
    imports,
    knowledge,
    knowledge_sources,
    macros,
    me,
    messages,
    presence,
    problems,
    quality,
    queues,
    reports,
    request_types,
    review,
    routing,
    rules,
    service_levels,
    sessions,
    tags,
    tickets,
    users,
    webhooks,
)
from handoff.api.endpoints import register
from handoff.api.openapi import show_openapi

blueprint = Blueprint("api", url_prefix="/api")
blueprint.add_route(show_openapi, "/openapi.json", methods=["GET"], name="openapi")
register(
    blueprint,
    [
        *sessions.ENDPOINTS,
        *configuration.ENDPOINTS,
        *me.ENDPOINTS,
        *conversation_list.ENDPOINTS,
        *conversations.ENDPOINTS,
        *messages.ENDPOINTS,
        *board.ENDPOINTS,
        *presence.ENDPOINTS,
        *users.ENDPOINTS,
        *queues.ENDPOINTS,
        *service_levels.ENDPOINTS,
        *rules.ENDPOINTS,
        *request_types.ENDPOINTS,
        *routing.ENDPOINTS,
        *tags.ENDPOINTS,
        *calendars.ENDPOINTS,
        *channels.ENDPOINTS,
        *companies.ENDPOINTS,
        *contacts.ENDPOINTS,
        *imports.ENDPOINTS,
        *audit.ENDPOINTS,
        *tickets.ENDPOINTS,
        *canned_replies.ENDPOINTS,
        *macros.ENDPOINTS,
        *contact_history.ENDPOINTS,
        *knowledge.ENDPOINTS,
        *problems.ENDPOINTS,
        *knowledge_sources.ENDPOINTS,
        *review.ENDPOINTS,
        *quality.ENDPOINTS,
        *reports.ENDPOINTS,
        *webhooks.ENDPOINTS,
    ],
)

__all__ = ["blueprint"]
