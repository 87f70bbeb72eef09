"""What a person chooses for their own screen from any page: the theme and the language."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.team.tables import User
from handoff.i18n import LOCALES, _
from handoff.pages import THEME_COOKIE
from handoff.preferences import Theme, change_preferences
from handoff.problems import Problem
from handoff.security import current_user, signed_in
from handoff.services import services_of

_THEME_KEPT_SECONDS = 365 * 86400

blueprint = Blueprint("console_screen")


class ScreenForm(BaseModel):
    """The form of the user menu; only what was pressed is sent."""

    theme: Theme | Literal[""] = ""
    locale: str = ""


@blueprint.post("/screen")
@signed_in()
async def change_screen(request: Request) -> HTTPResponse:
    """Keeps the choice and leads back to where it was made."""
    form = _form_of(request)
    async with services_of(request).database.transaction() as session:
        user = await session.get_one(User, current_user(request).id)
        if form.theme:
            change_preferences(user, theme=form.theme)
        if form.locale:
            user.locale = form.locale
    response = redirect(_where_from(request), status=303)
    if form.theme:
        keep_theme(response, form.theme)
    return response


def keep_theme(response: HTTPResponse, theme: str) -> None:
    """The sign-in page, which knows nobody, looks as this browser's last reader liked it."""
    response.add_cookie(
        THEME_COOKIE,
        theme,
        path="/",
        secure=False,
        httponly=True,
        samesite="Lax",
        max_age=_THEME_KEPT_SECONDS,
    )


def _form_of(request: Request) -> ScreenForm:
    fields = {name: str(values[0]) for name, values in (request.form or {}).items()}
    try:
        form = ScreenForm.model_validate(fields)
    except ValidationError as error:
        raise Problem(422, _("Este tema não existe.")) from error
    if form.locale and form.locale not in LOCALES:
        raise Problem(422, _("Este idioma não existe."))
    return form


def _where_from(request: Request) -> str:
    """The page on which the form stood, if it is ours."""
    parts = urlsplit(request.headers.get("referer", ""))
    if parts.netloc != request.host or not parts.path.startswith("/console"):
        return "/console"
    return parts.path + (f"?{parts.query}" if parts.query else "")
