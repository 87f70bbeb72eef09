"""Everybody's own page: name, language, password. A provisional one must be changed."""

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Invalid
from desk.passwords import hash_password, verify_password
from desk.team.profile import ProfileValues, change_profile, check_new_password, set_own_password
from desk.team.user_settings import queue_names_by_user
from desk.team.users import MIN_PASSWORD_LENGTH
from handoff.console.nav import ROLE_LABELS
from handoff.console.settings.forms import NOTICES, Form, field_of, save
from handoff.i18n import LOCALES, _
from handoff.pages import render
from handoff.problems import TooMany, in_words
from handoff.security import (
    CONSOLE_COOKIE,
    LOGIN_LIMIT,
    current_user,
    limit,
    read_cookie,
    signed_in,
)
from handoff.services import services_of

PAGE = "/console/profile"
MAX_SECRET_CHARS = 1024

blueprint = Blueprint("console_profile", url_prefix="/profile")


@blueprint.get("/")
@signed_in()
async def show_profile(request: Request) -> HTTPResponse:
    """One's own page."""
    user = current_user(request)
    return await _page(request, Form({"name": user.name, "locale": user.locale}), Form())


@blueprint.post("/")
@signed_in()
async def change(request: Request) -> HTTPResponse:
    """Name and language."""

    async def work(session: AsyncSession, values: ProfileValues) -> None:
        await change_profile(session, current_user(request).id, values)

    return await save(
        request,
        ProfileValues,
        work,
        done=f"{PAGE}?ok=saved",
        again=lambda form: _page(request, form, Form()),
    )


@blueprint.get("/password")
@signed_in()
async def show_password(request: Request) -> HTTPResponse:
    """The password alone: the first page after a provisional one."""
    return _password_page(request, Form())


@blueprint.post("/password")
@signed_in()
async def change_password(request: Request) -> HTTPResponse:
    """Sets the own password; the person's other logins end."""
    user = current_user(request)
    new = field_of(request, "password", MAX_SECRET_CHARS + 1)
    try:
        limit(request, LOGIN_LIMIT, "console-password", str(user.id))
        if not user.must_change_password:
            current = field_of(request, "current", MAX_SECRET_CHARS)
            if not await verify_password(user.password_hash, current):
                raise Invalid("current", "A senha atual não confere.")
        check_new_password(new, field_of(request, "again", MAX_SECRET_CHARS + 1), user.email)
        if await verify_password(user.password_hash, new):
            raise Invalid("password", "Esta é a senha que você já tem. Escolha outra.")
    except Invalid as refusal:
        return _password_page(request, Form({}, {refusal.field: in_words(refusal)}))
    except TooMany:
        words = _("Muitas tentativas. Aguarde alguns minutos.")
        return _password_page(request, Form({}, {"form": words}))
    password_hash = await hash_password(new)
    token = read_cookie(request, CONSOLE_COOKIE) or ""
    async with services_of(request).database.transaction() as session:
        await set_own_password(session, user.id, password_hash, token)
    first = user.must_change_password
    return redirect("/console" if first else f"{PAGE}?ok=saved", status=303)


async def _page(request: Request, form: Form, password_form: Form) -> HTTPResponse:
    user = current_user(request)
    async with services_of(request).database.reading() as session:
        queues = (await queue_names_by_user(session)).get(user.id, [])
    notice = NOTICES.get(request.args.get("ok", ""), "") if not form.errors else ""
    return render(
        request,
        "console/profile.html",
        status=form.status,
        form=form,
        password_form=password_form,
        role=_(ROLE_LABELS[user.role]),
        queues=queues,
        locales=list(LOCALES.items()),
        notice=_(notice) if notice else "",
        min_chars=MIN_PASSWORD_LENGTH,
    )


def _password_page(request: Request, form: Form) -> HTTPResponse:
    return render(
        request,
        "console/password.html",
        status=form.status,
        form=form,
        email=current_user(request).email,
        must_change=current_user(request).must_change_password,
        min_chars=MIN_PASSWORD_LENGTH,
    )
