"""The JSON API for software: the same desk functions as the console, under /api."""

from sanic import Blueprint

from handoff.api import (
    board,
    canned_replies,
    configuration,
    contact_history,
    conversation_list,
    conversations,
    lists,
    me,
    messages,
    presence,
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
        *conversation_list.ENDPOINTS,
        *conversations.ENDPOINTS,
        *messages.ENDPOINTS,
        *board.ENDPOINTS,
        *presence.ENDPOINTS,
        *lists.ENDPOINTS,
        *tickets.ENDPOINTS,
        *canned_replies.ENDPOINTS,
        *contact_history.ENDPOINTS,
    ],
)

__all__ = ["blueprint"]
