"""The board: a supervisor's live view of the queues and the team; agents read their own."""

from datetime import UTC, datetime

from sanic import Blueprint, HTTPResponse, Request

from desk.conversations.access import visible_conversation
from desk.conversations.board import read_board
from desk.conversations.priority import PRIORITY_LABELS
from desk.conversations.rows import rows_of
from desk.conversations.transfer import targets_for
from handoff.console.board_view import STANDING_LABELS, BoardView, view_of
from handoff.console.conversation import TEAM
from handoff.i18n import _
from handoff.pages import render
from handoff.security import current_user, signed_in
from handoff.services import services_of

blueprint = Blueprint("console_board", url_prefix="/board")


@blueprint.get("/")
@signed_in(*TEAM)
async def show_board(request: Request) -> HTTPResponse:
    """The page."""
    return render(request, "console/board.html", board=await _board(request))


@blueprint.get("/content")
@signed_in(*TEAM)
async def show_content(request: Request) -> HTTPResponse:
    """What of it changes, fetched anew at every change."""
    return render(request, "console/board_content.html", board=await _board(request))


@blueprint.get("/conversations/<public_id:str>")
@signed_in("supervisor", "admin")
async def show_choices(request: Request, public_id: str) -> HTTPResponse:
    """What a supervisor may do with one conversation, and to whom it may go."""
    user = current_user(request)
    async with services_of(request).database.reading() as session:
        conversation = await visible_conversation(session, user, public_id)
        (row,) = await rows_of(session, [conversation])
        targets = await targets_for(session, user, conversation)
    return render(
        request,
        "console/board_choices.html",
        row=row,
        mine=row.assignee_id == user.id,
        targets=targets,
        standings={standing: _(label) for standing, label in STANDING_LABELS.items()},
        priorities={level: _(label) for level, label in PRIORITY_LABELS.items()},
    )


async def _board(request: Request) -> BoardView:
    services, user, now = services_of(request), current_user(request), datetime.now(UTC)
    async with services.database.reading() as session:
        board = await read_board(session, user, now, services.settings.zone)
    return view_of(board, user, now, services.settings.zone)
