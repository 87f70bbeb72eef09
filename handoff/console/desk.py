"""The console's page: the inbox, and beside it the conversation that is open."""

import re
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.access import visible_conversation
from desk.conversations.first_use import FirstUse, read_first_use
from desk.team.preferences import change_preferences, preferences_of
from desk.team.tables import User
from handoff.console.conversation import TEAM, pane_of
from handoff.console.inbox import PAGE_ROWS, Inbox, read_inbox, read_more
from handoff.console.inbox_filters import find_companies, read_panel
from handoff.console.inbox_state import InboxState
from handoff.console.pane import Pane
from handoff.pages import render
from handoff.security import current_user, signed_in
from handoff.services import services_of

_IS_ID = re.compile(r"[0-9a-f]{1,40}")

blueprint = Blueprint("console_desk")


@blueprint.get("/")
@signed_in(*TEAM)
async def show_desk(request: Request) -> HTTPResponse:
    """The inbox alone."""
    async with _reading(request) as session:
        inbox = await inbox_of(request, session)
        first_use = await read_first_use(session, current_user(request))
    return _page(request, inbox, first_use=first_use)


@blueprint.get("/conversations/<public_id:str>")
@signed_in(*TEAM)
async def show_conversation(request: Request, public_id: str) -> HTTPResponse:
    """The inbox with a conversation open: the address that a link or a reload uses."""
    async with _reading(request) as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        inbox = await inbox_of(request, session, public_id)
        pane = await pane_of(request, session, conversation)
    return _page(request, inbox, pane)


@blueprint.get("/inbox")
@signed_in(*TEAM)
async def show_inbox(request: Request) -> HTTPResponse:
    """The inbox part of the page, fetched anew at every change."""
    async with _reading(request) as session:
        inbox = await inbox_of(request, session, request.args.get("open", ""))
    return render(request, "console/inbox.html", inbox=inbox)


@blueprint.get("/inbox/more")
@signed_in(*TEAM)
async def show_more(request: Request) -> HTTPResponse:
    """The rows behind those that the reader has."""
    services = services_of(request)
    state = InboxState.read(request.args)
    async with _reading(request) as session:
        rows, cursor = await read_more(
            session,
            current_user(request),
            state,
            request.args.get("cursor", ""),
            zone=services.settings.zone,
            now=datetime.now(UTC),
        )
    return render(
        request, "console/inbox_more.html", rows=rows, query=state.query, next_cursor=cursor
    )


@blueprint.get("/inbox/filters")
@signed_in(*TEAM)
async def show_filters(request: Request) -> HTTPResponse:
    """The panel in which filters are chosen."""
    async with services_of(request).database.reading() as session:
        panel = await read_panel(session, current_user(request), InboxState.read(request.args))
    return render(request, "console/inbox_filters.html", panel=panel)


@blueprint.get("/inbox/companies")
@signed_in(*TEAM)
async def show_companies(request: Request) -> HTTPResponse:
    """Companies to choose from, as their name or CNPJ is typed."""
    chosen = InboxState.read(request.args).values.get("company", "")
    async with services_of(request).database.reading(may_be_slow=True) as session:
        companies = await find_companies(session, request.args.get("company_q", ""), chosen)
    return render(request, "console/inbox_companies.html", companies=companies)


@blueprint.post("/inbox/remember")
@signed_in(*TEAM)
async def remember_state(request: Request) -> HTTPResponse:
    """Keeps what this person looks at for the next time; a search is not kept."""
    query = str(request.form.get("query", "")) if request.form else ""
    state = InboxState.parse(query).without("q")
    async with services_of(request).database.transaction() as session:
        user = await session.get_one(User, current_user(request).id)
        change_preferences(user, {"inbox": state.query})
    return empty()


async def inbox_of(request: Request, session: AsyncSession, open_id: str = "") -> Inbox:
    """The state of the inbox that the request asks for, or what this person last looked at."""
    user = current_user(request)
    args = request.args
    if "view" in args or "status" in args or "q" in args:
        state = InboxState.read(args)
    else:
        state = InboxState.parse(preferences_of(user).inbox)
    return await read_inbox(
        session,
        user,
        state,
        open_id=open_id,
        shown=_count(args.get("shown", "")),
        check=[each for each in args.get("check", "").split(",") if _IS_ID.fullmatch(each)],
        zone=services_of(request).settings.zone,
        now=datetime.now(UTC),
    )


def _reading(request: Request) -> AbstractAsyncContextManager[AsyncSession]:
    """Searches and filters without an index of their own must not hold up the others."""
    may_be_slow = InboxState.read(request.args).is_narrowed
    return services_of(request).database.reading(may_be_slow=may_be_slow)


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else PAGE_ROWS


def _page(
    request: Request,
    inbox: Inbox,
    pane: Pane | None = None,
    first_use: FirstUse | None = None,
) -> HTTPResponse:
    return render(request, "console/desk.html", inbox=inbox, pane=pane, first_use=first_use)
