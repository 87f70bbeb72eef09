"""The customer's portal: sign in, see one's own tickets."""

from sanic import Blueprint

from handoff.portal import login, tickets

blueprint = Blueprint.group(login.blueprint, tickets.blueprint, url_prefix="/portal")
