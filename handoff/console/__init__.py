"""The team's console: sign in, see who waits, answer."""

from sanic import Blueprint

from handoff.console import conversation, desk, live, login

blueprint = Blueprint.group(
    login.blueprint, desk.blueprint, conversation.blueprint, live.blueprint, url_prefix="/console"
)
