"""Signing in to the portal and out of it."""

from datetime import UTC, datetime

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.contacts.account_state import may_be_locked, note_locked, note_unlocked
from desk.contacts.portal_access import close_portal_login, find_account
from desk.contacts.tables import PortalAccount
from desk.passwords import verify_password
from desk.team.users import UNKNOWN_USER_HASH
from handoff.pages import render
from handoff.portal.access import CHANGE_PASSWORD, LOGIN, sign_in_browser
from handoff.portal.fields import read_address, read_secret
from handoff.problems import TooMany
from handoff.security import (
    LOGIN_LIMIT,
    PORTAL_COOKIE,
    clear_session_cookie,
    limit,
    read_cookie,
)
from handoff.services import services_of

_WRONG = (
    "E-mail ou senha não conferem, ou a senha provisória venceu. "
    "Confira e tente de novo, ou peça uma nova senha."
)
_TOO_MANY = "Muitas tentativas. Aguarde alguns minutos e tente de novo."
_DONE = {
    "senha": "Senha alterada. Entre com a nova senha.",
    "saiu": "Você saiu do portal. Até a próxima!",
}

blueprint = Blueprint("portal_login")


@blueprint.get("/login")
async def show_login(request: Request) -> HTTPResponse:
    """The form."""
    return _form(request, done=_DONE.get(request.args.get("ok", ""), ""))


@blueprint.post("/login")
async def sign_in(request: Request) -> HTTPResponse:
    """Opens a session with the password that the chat showed, or with the own one."""
    email = read_address(request)
    attempts = ("portal", request.client_ip, email.lower())
    try:
        limit(request, LOGIN_LIMIT, *attempts)
    except TooMany:
        await _note_locked(request, email)
        return _form(request, email, _TOO_MANY, status=429)
    account = await _proven_account(request, email, read_secret(request, "password"))
    if account is None:
        return _form(request, email, _WRONG, status=401)
    request.app.ctx.limiter.clear(LOGIN_LIMIT, *attempts)
    if account.locked_until is not None:
        async with services_of(request).database.transaction() as session:
            await note_unlocked(session, account.id)
    leads_to = CHANGE_PASSWORD if account.must_change else "/portal"
    return await sign_in_browser(request, account.id, leads_to)


@blueprint.post("/logout")
async def sign_out(request: Request) -> HTTPResponse:
    """Ends the session, here and in the database."""
    token = read_cookie(request, PORTAL_COOKIE)
    if token:
        async with services_of(request).database.transaction() as session:
            await close_portal_login(session, token)
    response = redirect(f"{LOGIN}?ok=saiu", status=303)
    clear_session_cookie(request, response, PORTAL_COOKIE)
    return response


async def _proven_account(request: Request, email: str, password: str) -> PortalAccount | None:
    async with services_of(request).database.reading() as session:
        account = await find_account(session, email)
    known = await verify_password(account.password_hash if account else UNKNOWN_USER_HASH, password)
    return account if known else None


async def _note_locked(request: Request, email: str) -> None:
    """Once for a lock, so that whoever goes on trying makes no writer wait."""
    database = services_of(request).database
    async with database.reading() as session:
        known = await may_be_locked(session, email, datetime.now(UTC))
    if known:
        async with database.transaction() as session:
            await note_locked(session, email, LOGIN_LIMIT.get_expiry())


def _form(
    request: Request, email: str = "", error: str = "", done: str = "", status: int = 200
) -> HTTPResponse:
    return render(request, "portal/login.html", email=email, error=error, done=done, status=status)
