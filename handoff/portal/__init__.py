"""The customer's portal: sign in, follow one's own tickets, open new ones, answer, rate."""

from sanic import Blueprint

from handoff.portal import login, opening, password, reset, ticket, tickets

blueprint = Blueprint.group(
    login.blueprint,
    reset.blueprint,
    password.blueprint,
    tickets.blueprint,
    opening.blueprint,
    ticket.blueprint,
    url_prefix="/portal",
)
