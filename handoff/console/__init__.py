"""The team's console: sign in, see who waits, answer."""

from sanic import Blueprint

from handoff.console import (
    board,
    contact,
    conversation,
    desk,
    handing,
    live,
    login,
    nav,
    opt_outs,
    presence,
    problems,
    profile,
    quality,
    reports,
    review,
    review_export,
    screen,
    sending_templates,
    settings,
    ticket,
)
from handoff.console.wording import initials
from handoff.pages import environment

blueprint = Blueprint.group(
    login.blueprint,
    screen.blueprint,
    desk.blueprint,
    conversation.blueprint,
    handing.blueprint,
    sending_templates.blueprint,
    contact.blueprint,
    opt_outs.blueprint,
    ticket.blueprint,
    live.blueprint,
    profile.blueprint,
    board.blueprint,
    problems.blueprint,
    review_export.blueprint,
    review.blueprint,
    quality.blueprint,
    reports.blueprint,
    presence.blueprint,
    settings.blueprint,
    url_prefix="/console",
)


def install_frame() -> None:
    """Gives the templates what `console/shell.html` shows around every page."""
    environment().globals["frame_of"] = nav.frame_of
    environment().filters["initials"] = initials
