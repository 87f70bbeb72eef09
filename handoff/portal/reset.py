"""A forgotten password: a link by e-mail that sets a new one, once.

The link's secret is in the query, which no log of ours holds, and its page sends no referrer.
"""

import asyncio
import time
from urllib.parse import quote

from limits import RateLimitItemPerMinute
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.contacts.portal_password import (
    MIN_PASSWORD_CHARS,
    RESET_MINUTES,
    account_of_reset,
    change_password,
    check_new_password,
    draw_reset,
)
from desk.contacts.tables import PortalAccount
from desk.errors import Invalid
from desk.mail.queue import queue_email
from desk.passwords import hash_password
from handoff.pages import render
from handoff.portal.access import LOGIN
from handoff.portal.fields import read_address, read_field, read_secret
from handoff.problems import TooMany
from handoff.security import PORTAL_COOKIE, clear_session_cookie, limit
from handoff.services import services_of

RESET_LIMIT = RateLimitItemPerMinute(5, 15)
_NO_REFERRER = {"Referrer-Policy": "no-referrer"}
_TOKEN_CHARS = 100
# Known or not, nobody learns it from how long the answer takes.
_ANSWER_SECONDS = 0.4

blueprint = Blueprint("portal_reset")


@blueprint.get("/forgot")
async def show_forgot(request: Request) -> HTTPResponse:
    """Asks for the address."""
    return _forgot(request)


@blueprint.post("/forgot")
async def send_link(request: Request) -> HTTPResponse:
    """Sends the link to a known address; says the same for any."""
    email = read_address(request)
    if not email:
        return _forgot(request, error="Escreva o e-mail da sua conta.", status=400)
    try:
        limit(request, RESET_LIMIT, "portal-reset", request.client_ip, email.lower())
    except TooMany:
        words = "Muitos pedidos para este e-mail. Aguarde alguns minutos e tente de novo."
        return _forgot(request, email, words, status=429)
    began = time.monotonic()
    await _queue_link(request, email)
    await asyncio.sleep(max(0.0, _ANSWER_SECONDS - (time.monotonic() - began)))
    return _forgot(request, email, sent=True)


@blueprint.get("/reset")
async def show_reset(request: Request) -> HTTPResponse:
    """The form behind the link; looking at it uses nothing up, mail scanners do."""
    token = str(request.args.get("token", ""))[:_TOKEN_CHARS]
    account = await _account(request, token)
    return _reset(request, account, token)


@blueprint.post("/reset")
async def set_password(request: Request) -> HTTPResponse:
    """Sets the password and ends every login; the link is used up."""
    token = read_field(request, "token", _TOKEN_CHARS)
    new, again = read_secret(request, "password"), read_secret(request, "again")
    account = await _account(request, token)
    if account is None:
        return _reset(request, None, token)
    try:
        check_new_password(new, again, account.username)
    except Invalid as wrong:
        return _reset(request, account, token, {wrong.field: wrong.message})
    password_hash = await hash_password(new)
    async with services_of(request).database.transaction() as session:
        account = await account_of_reset(session, token)
        if account is not None:
            await change_password(session, account.id, password_hash)
    if account is None:  # the same link was used in the meantime
        return _reset(request, None, token)
    response = redirect(f"{LOGIN}?ok=senha", status=303)
    clear_session_cookie(request, response, PORTAL_COOKIE)
    return response


async def _queue_link(request: Request, email: str) -> None:
    services = services_of(request)
    async with services.database.transaction() as session:
        token = await draw_reset(session, email)
        if token is None:
            return
        link = f"{services.settings.public_url}/portal/reset?token={quote(token)}"
        username = email.strip().lower()
        subject = services.words.say("bridge_reset_mail_subject")
        facts = {"username": username, "minutes": RESET_MINUTES, "link": link}
        body = services.words.say("bridge_reset_mail", **facts)
        await queue_email(session, services.vault, username, subject, body)
    services.pulse.beat("mail")


async def _account(request: Request, token: str) -> PortalAccount | None:
    async with services_of(request).database.reading() as session:
        return await account_of_reset(session, token)


def _forgot(
    request: Request, email: str = "", error: str = "", *, sent: bool = False, status: int = 200
) -> HTTPResponse:
    return render(
        request,
        "portal/forgot.html",
        email=email,
        error=error,
        sent=sent,
        minutes=RESET_MINUTES,
        status=status,
    )


def _reset(
    request: Request,
    account: PortalAccount | None,
    token: str,
    errors: dict[str, str] | None = None,
) -> HTTPResponse:
    return render(
        request,
        "portal/reset.html",
        username=account.username if account else "",
        token=token if account else "",
        min_chars=MIN_PASSWORD_CHARS,
        errors=errors or {},
        status=410 if account is None else 400 if errors else 200,
        headers=_NO_REFERRER,
    )
