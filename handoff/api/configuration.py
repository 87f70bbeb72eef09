"""What is set in the console: brand, automatic behaviour, the portal's note."""

from typing import TypeVar

from sanic import HTTPResponse, Request
from sanic.response import json

from desk.configuration.brand import check_brand
from desk.configuration.groups import Automation, Brand, DirectSupport, Group, PortalNote
from desk.configuration.portal_note import check_portal_note
from desk.configuration.values import read_configuration, save_configuration
from desk.events.log import by_agent
from handoff.api.endpoints import Endpoint
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of

G = TypeVar("G", bound=Group)


@api_user("supervisor", "admin")
async def show_brand(request: Request) -> HTTPResponse:
    """How customers know the company."""
    return await _show(request, Brand)


@api_user("admin")
async def change_brand(request: Request) -> HTTPResponse:
    """Sets the whole group."""
    async with services_of(request).database.reading() as session:
        await check_brand(session, read_body(request, Brand))
    return await _save(request, Brand)


@api_user("supervisor", "admin")
async def show_automation(request: Request) -> HTTPResponse:
    """What happens by itself."""
    return await _show(request, Automation)


@api_user("admin")
async def change_automation(request: Request) -> HTTPResponse:
    """Sets the whole group."""
    return await _save(request, Automation)


@api_user("agent", "supervisor", "admin")
async def show_portal_note(request: Request) -> HTTPResponse:
    """Word on the state of the portal."""
    return await _show(request, PortalNote)


@api_user("supervisor", "admin")
async def change_portal_note(request: Request) -> HTTPResponse:
    """Sets the whole group."""
    check_portal_note(read_body(request, PortalNote))
    return await _save(request, PortalNote)


@api_user("supervisor", "admin")
async def show_direct_support(request: Request) -> HTTPResponse:
    """Where customers show their screen to a person."""
    return await _show(request, DirectSupport)


@api_user("admin")
async def change_direct_support(request: Request) -> HTTPResponse:
    """Sets the whole group."""
    return await _save(request, DirectSupport)


async def _show(request: Request, group: type[Group]) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        value = await read_configuration(session, group)
    return json(value.model_dump(mode="json"))


async def _save(request: Request, group: type[G]) -> HTTPResponse:
    value: G = read_body(request, group)
    services = services_of(request)
    async with services.database.transaction() as session:
        await save_configuration(session, value, by_agent(current_user(request).id))
    services.pulse.beat("events")
    return json(value.model_dump(mode="json"))


_AT = "/configuration/"

ENDPOINTS = [
    Endpoint("GET", _AT + "brand", show_brand, "Name, colour and logo.", returns=Brand),
    Endpoint(
        "PUT", _AT + "brand", change_brand, "Set name, colour and logo.", Brand, returns=Brand
    ),
    Endpoint(
        "GET", _AT + "automation", show_automation, "Automatic behaviour.", returns=Automation
    ),
    Endpoint(
        "PUT",
        _AT + "automation",
        change_automation,
        "Set the automatic behaviour.",
        Automation,
        returns=Automation,
    ),
    Endpoint(
        "GET",
        _AT + "portal-note",
        show_portal_note,
        "Word on the portal's state.",
        returns=PortalNote,
    ),
    Endpoint(
        "PUT",
        _AT + "portal-note",
        change_portal_note,
        "Set the word on the portal.",
        PortalNote,
        returns=PortalNote,
    ),
    Endpoint(
        "GET",
        _AT + "direct-support",
        show_direct_support,
        "Where customers show their screen.",
        returns=DirectSupport,
    ),
    Endpoint(
        "PUT",
        _AT + "direct-support",
        change_direct_support,
        "Set where customers show their screen.",
        DirectSupport,
        returns=DirectSupport,
    ),
]
