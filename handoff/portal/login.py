"""Signing in to the portal and out of it."""

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.contacts.portal_access import close_portal_login, find_account, open_portal_login
from desk.contacts.tables import PortalAccount
from desk.passwords import verify_password
from desk.team.users import UNKNOWN_USER_HASH
from handoff.pages import render
from handoff.problems import TooMany
from handoff.security import (
    LOGIN_LIMIT,
    PORTAL_COOKIE,
    clear_session_cookie,
    limit,
    read_cookie,
    set_session_cookie,
)
from handoff.services import services_of

blueprint = Blueprint("portal_login")


@blueprint.get("/login")
async def show_login(request: Request) -> HTTPResponse:
    """The form."""
    return _form(request)


@blueprint.post("/login")
async def sign_in(request: Request) -> HTTPResponse:
    """Opens a session with the password that the chat showed."""
    email = _field(request, "email", 254)
    attempts = ("portal", request.client_ip, email.strip().lower())
    try:
        limit(request, LOGIN_LIMIT, *attempts)
    except TooMany:
        return _form(request, email, "Muitas tentativas. Aguarde alguns minutos.", 429)
    account = await _proven_account(request, email, _field(request, "password", 1024))
    if account is None:
        words = "E-mail ou senha não conferem, ou a senha provisória venceu."
        return _form(request, email, words, 401)
    request.app.ctx.limiter.clear(LOGIN_LIMIT, *attempts)
    services = services_of(request)
    days = services.settings.session_days
    async with services.database.transaction() as session:
        token = await open_portal_login(session, account.id, days)
    response = redirect("/portal")
    set_session_cookie(request, response, PORTAL_COOKIE, token, days)
    return response


@blueprint.post("/logout")
async def sign_out(request: Request) -> HTTPResponse:
    """Ends the session, here and in the database."""
    token = read_cookie(request, PORTAL_COOKIE)
    if token:
        async with services_of(request).database.transaction() as session:
            await close_portal_login(session, token)
    response = redirect("/portal/login")
    clear_session_cookie(request, response, PORTAL_COOKIE)
    return response


async def _proven_account(request: Request, email: str, password: str) -> PortalAccount | None:
    async with services_of(request).database.reading() as session:
        account = await find_account(session, email)
    known = await verify_password(
        account.password_hash if account else UNKNOWN_USER_HASH, password.strip()
    )
    return account if known else None


def _form(request: Request, email: str = "", error: str = "", status: int = 200) -> HTTPResponse:
    return render(request, "portal/login.html", email=email, error=error, status=status)


def _field(request: Request, name: str, max_chars: int) -> str:
    return str(request.form.get(name) or "")[:max_chars] if request.form else ""
