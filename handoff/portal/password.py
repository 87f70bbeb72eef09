"""A signed-in contact sets its own password; who came with a provisional one must."""

from sanic import Blueprint, HTTPResponse, Request

from desk.contacts.portal_password import MIN_PASSWORD_CHARS, change_password, check_new_password
from desk.contacts.tables import PortalAccount
from desk.errors import Invalid
from desk.passwords import hash_password, verify_password
from handoff.pages import render
from handoff.portal.access import sign_in_browser, signed_in_provisionally, who
from handoff.portal.fields import read_secret
from handoff.problems import TooMany
from handoff.security import LOGIN_LIMIT, limit
from handoff.services import services_of

blueprint = Blueprint("portal_password")


@blueprint.get("/password")
@signed_in_provisionally
async def show_change(request: Request) -> HTTPResponse:
    """The form."""
    return _form(request)


@blueprint.post("/password")
@signed_in_provisionally
async def change(request: Request) -> HTTPResponse:
    """Sets the password; every other login of the account ends, this one goes on."""
    account = who(request).account
    try:
        limit(request, LOGIN_LIMIT, "portal-password", str(account.id))
        new = await _checked_password(request, account)
    except TooMany:
        return _form(request, "current", "Muitas tentativas. Aguarde alguns minutos.", 429)
    except Invalid as wrong:
        return _form(request, wrong.field, wrong.message, 400)
    password_hash = await hash_password(new)
    async with services_of(request).database.transaction() as session:
        await change_password(session, account.id, password_hash)
    return await sign_in_browser(request, account.id, "/portal?ok=senha")


async def _checked_password(request: Request, account: PortalAccount) -> str:
    """The new password, when the current one was told (the provisional one just was, at login)."""
    new, again = read_secret(request, "password"), read_secret(request, "again")
    if not account.must_change:
        current = read_secret(request, "current")
        if not await verify_password(account.password_hash, current):
            raise Invalid("current", "A senha atual não confere. Tente de novo.")
    check_new_password(new, again, account.username)
    if await verify_password(account.password_hash, new):
        raise Invalid("password", "Esta é a senha que você já tem. Escolha outra.")
    return new


def _form(request: Request, field: str = "", error: str = "", status: int = 200) -> HTTPResponse:
    person = who(request)
    return render(
        request,
        "portal/password.html",
        must_change=person.account.must_change,
        username=person.account.username,
        min_chars=MIN_PASSWORD_CHARS,
        errors={field: error} if field else {},
        status=status,
    )
