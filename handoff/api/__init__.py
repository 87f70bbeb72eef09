"""The JSON API for software: the same desk functions as the console, under /api."""

from sanic import Blueprint

from handoff.api import (
    canned_replies,
    configuration,
    contact_history,
    conversations,
    lists,
    me,
    messages,
    sessions,
    tickets,
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
        *conversations.ENDPOINTS,
        *messages.ENDPOINTS,
        *lists.ENDPOINTS,
        *tickets.ENDPOINTS,
        *canned_replies.ENDPOINTS,
        *contact_history.ENDPOINTS,
    ],
)

__all__ = ["blueprint"]
