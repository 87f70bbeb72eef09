"""Tags: which there are."""

from typing import Any

from sanic import HTTPResponse, Request
from sanic.response import empty, json

from desk.events.log import by_agent
from desk.tags.settings import (
    TagValues,
    change_tag,
    create_tag,
    delete_tag,
    list_tags,
    tag_by_id,
    tag_values,
)
from desk.tags.tables import Tag
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of


class TagJson(Shape):
    """A tag as programs read it."""

    id: int
    name: str
    color: str


class TagList(Shape):
    """Tags by name."""

    tags: list[TagJson]


def tag_json(tag: Tag) -> dict[str, Any]:
    """A tag as programs read it."""
    return {"id": tag.id, "name": tag.name, "color": tag.color}


@api_user("agent", "supervisor", "admin")
async def show_tags(request: Request) -> HTTPResponse:
    """All tags by name."""
    async with services_of(request).database.reading() as session:
        tags = await list_tags(session)
    return json({"tags": [tag_json(each) for each in tags]})


@api_user("supervisor", "admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a tag."""
    values, actor = read_body(request, TagValues), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        tag = await create_tag(session, values, actor)
    return json(tag_json(tag), status=201)


@api_user("supervisor", "admin")
async def change_one(request: Request, tag_id: int) -> HTTPResponse:
    """Renames or recolours a tag."""
    async with services_of(request).database.transaction() as session:
        tag = await tag_by_id(session, tag_id)
        values = read_changes(request, TagValues, tag_values(tag))
        await change_tag(session, tag, values, by_agent(current_user(request).id))
    return json(tag_json(tag))


@api_user("supervisor", "admin")
async def delete_one(request: Request, tag_id: int) -> HTTPResponse:
    """Deletes a tag; conversations lose it."""
    async with services_of(request).database.transaction() as session:
        tag = await tag_by_id(session, tag_id)
        await delete_tag(session, tag, by_agent(current_user(request).id))
    return empty()


_ONE = "/tags/<tag_id:int>"

ENDPOINTS = [
    Endpoint("GET", "/tags", show_tags, "Tags.", returns=TagList),
    Endpoint(
        "POST", "/tags", add_one, "Add a tag.", TagValues, answers={201: "Added."}, returns=TagJson
    ),
    Endpoint("PATCH", _ONE, change_one, "Change a tag.", changes_of(TagValues), returns=TagJson),
    Endpoint("DELETE", _ONE, delete_one, "Delete a tag.", answers={204: "Deleted."}),
]
