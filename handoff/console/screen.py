"""What a person chooses for their own screens: theme, language, shortcuts, sounds, notices."""

from typing import Any, get_args
from urllib.parse import urlsplit

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.team.preferences import Theme, change_preferences, preferences_of
from desk.team.tables import User
from handoff.i18n import LOCALES, N_, _
from handoff.pages import THEME_COOKIE, render
from handoff.problems import Problem
from handoff.security import current_user, signed_in
from handoff.services import services_of

_THEME_KEPT_SECONDS = 365 * 86400
NOTICES = {
    "notify_queue": N_("Alguém entrou numa fila que eu atendo"),
    "notify_message": N_("O cliente escreveu numa conversa minha"),
    "notify_assigned": N_("Uma conversa foi passada para mim"),
    "notify_mention": N_("Um colega me mencionou numa nota"),
}
SWITCHES = ("shortcuts", "sounds", "desktop", "notify_text", *NOTICES)

blueprint = Blueprint("console_screen")


@blueprint.post("/screen")
@signed_in()
async def change_screen(request: Request) -> HTTPResponse:
    """Keeps the theme or language pressed in the user menu, and leads back to the page."""
    theme, locale = _choice(request, "theme"), _choice(request, "locale")
    if theme and theme not in get_args(Theme):
        raise Problem(400, _("Este tema não existe."), field="theme")
    if locale and locale not in LOCALES:
        raise Problem(400, _("Este idioma não existe."), field="locale")
    async with services_of(request).database.transaction() as session:
        user = await session.get_one(User, current_user(request).id)
        if theme:
            change_preferences(user, {"theme": theme})
        user.locale = locale or user.locale
    response = redirect(_where_from(request), status=303)
    if theme:
        _keep_theme(response, theme)
    return response


@blueprint.get("/preferences")
@signed_in()
async def show_preferences(request: Request) -> HTTPResponse:
    """Sounds, notices and shortcuts."""
    return render(
        request,
        "console/preferences.html",
        preferences=preferences_of(current_user(request)),
        notices={name: _(label) for name, label in NOTICES.items()},
        saved="saved" in request.args,
    )


@blueprint.post("/preferences")
@signed_in()
async def save_preferences(request: Request) -> HTTPResponse:
    """Keeps every switch of the form: one that is off is not sent."""
    switched: dict[str, Any] = {name: bool(_choice(request, name)) for name in SWITCHES}
    async with services_of(request).database.transaction() as session:
        change_preferences(await session.get_one(User, current_user(request).id), switched)
    return redirect("/console/preferences?saved=1", status=303)


def _keep_theme(response: HTTPResponse, theme: str) -> None:
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


def _choice(request: Request, name: str) -> str:
    return str(request.form.get(name) or "") if request.form else ""


def _where_from(request: Request) -> str:
    """The page on which the form stood, if it is ours."""
    parts = urlsplit(request.headers.get("referer", ""))
    if parts.netloc != request.host or not parts.path.startswith("/console"):
        return "/console"
    return parts.path + (f"?{parts.query}" if parts.query else "")
