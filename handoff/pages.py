"""Pages: Jinja templates of each face, and their static files."""

import functools
from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sanic import HTTPResponse, Request, Sanic
from sanic.response import html

from desk.team.preferences import Theme, preferences_of
from handoff.i18n import _, current_locale
from handoff.security import csrf_token
from handoff.services import services_of

THEME_COOKIE = "ponte_theme"
_ROOT = Path(__file__).parent
_FACES = {
    "webchat": _ROOT / "channels" / "webchat",
    "console": _ROOT / "console",
    "portal": _ROOT / "portal",
    "help": _ROOT / "help",
}


@functools.cache
def environment() -> Environment:
    """The templates of all faces; each lies under its face's prefix."""
    folders = [_ROOT / "assets" / "templates", *(face / "templates" for face in _FACES.values())]
    made = Environment(
        loader=FileSystemLoader([folder for folder in folders if folder.is_dir()]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["_"] = _
    return made


def render(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTTPResponse:
    """A page or fragment from a template.

    Every template has ``csrf``, ``settings``, ``path``, ``lang``, ``theme``, ``me`` (the
    signed-in user of a console page) and ``look`` (the brand, on customers' pages); a page's own
    context goes before them.
    """
    shared = {
        "csrf": functools.partial(csrf_token, request),
        "settings": services_of(request).settings,
        "path": request.path,
        "lang": current_locale().replace("_", "-"),
        "me": getattr(request.ctx, "user", None),
        "theme": theme_of(request),
        "look": getattr(request.ctx, "look", None),
    }
    text = environment().get_template(template).render(shared | context)
    return html(text, status=status, headers=dict(headers or {}))


def theme_of(request: Request) -> str:
    """Light, dark or the system's: the reader's own choice, else what this browser last had."""
    user = getattr(request.ctx, "user", None)
    if user is not None:
        return preferences_of(user).theme
    cookie = str(request.cookies.get(THEME_COOKIE) or "")
    return cookie if cookie in get_args(Theme) else "system"


def render_error(request: Request, status: int, message: str) -> HTTPResponse:
    """An error page with the reader's words."""
    title = HTTPStatus(status).value
    return render(request, "error.html", status=status, code=title, message=message)


def install_static(app: Sanic[Any, Any]) -> None:
    """Serves each face's own files, the shared ones, and htmx from its installed package."""
    app.static("/static/assets", _ROOT / "assets", name="static_assets")
    for name, folder in _FACES.items():
        if (folder / "static").is_dir():
            app.static(f"/static/{name}", folder / "static", name=f"static_{name}")
    htmx = files("django_htmx") / "static" / "django_htmx" / "htmx-4.min.js"
    app.static("/static/vendor/htmx.js", Path(str(htmx)), name="static_htmx")
