"""Where the documentation comes from: folders and sites."""

from typing import Any, Literal

from sanic import HTTPResponse, Request
from sanic.response import empty, json

from desk.events.log import by_agent
from desk.knowledge.sources import (
    SiteValues,
    SourceCounts,
    add_site,
    count_sources,
    list_errors,
    list_sources,
    read_again,
    remove_source,
    source_by_id,
)
from desk.knowledge.tables import KnowledgeSource
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body, read_number
from handoff.security import api_user, current_user
from handoff.services import services_of

_MOST_ERRORS = 100


class SourceJson(Shape):
    """A source as programs read it.

    ``reading``: it is being read, or waits for it; ``visited`` of ``known`` addresses so far.
    ``outcome`` and ``problem`` are of the last reading that ended.
    """

    id: int
    kind: Literal["site", "folder"]
    address: str
    pages: int
    passages: int
    visited: int
    known: int
    errors: int
    reading: bool
    outcome: Literal["", "complete", "partial", "failed"]
    problem: str
    finished_at: str | None


class SourceList(Shape):
    """Sources, oldest first."""

    sources: list[SourceJson]


class AddressErrorJson(Shape):
    """An address that could not be read. ``status``: of its answer, when there was one."""

    id: int
    url: str
    outcome: str
    status: int | None


class ErrorList(Shape):
    """At most a hundred; ``after`` the last ``id`` come the next."""

    errors: list[AddressErrorJson]


def source_json(source: KnowledgeSource, counts: SourceCounts) -> dict[str, Any]:
    """A source as programs read it."""
    finished = source.finished_at
    return {
        "id": source.id,
        "kind": source.kind,
        "address": source.address,
        "pages": counts.pages,
        "passages": counts.passages,
        "visited": counts.visited,
        "known": counts.known,
        "errors": counts.errors,
        "reading": source.due_at is not None,
        "outcome": source.outcome,
        "problem": source.problem,
        "finished_at": finished.isoformat() if finished else None,
    }


@api_user("admin")
async def show_sources(request: Request) -> HTTPResponse:
    """All sources with what is indexed of them."""
    async with services_of(request).database.reading(may_be_slow=True) as session:
        sources = await list_sources(session)
        counts = await count_sources(session, sources)
    return json({"sources": [source_json(each, counts[each.id]) for each in sources]})


@api_user("admin")
async def show_errors(request: Request, source_id: int) -> HTTPResponse:
    """What could not be read of a source."""
    after = read_number(request, "after", 0)
    async with services_of(request).database.reading() as session:
        source = await source_by_id(session, source_id)
        errors = await list_errors(session, source, after, _MOST_ERRORS)
    return json({"errors": [vars(each) for each in errors]})


@api_user("admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a site; it is read in the background."""
    values, actor = read_body(request, SiteValues), by_agent(current_user(request).id)
    services = services_of(request)
    async with services.database.transaction() as session:
        source = await add_site(session, values, actor)
    services.pulse.beat("events")
    return json(source_json(source, SourceCounts()), status=201)


@api_user("admin")
async def read_one(request: Request, source_id: int) -> HTTPResponse:
    """Asks for a source to be read again."""
    services = services_of(request)
    async with services.database.transaction() as session:
        source = await source_by_id(session, source_id)
        await read_again(session, source, by_agent(current_user(request).id))
        counts = await count_sources(session, [source])
    services.pulse.beat("events")
    return json(source_json(source, counts[source.id]), status=202)


@api_user("admin")
async def delete_one(request: Request, source_id: int) -> HTTPResponse:
    """Removes a source with its pages."""
    async with services_of(request).database.transaction() as session:
        source = await source_by_id(session, source_id)
        await remove_source(session, source, by_agent(current_user(request).id))
    return empty()


_ALL, _ONE = "/knowledge/sources", "/knowledge/sources/<source_id:int>"

ENDPOINTS = [
    Endpoint("GET", _ALL, show_sources, "Sources of the documentation.", returns=SourceList),
    Endpoint(
        "POST",
        _ALL,
        add_one,
        "Add a site; it is read in the background.",
        SiteValues,
        answers={201: "Added.", 409: "There are too many."},
        returns=SourceJson,
    ),
    Endpoint(
        "GET",
        f"{_ONE}/errors",
        show_errors,
        "What could not be read of a source.",
        query={"after": "The last error's id of the page before."},
        returns=ErrorList,
    ),
    Endpoint(
        "POST",
        f"{_ONE}/read",
        read_one,
        "Read a source again.",
        answers={202: "It will be read in the background."},
        returns=SourceJson,
    ),
    Endpoint(
        "DELETE",
        _ONE,
        delete_one,
        "Remove a source with its pages.",
        answers={204: "Removed.", 409: "The shipped documentation stays."},
    ),
]
