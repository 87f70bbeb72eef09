"""Webhooks: where other software hears of events, and what was delivered there."""

from datetime import datetime
from typing import Any

from sanic import HTTPResponse, Request
from sanic.response import empty, json

from desk.errors import Invalid
from desk.events.log import by_agent
from desk.webhooks.deliveries import (
    delivery_by_id,
    list_deliveries,
    ping,
)
from desk.webhooks.kinds import EVENT_FACTS
from desk.webhooks.replaying import replay_delivery, replay_period
from desk.webhooks.settings import (
    Reach,
    WebhookValues,
    change_endpoint,
    create_endpoint,
    endpoint_by_id,
    list_endpoints,
    remove_endpoint,
    rotate_secret,
    switch_endpoint,
    webhook_values,
)
from desk.webhooks.tables import WebhookDelivery, WebhookEndpoint
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint
from handoff.api.webhook_shapes import (
    DeliveryPageShown,
    DeliveryShown,
    KindList,
    Period,
    Replayed,
    SecretShown,
    WebhookList,
    WebhookMade,
    WebhookShown,
)
from handoff.problems import read_body, read_number
from handoff.security import api_user, current_user
from handoff.services import services_of

STATES = ("pending", "sent", "failed")


def endpoint_json(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """An endpoint as programs read it."""
    return {
        "id": endpoint.id,
        "active": endpoint.active,
        "paused_at": _iso(endpoint.paused_at),
        "failing_since": _iso(endpoint.failing_since),
        "values": webhook_values(endpoint).model_dump(mode="json"),
    }


def delivery_json(delivery: WebhookDelivery) -> dict[str, Any]:
    """A delivery as programs read it."""
    return {
        "id": delivery.id,
        "message_id": delivery.message_id,
        "kind": delivery.kind,
        "at": delivery.happened_at.isoformat(),
        "state": delivery.state,
        "tries": delivery.tries,
        "due_at": _iso(delivery.due_at),
        "tried_at": _iso(delivery.tried_at),
        "status": delivery.status,
        "duration_ms": delivery.duration_ms,
        "error": delivery.error,
    }


@api_user("admin")
async def show_endpoints(request: Request) -> HTTPResponse:
    """All endpoints by name."""
    async with services_of(request).database.reading() as session:
        endpoints = await list_endpoints(session)
    return json({"webhooks": [endpoint_json(each) for each in endpoints]})


@api_user("admin")
async def show_kinds(request: Request) -> HTTPResponse:
    """What an endpoint may hear of."""
    del request
    kinds = [{"kind": kind, "facts": list(facts)} for kind, facts in EVENT_FACTS.items()]
    return json({"kinds": kinds})


@api_user("admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds an endpoint and tells its secret."""
    values, services = read_body(request, WebhookValues), services_of(request)
    actor, reach = by_agent(current_user(request).id), Reach.of(services.settings)
    async with services.database.transaction() as session:
        endpoint, secret = await create_endpoint(session, services.vault, reach, values, actor)
    return json({**endpoint_json(endpoint), "secret": secret}, status=201)


@api_user("admin")
async def change_one(request: Request, endpoint_id: int) -> HTTPResponse:
    """Changes an endpoint."""
    services = services_of(request)
    actor, reach = by_agent(current_user(request).id), Reach.of(services.settings)
    async with services.database.transaction() as session:
        endpoint = await endpoint_by_id(session, endpoint_id)
        values = read_changes(request, WebhookValues, webhook_values(endpoint))
        await change_endpoint(session, reach, endpoint, values, actor)
    return json(endpoint_json(endpoint))


@api_user("admin")
async def activate_one(request: Request, endpoint_id: int) -> HTTPResponse:
    """Switches an endpoint on; one that was paused goes on with what waits."""
    return await _switch(request, endpoint_id, active=True)


@api_user("admin")
async def deactivate_one(request: Request, endpoint_id: int) -> HTTPResponse:
    """Switches an endpoint off."""
    return await _switch(request, endpoint_id, active=False)


async def _switch(request: Request, endpoint_id: int, *, active: bool) -> HTTPResponse:
    services = services_of(request)
    async with services.database.transaction() as session:
        endpoint = await endpoint_by_id(session, endpoint_id)
        await switch_endpoint(session, endpoint, active, by_agent(current_user(request).id))
    services.pulse.beat("webhooks")
    return json(endpoint_json(endpoint))


@api_user("admin")
async def rotate_one(request: Request, endpoint_id: int) -> HTTPResponse:
    """Gives an endpoint a new secret."""
    services, actor = services_of(request), by_agent(current_user(request).id)
    async with services.database.transaction() as session:
        endpoint = await endpoint_by_id(session, endpoint_id)
        secret = await rotate_secret(session, services.vault, endpoint, actor)
    return json({"secret": secret})


@api_user("admin")
async def remove_one(request: Request, endpoint_id: int) -> HTTPResponse:
    """Removes an endpoint with its deliveries."""
    async with services_of(request).database.transaction() as session:
        endpoint = await endpoint_by_id(session, endpoint_id)
        await remove_endpoint(session, endpoint, by_agent(current_user(request).id))
    return empty()


@api_user("admin")
async def ping_one(request: Request, endpoint_id: int) -> HTTPResponse:
    """Sends a test."""
    services = services_of(request)
    async with services.database.transaction() as session:
        endpoint = await endpoint_by_id(session, endpoint_id)
        delivery = await ping(session, endpoint, by_agent(current_user(request).id))
    services.pulse.beat("webhooks")
    return json(delivery_json(delivery), status=202)


@api_user("admin")
async def show_deliveries(request: Request, endpoint_id: int) -> HTTPResponse:
    """A page of what was delivered."""
    state, limit = request.args.get("state", ""), read_number(request, "limit", 50)
    if state and state not in STATES:
        raise Invalid("state", "Este estado não existe.")
    async with services_of(request).database.reading() as session:
        endpoint = await endpoint_by_id(session, endpoint_id)
        cursor = request.args.get("cursor")
        page = await list_deliveries(session, endpoint, state, cursor, limit)
    return json(
        {
            "deliveries": [delivery_json(each) for each in page.rows],
            "next_cursor": page.next_cursor,
        }
    )


@api_user("admin")
async def replay_one(request: Request, endpoint_id: int, delivery_id: int) -> HTTPResponse:
    """Sends one delivery once more."""
    services = services_of(request)
    async with services.database.transaction() as session:
        endpoint = await endpoint_by_id(session, endpoint_id)
        delivery = await delivery_by_id(session, endpoint, delivery_id)
        await replay_delivery(session, endpoint, delivery, by_agent(current_user(request).id))
    services.pulse.beat("webhooks")
    return json(delivery_json(delivery), status=202)


@api_user("admin")
async def replay_some(request: Request, endpoint_id: int) -> HTTPResponse:
    """Sends what happened in a period once more."""
    period, services = read_body(request, Period), services_of(request)
    actor = by_agent(current_user(request).id)
    async with services.database.transaction() as session:
        endpoint = await endpoint_by_id(session, endpoint_id)
        count = await replay_period(session, endpoint, period.since, period.until, actor)
    services.pulse.beat("webhooks")
    return json({"count": count}, status=202)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


_ONE = "/webhooks/<endpoint_id:int>"
_OFF = "It is switched off."

ENDPOINTS = [
    Endpoint("GET", "/webhooks", show_endpoints, "Webhooks.", returns=WebhookList),
    Endpoint("GET", "/webhooks/kinds", show_kinds, "What they may hear of.", returns=KindList),
    Endpoint(
        "POST",
        "/webhooks",
        add_one,
        "Add a webhook; its secret is told once.",
        WebhookValues,
        answers={201: "Added.", 409: "There are too many."},
        returns=WebhookMade,
    ),
    Endpoint(
        "PATCH",
        _ONE,
        change_one,
        "Change a webhook.",
        changes_of(WebhookValues),
        returns=WebhookShown,
    ),
    Endpoint("DELETE", _ONE, remove_one, "Remove it.", answers={204: "Removed."}),
    Endpoint("POST", _ONE + "/activate", activate_one, "Switch it on.", returns=WebhookShown),
    Endpoint("POST", _ONE + "/deactivate", deactivate_one, "Switch it off.", returns=WebhookShown),
    Endpoint("POST", _ONE + "/secret", rotate_one, "A new secret, told once.", returns=SecretShown),
    Endpoint(
        "POST",
        _ONE + "/ping",
        ping_one,
        "Send a test.",
        answers={202: "On its way.", 409: _OFF},
        returns=DeliveryShown,
    ),
    Endpoint(
        "GET",
        _ONE + "/deliveries",
        show_deliveries,
        "What was delivered.",
        query={
            "state": "Only these: " + ", ".join(STATES) + ".",
            "limit": "How many, at most 200.",
            "cursor": "Where the previous page ended.",
        },
        returns=DeliveryPageShown,
    ),
    Endpoint(
        "POST",
        _ONE + "/deliveries/<delivery_id:int>/replay",
        replay_one,
        "Send one once more.",
        answers={202: "On its way.", 409: _OFF},
        returns=DeliveryShown,
    ),
    Endpoint(
        "POST",
        _ONE + "/replay",
        replay_some,
        "Send what happened in a period once more.",
        Period,
        answers={202: "On its way.", 409: "It is switched off, or there are too many."},
        returns=Replayed,
    ),
]
