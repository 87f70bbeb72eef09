"""Who of the team is there, and saying so."""

from datetime import UTC, datetime

from pydantic import BaseModel
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.events.log import by_agent
from desk.team.presence import set_presence, standing_of
from desk.team.tables import Presence, User
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of


class PresenceChange(Shape):
    """What somebody says of themselves."""

    presence: Presence


class PresenceShown(BaseModel):
    """``presence`` is what was said; ``standing`` what others see: offline without a console."""

    presence: str
    standing: str
    last_seen_at: str | None


@api_user()
async def show_mine(request: Request) -> HTTPResponse:
    """One's own presence."""
    return json(_shown(current_user(request)))


@api_user("agent", "supervisor", "admin")
async def change_mine(request: Request) -> HTTPResponse:
    """Available or away."""
    return await _change(request, current_user(request).id)


@api_user("supervisor", "admin")
async def change_anothers(request: Request, user_id: int) -> HTTPResponse:
    """A supervisor says it for somebody."""
    return await _change(request, user_id)


async def _change(request: Request, user_id: int) -> HTTPResponse:
    services = services_of(request)
    presence = read_body(request, PresenceChange).presence
    actor = by_agent(current_user(request).id)
    async with services.database.transaction() as session:
        user = await set_presence(session, user_id, presence, actor)
    services.pulse.beat()
    return json(_shown(user))


def _shown(user: User) -> dict[str, str | None]:
    seen = user.last_seen_at.isoformat() if user.last_seen_at else None
    standing = standing_of(user, datetime.now(UTC)).value
    shown = PresenceShown(presence=user.presence.value, standing=standing, last_seen_at=seen)
    return shown.model_dump()


ENDPOINTS = [
    Endpoint("GET", "/me/presence", show_mine, "One's presence.", returns=PresenceShown),
    Endpoint(
        "PUT",
        "/me/presence",
        change_mine,
        "Be there or away.",
        PresenceChange,
        returns=PresenceShown,
    ),
    Endpoint(
        "PUT",
        "/users/<user_id:int>/presence",
        change_anothers,
        "Say it for somebody.",
        PresenceChange,
        returns=PresenceShown,
    ),
]
