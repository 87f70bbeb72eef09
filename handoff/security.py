"""Who is asking: cookies, bearer tokens, cross-site requests, headers, limits.

Cookie sessions are guarded twice against cross-site requests: by ``Sec-Fetch-Site`` and by a
token derived from the session (form field ``csrf`` or header ``X-CSRF-Token``).
"""

import functools
import hashlib
import hmac
from collections.abc import Callable, Coroutine
from typing import Any, cast

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from sanic import HTTPResponse, Request, Sanic
from sanic.response import redirect

from desk.team.tables import User
from desk.team.users import user_of_login
from handoff.i18n import SOURCE_LOCALE, set_locale
from handoff.problems import Problem, TooMany
from handoff.services import services_of

CONSOLE_COOKIE = "ponte_session"
PORTAL_COOKIE = "ponte_portal"
OWN_PASSWORD_PATH = "/console/profile/password"  # noqa: S105 - a page
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CSP = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
LOGIN_LIMIT = RateLimitItemPerMinute(10, 5)
SESSION_LIMIT = RateLimitItemPerMinute(600)
# Of one conversation: far above what hands can write, far below what fills a disk or a queue.
MESSAGE_LIMIT = RateLimitItemPerMinute(1200)
TYPING_LIMIT = RateLimitItemPerMinute(240)

Handler = Callable[..., Coroutine[Any, Any, HTTPResponse]]


def install_security(app: Sanic[Any, Any]) -> None:
    """Headers on every answer, checks on every request that a cookie vouches for."""
    app.ctx.limiter = FixedWindowRateLimiter(MemoryStorage())
    app.register_middleware(_forget_language, "request")
    app.register_middleware(_check_cross_site, "request")
    app.register_middleware(cast(Any, _set_headers), "response")


def take_token(request: Request) -> str | None:
    """The bearer token of a request."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def limit(request: Request, item: RateLimitItem, *keys: str) -> None:
    """Counts a request.

    Raises:
        TooMany: the limit is reached.
    """
    if not request.app.ctx.limiter.hit(item, *keys):
        raise TooMany(int(item.get_expiry()))


def signed_in(*roles: str) -> Callable[[Handler], Handler]:
    """A console page for these roles (any when none is named); others are sent to the login.

    Who still has a provisional password is sent to set an own one, and nowhere else.
    """

    def guard(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: Request, *args: Any, **kwargs: Any) -> HTTPResponse:
            user = await _user_of(request, read_cookie(request, CONSOLE_COOKIE))
            if user is None:
                return to_login(request, "/console/login")
            set_locale(user.locale)
            if user.must_change_password and request.path.rstrip("/") != OWN_PASSWORD_PATH:
                return to_login(request, OWN_PASSWORD_PATH)
            _check_role(user, roles)
            request.ctx.user = user
            return await handler(request, *args, **kwargs)

        return guarded

    return guard


def api_user(*roles: str) -> Callable[[Handler], Handler]:
    """An API call by a signed-in user: bearer token, or the console's cookie with its CSRF token.

    Raises 401 without a valid login and 403 for another role.
    """

    def guard(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: Request, *args: Any, **kwargs: Any) -> HTTPResponse:
            token = take_token(request) or read_cookie(request, CONSOLE_COOKIE)
            user = await _user_of(request, token)
            if user is None:
                raise Problem(401)
            set_locale(user.locale)
            if user.must_change_password:
                words = "Troque a senha provisória no console antes de usar a API."
                raise Problem(403, words, code="must_change_password")
            _check_role(user, roles)
            request.ctx.user = user
            return await handler(request, *args, **kwargs)

        return guarded

    return guard


def current_user(request: Request) -> User:
    """The signed-in user of a guarded handler."""
    user: User = request.ctx.user
    return user


def read_cookie(request: Request, name: str) -> str | None:
    """A session cookie's token."""
    value = request.cookies.get(_cookie_name(request, name))
    return str(value) if value else None


def set_session_cookie(
    request: Request, response: HTTPResponse, name: str, token: str, days: int
) -> None:
    """Signs a browser in; ``__Host-`` and Secure on https."""
    response.add_cookie(
        name,
        token,
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite="Lax",
        max_age=days * 86400,
        host_prefix=_is_https(request),
    )


def clear_session_cookie(request: Request, response: HTTPResponse, name: str) -> None:
    """Signs a browser out."""
    https = _is_https(request)
    response.cookies.delete_cookie(name, path="/", secure=https, host_prefix=https)


def csrf_token(request: Request) -> str:
    """The token that forms and scripts of this session's pages send along."""
    token = read_cookie(request, CONSOLE_COOKIE) or read_cookie(request, PORTAL_COOKIE) or ""
    key = services_of(request).settings.secret_key.get_secret_value().encode()
    return hmac.new(key, b"csrf:" + token.encode(), hashlib.sha256).hexdigest()


async def _forget_language(request: Request) -> None:
    """One connection serves several readers' requests in one task: each begins in pt-BR."""
    set_locale(SOURCE_LOCALE)


async def _check_cross_site(request: Request) -> None:
    if request.method in _SAFE_METHODS or take_token(request):
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Problem(403, "Pedido vindo de outro site.")
    cookies = (read_cookie(request, CONSOLE_COOKIE), read_cookie(request, PORTAL_COOKIE))
    if not any(cookies) or request.path.startswith(("/webchat/", "/channels/")):
        return
    if request.route is not None and getattr(request.route.ctx, "csrf_in_body", False):
        return  # The handler reads the streamed form and calls check_csrf with its field.
    check_csrf(request, request.headers.get("x-csrf-token") or _form_value(request, "csrf"))


def check_csrf(request: Request, sent: str) -> None:
    """Refuses a form that does not come from a page of this session.

    Raises:
        Problem: 403, the token is another.
    """
    if not hmac.compare_digest(sent.encode(), csrf_token(request).encode()):
        raise Problem(403, "A página ficou aberta por muito tempo. Recarregue e tente de novo.")


def _form_value(request: Request, name: str) -> str:
    form = request.form
    return str(form.get(name) or "") if form else ""


async def _set_headers(request: Request, response: HTTPResponse) -> None:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if _is_https(request):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "cache-control" not in headers:
        headers["Cache-Control"] = "no-store"


async def _user_of(request: Request, token: str | None) -> User | None:
    if not token:
        return None
    async with services_of(request).database.reading() as session:
        return await user_of_login(session, token)


def _check_role(user: User, roles: tuple[str, ...]) -> None:
    if roles and user.role.value not in roles:
        raise Problem(403)


def to_login(request: Request, path: str) -> HTTPResponse:
    """Leads a page to its login."""
    if request.headers.get("hx-request"):
        # htmx follows redirects inside the fragment; the whole page must go to the login.
        return HTTPResponse(status=401, headers={"HX-Redirect": path})
    return redirect(path)


def _is_https(request: Request) -> bool:
    return services_of(request).settings.public_url.startswith("https://")


def _cookie_name(request: Request, name: str) -> str:
    return f"__Host-{name}" if _is_https(request) else name
