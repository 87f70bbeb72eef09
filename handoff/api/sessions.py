"""Logins for software."""

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import empty, json

from desk.passwords import verify_password
from desk.team.users import UNKNOWN_USER_HASH, close_login, find_user, open_login
from handoff.api.answers import Token
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import Problem, read_body
from handoff.security import LOGIN_LIMIT, api_user, limit, take_token
from handoff.services import services_of


class Login(Shape):
    """Body of POST session."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1024)


async def open_session(request: Request) -> HTTPResponse:
    """Signs a program in."""
    body = read_body(request, Login)
    attempts = ("login", request.ip, body.email.strip().lower())
    limit(request, LOGIN_LIMIT, *attempts)
    services = services_of(request)
    async with services.database.reading() as session:
        user = await find_user(session, body.email)
    right = await verify_password(user.password_hash if user else UNKNOWN_USER_HASH, body.password)
    if user is None or not right:
        raise Problem(401, "E-mail ou senha incorretos.", code="wrong_login")
    request.app.ctx.limiter.clear(LOGIN_LIMIT, *attempts)
    async with services.database.transaction() as session:
        token = await open_login(session, user.id, services.settings.session_days)
    return json({"token": token}, status=201)


@api_user()
async def close_session(request: Request) -> HTTPResponse:
    """Signs a program out."""
    async with services_of(request).database.transaction() as session:
        await close_login(session, take_token(request) or "")
    return empty()


ENDPOINTS = [
    Endpoint(
        "POST",
        "/session",
        open_session,
        "Sign in with e-mail and password.",
        body=Login,
        answers={201: "A bearer token.", 401: "Wrong e-mail or password.", 429: "Too many tries."},
        is_public=True,
        returns=Token,
    ),
    Endpoint("DELETE", "/session", close_session, "Sign out.", answers={204: "Signed out."}),
]
