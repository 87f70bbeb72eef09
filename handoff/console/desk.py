"""The console's page: the inbox, and beside it the conversation that is open."""

from datetime import UTC, datetime

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.access import visible_conversation
from desk.conversations.first_use import FirstUse, read_first_use
from handoff.console.conversation import TEAM, pane_of
from handoff.console.inbox import Inbox, read_inbox, rows_limit
from handoff.console.pane import Pane
from handoff.pages import render
from handoff.security import current_user, signed_in
from handoff.services import services_of

blueprint = Blueprint("console_desk")


@blueprint.get("/")
@signed_in(*TEAM)
async def show_desk(request: Request) -> HTTPResponse:
    """The inbox alone."""
    async with services_of(request).database.reading() as session:
        inbox = await inbox_of(request, session)
        first_use = await read_first_use(session, current_user(request))
    return _page(request, inbox, first_use=first_use)


@blueprint.get("/conversations/<public_id:str>")
@signed_in(*TEAM)
async def show_conversation(request: Request, public_id: str) -> HTTPResponse:
    """The inbox with a conversation open: the address that a link or a reload uses."""
    async with services_of(request).database.reading() as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        inbox = await inbox_of(request, session, public_id)
        pane = await pane_of(request, session, conversation)
    return _page(request, inbox, pane)


@blueprint.get("/inbox")
@signed_in(*TEAM)
async def show_inbox(request: Request) -> HTTPResponse:
    """The inbox part of the page, fetched anew at every change."""
    async with services_of(request).database.reading() as session:
        inbox = await inbox_of(request, session, request.args.get("open", ""))
    return render(request, "console/inbox.html", inbox=inbox)


async def inbox_of(request: Request, session: AsyncSession, open_id: str = "") -> Inbox:
    """The view of the inbox that the request asks for."""
    return await read_inbox(
        session,
        current_user(request),
        tab=request.args.get("tab", ""),
        open_id=open_id,
        limit=rows_limit(request.args.get("limit", "")),
        zone=services_of(request).settings.zone,
        now=datetime.now(UTC),
    )


def _page(
    request: Request,
    inbox: Inbox,
    pane: Pane | None = None,
    first_use: FirstUse | None = None,
) -> HTTPResponse:
    return render(request, "console/desk.html", inbox=inbox, pane=pane, first_use=first_use)
