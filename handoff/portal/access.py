"""Who is at the portal. With a provisional password nothing but its change is reachable."""

import functools
from dataclasses import dataclass

from sanic import HTTPResponse, Request
from sanic.response import redirect

from desk.contacts.portal_access import account_of_portal_login, open_portal_login
from desk.contacts.tables import Contact, PortalAccount
from handoff.security import (
    PORTAL_COOKIE,
    Handler,
    read_cookie,
    set_session_cookie,
    to_login,
)
from handoff.services import services_of

LOGIN = "/portal/login"
CHANGE_PASSWORD = "/portal/password"  # noqa: S105 - an address


@dataclass(frozen=True)
class SignedIn:
    """The contact and its login."""

    contact: Contact
    account: PortalAccount


def signed_in(handler: Handler) -> Handler:
    """A page for a signed-in contact with a password of its own."""
    return _guard(handler, provisional=False)


def signed_in_provisionally(handler: Handler) -> Handler:
    """A page that is reached with a provisional password too."""
    return _guard(handler, provisional=True)


def who(request: Request) -> SignedIn:
    """The person of a guarded handler."""
    person: SignedIn = request.ctx.signed_in
    return person


async def sign_in_browser(request: Request, account_id: int, leads_to: str) -> HTTPResponse:
    """Opens a login and leads to a page with its cookie."""
    services = services_of(request)
    days = services.settings.session_days
    async with services.database.transaction() as session:
        token = await open_portal_login(session, account_id, days)
    response = redirect(leads_to, status=303)
    set_session_cookie(request, response, PORTAL_COOKIE, token, days)
    return response


def _guard(handler: Handler, *, provisional: bool) -> Handler:
    @functools.wraps(handler)
    async def guarded(request: Request, *args: object, **kwargs: object) -> HTTPResponse:
        person = await _person(request, read_cookie(request, PORTAL_COOKIE))
        if person is None:
            return to_login(request, LOGIN)
        if person.account.must_change and not provisional:
            return redirect(CHANGE_PASSWORD, status=303)
        request.ctx.signed_in = person
        return await handler(request, *args, **kwargs)

    return guarded


async def _person(request: Request, token: str | None) -> SignedIn | None:
    if not token:
        return None
    async with services_of(request).database.reading() as session:
        account = await account_of_portal_login(session, token)
        if account is None:
            return None
        return SignedIn(await session.get_one(Contact, account.contact_id), account)
