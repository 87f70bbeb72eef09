"""The signed-in person: what they set for their screens, and what calls them."""

from dataclasses import asdict

from sanic import HTTPResponse, Request
from sanic.response import json

from desk.conversations.notices import notices_after
from desk.team.preferences import Preferences, Theme, change_preferences, preferences_of
from desk.team.tables import User
from handoff.api.answers import Notices
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body, read_number
from handoff.security import api_user, current_user
from handoff.services import services_of


class PreferenceChanges(Shape):
    """Those to change; the others stay."""

    theme: Theme | None = None
    shortcuts: bool | None = None
    sounds: bool | None = None
    desktop: bool | None = None
    notify_queue: bool | None = None
    notify_message: bool | None = None
    notify_mention: bool | None = None
    notify_assigned: bool | None = None
    notify_text: bool | None = None


@api_user()
async def show_my_preferences(request: Request) -> HTTPResponse:
    """One's own preferences."""
    return json(preferences_of(current_user(request)).model_dump())


@api_user()
async def change_my_preferences(request: Request) -> HTTPResponse:
    """Changes some of one's own preferences."""
    changes = read_body(request, PreferenceChanges).model_dump(exclude_none=True)
    async with services_of(request).database.transaction() as session:
        user = await session.get_one(User, current_user(request).id)
        preferences = change_preferences(user, changes)
    return json(preferences.model_dump())


@api_user("agent", "supervisor", "admin")
async def show_my_notices(request: Request) -> HTTPResponse:
    """What called one since an event number."""
    after = read_number(request, "after", 0) if "after" in request.args else None
    async with services_of(request).database.reading() as session:
        seq, notices = await notices_after(session, current_user(request), after)
    return json({"seq": seq, "notices": [asdict(notice) for notice in notices]})


ENDPOINTS = [
    Endpoint(
        "GET",
        "/me/preferences",
        show_my_preferences,
        "Preferences of one's own screens.",
        returns=Preferences,
    ),
    Endpoint(
        "PATCH",
        "/me/preferences",
        change_my_preferences,
        "Change preferences of one's own screens.",
        body=PreferenceChanges,
        returns=Preferences,
    ),
    Endpoint(
        "GET",
        "/me/notices",
        show_my_notices,
        "What called the signed-in person: arrivals, answers, mentions, assignments.",
        query={
            "after": "The number reached by the last call; without it only that number is told."
        },
        returns=Notices,
    ),
]
