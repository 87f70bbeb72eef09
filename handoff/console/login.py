"""Signing in to the console and out of it."""

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.passwords import verify_password
from desk.team.tables import Role, User
from desk.team.users import UNKNOWN_USER_HASH, close_login, find_user, open_login
from handoff.i18n import _
from handoff.pages import render
from handoff.problems import TooMany
from handoff.security import (
    CONSOLE_COOKIE,
    LOGIN_LIMIT,
    clear_session_cookie,
    limit,
    read_cookie,
    set_session_cookie,
)
from handoff.services import services_of

blueprint = Blueprint("console_login")


@blueprint.get("/login")
async def show_login(request: Request) -> HTTPResponse:
    """The form."""
    return _form(request)


@blueprint.post("/login")
async def sign_in(request: Request) -> HTTPResponse:
    """Opens a session when address and password belong together."""
    email = _field(request, "email", 254)
    attempts = ("console", request.client_ip, email.strip().lower())
    try:
        limit(request, LOGIN_LIMIT, *attempts)
    except TooMany:
        return _form(request, email, _("Muitas tentativas. Aguarde alguns minutos."), 429)
    user = await _proven_user(request, email, _field(request, "password", 1024))
    if user is None:
        return _form(request, email, _("E-mail ou senha não conferem."), 401)
    request.app.ctx.limiter.clear(LOGIN_LIMIT, *attempts)
    services = services_of(request)
    days = services.settings.session_days
    async with services.database.transaction() as session:
        token = await open_login(session, user.id, days)
    # Who sees no conversations begins at what the bot did not understand.
    response = redirect("/console/review" if user.role is Role.DESIGNER else "/console")
    set_session_cookie(request, response, CONSOLE_COOKIE, token, days)
    return response


@blueprint.post("/logout")
async def sign_out(request: Request) -> HTTPResponse:
    """Ends the session, here and in the database."""
    token = read_cookie(request, CONSOLE_COOKIE)
    if token:
        async with services_of(request).database.transaction() as session:
            await close_login(session, token)
    response = redirect("/console/login")
    clear_session_cookie(request, response, CONSOLE_COOKIE)
    return response


async def _proven_user(request: Request, email: str, password: str) -> User | None:
    async with services_of(request).database.reading() as session:
        user = await find_user(session, email)
    known = await verify_password(user.password_hash if user else UNKNOWN_USER_HASH, password)
    return user if known else None


def _form(request: Request, email: str = "", error: str = "", status: int = 200) -> HTTPResponse:
    return render(request, "console/login.html", email=email, error=error, status=status)


def _field(request: Request, name: str, max_chars: int) -> str:
    return str(request.form.get(name) or "")[:max_chars] if request.form else ""
