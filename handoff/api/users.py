"""Users: the people of the team."""

from typing import Any

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.conversations.staff import change_team_member, deactivate_user
from desk.events.log import by_agent
from desk.passwords import draw_password, hash_password
from desk.team.tables import Role, User
from desk.team.user_settings import (
    UserValues,
    add_user,
    list_everybody,
    queue_slugs_by_user,
    reset_password,
    switch_user_on,
    user_by_id,
    user_values,
)
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of


class UserJson(Shape):
    """A person as programs read it."""

    id: int
    email: str
    name: str
    role: Role
    active: bool
    capacity: int
    queues: list[str]
    must_change_password: bool


class UserList(Shape):
    """People, the active first."""

    users: list[UserJson]


class NewUser(UserJson):
    """With the provisional password, told this once."""

    password: str


class Password(Shape):
    """A provisional password, told this once."""

    password: str


class Returned(Shape):
    """How many conversations returned to their queues."""

    returned: int = Field(ge=0)


def user_json(user: User, queues: list[str]) -> dict[str, Any]:
    """A person as programs read it."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "active": user.active,
        "capacity": user.capacity,
        "queues": queues,
        "must_change_password": user.must_change_password,
    }


@api_user("supervisor", "admin")
async def show_users(request: Request) -> HTTPResponse:
    """Everybody, the active first."""
    async with services_of(request).database.reading() as session:
        users, queues = await list_everybody(session), await queue_slugs_by_user(session)
    return json({"users": [user_json(each, queues.get(each.id, [])) for each in users]})


@api_user("admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a person; the answer tells the provisional password, once."""
    values, actor = read_body(request, UserValues), by_agent(current_user(request).id)
    password = draw_password()
    password_hash = await hash_password(password)
    async with services_of(request).database.transaction() as session:
        user = await add_user(session, values, password_hash, actor)
    return json(user_json(user, list(values.queues)) | {"password": password}, status=201)


@api_user("admin")
async def change_one(request: Request, user_id: int) -> HTTPResponse:
    """Changes a person."""
    async with services_of(request).database.transaction() as session:
        user = await user_by_id(session, user_id)
        values = read_changes(request, UserValues, await user_values(session, user))
        await change_team_member(session, user, values, by_agent(current_user(request).id))
    services_of(request).pulse.beat("events")
    return json(user_json(user, list(values.queues)))


@api_user("admin")
async def give_password(request: Request, user_id: int) -> HTTPResponse:
    """A new provisional password; the person's logins end."""
    password = draw_password()
    password_hash = await hash_password(password)
    async with services_of(request).database.transaction() as session:
        user = await user_by_id(session, user_id)
        await reset_password(session, user, password_hash, by_agent(current_user(request).id))
    return json({"password": password})


@api_user("admin")
async def deactivate_one(request: Request, user_id: int) -> HTTPResponse:
    """Ends a person's access; their conversations return to their queues."""
    async with services_of(request).database.transaction() as session:
        user = await user_by_id(session, user_id)
        returned = await deactivate_user(session, user, by_agent(current_user(request).id))
    services_of(request).pulse.beat()
    return json({"returned": returned})


@api_user("admin")
async def reactivate_one(request: Request, user_id: int) -> HTTPResponse:
    """A person may sign in again."""
    async with services_of(request).database.transaction() as session:
        user = await user_by_id(session, user_id)
        await switch_user_on(session, user, by_agent(current_user(request).id))
        queues = (await user_values(session, user)).queues
    return json(user_json(user, queues))


_ONE = "/users/<user_id:int>"

ENDPOINTS = [
    Endpoint("GET", "/users", show_users, "Users.", returns=UserList),
    Endpoint(
        "POST",
        "/users",
        add_one,
        "Add a person.",
        UserValues,
        answers={201: "Added."},
        returns=NewUser,
    ),
    Endpoint(
        "PATCH", _ONE, change_one, "Change a person.", changes_of(UserValues), returns=UserJson
    ),
    Endpoint(
        "POST", _ONE + "/password", give_password, "A new provisional password.", returns=Password
    ),
    Endpoint(
        "POST",
        _ONE + "/deactivate",
        deactivate_one,
        "End a person's access.",
        answers={200: "Ended.", 409: "Nobody ends their own access."},
        returns=Returned,
    ),
    Endpoint("POST", _ONE + "/reactivate", reactivate_one, "Give access again.", returns=UserJson),
]
