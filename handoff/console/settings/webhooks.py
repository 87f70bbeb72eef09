"""Webhooks: addresses of other software, what they hear of, and what was delivered."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Invalid
from desk.webhooks.deliveries import (
    KEPT_DAYS,
    count_waiting,
    delivery_by_id,
    list_deliveries,
    ping,
)
from desk.webhooks.kinds import EVENT_KINDS
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
from handoff.console import wording
from handoff.console.settings.forms import Form, act, actor_of, field_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.console.settings.webhook_words import EVENT_LABELS, STATES, delivery_words
from handoff.i18n import _
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/webhooks"

blueprint = Blueprint("settings_webhooks", url_prefix="/webhooks")


@blueprint.get("/")
@signed_in("admin")
async def show_webhooks(request: Request) -> HTTPResponse:
    """All endpoints."""
    async with services_of(request).database.reading() as session:
        endpoints = await list_endpoints(session)
    return show(request, "webhooks.html", endpoints=endpoints)


@blueprint.get("/new")
@signed_in("admin")
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new endpoint."""
    return await _form(request, Form())


@blueprint.post("/new")
@signed_in("admin")
async def create(request: Request) -> HTTPResponse:
    """Adds an endpoint; its secret is shown in the answer and nowhere again."""
    services, made = services_of(request), list[tuple[WebhookEndpoint, str]]()

    async def work(session: AsyncSession, values: WebhookValues) -> None:
        reach, actor = Reach.of(services.settings), actor_of(request)
        made.append(await create_endpoint(session, services.vault, reach, values, actor))

    answer = await save(
        request, WebhookValues, work, done=LIST, again=lambda form: _form(request, form)
    )
    if not made or answer.status == 400:
        return answer
    return _secret(request, *made[0])


@blueprint.get("/<endpoint_id:int>")
@signed_in("admin")
async def show_webhook(request: Request, endpoint_id: int) -> HTTPResponse:
    """One endpoint with its deliveries."""
    return await _form(request, await _stored(request, endpoint_id), endpoint_id)


@blueprint.post("/<endpoint_id:int>")
@signed_in("admin")
async def change(request: Request, endpoint_id: int) -> HTTPResponse:
    """Changes an endpoint."""
    reach = Reach.of(services_of(request).settings)

    async def work(session: AsyncSession, values: WebhookValues) -> None:
        endpoint = await endpoint_by_id(session, endpoint_id)
        await change_endpoint(session, reach, endpoint, values, actor_of(request))

    return await save(
        request,
        WebhookValues,
        work,
        done=f"{LIST}/{endpoint_id}?ok=saved",
        again=lambda form: _form(request, form, endpoint_id),
    )


@blueprint.post("/<endpoint_id:int>/<way:on|off>")
@signed_in("admin")
async def switch(request: Request, endpoint_id: int, way: str) -> HTTPResponse:
    """Switches an endpoint on or off."""

    async def work(session: AsyncSession, endpoint: WebhookEndpoint) -> None:
        await switch_endpoint(session, endpoint, way == "on", actor_of(request))

    return await _act(request, endpoint_id, work, way)


@blueprint.post("/<endpoint_id:int>/ping")
@signed_in("admin")
async def test(request: Request, endpoint_id: int) -> HTTPResponse:
    """Sends a test."""

    async def work(session: AsyncSession, endpoint: WebhookEndpoint) -> None:
        await ping(session, endpoint, actor_of(request))

    return await _act(request, endpoint_id, work, "sent")


@blueprint.post("/<endpoint_id:int>/deliveries/<delivery_id:int>/replay")
@signed_in("admin")
async def replay(request: Request, endpoint_id: int, delivery_id: int) -> HTTPResponse:
    """Sends one delivery once more."""

    async def work(session: AsyncSession, endpoint: WebhookEndpoint) -> None:
        delivery = await delivery_by_id(session, endpoint, delivery_id)
        await replay_delivery(session, endpoint, delivery, actor_of(request))

    return await _act(request, endpoint_id, work, "sent")


@blueprint.post("/<endpoint_id:int>/replay")
@signed_in("admin")
async def replay_days(request: Request, endpoint_id: int) -> HTTPResponse:
    """Sends the events of some days once more."""

    async def work(session: AsyncSession, endpoint: WebhookEndpoint) -> None:
        since, until = _days(request)
        await replay_period(session, endpoint, since, until, actor_of(request))

    return await _act(request, endpoint_id, work, "sent")


@blueprint.post("/<endpoint_id:int>/secret")
@signed_in("admin")
async def rotate(request: Request, endpoint_id: int) -> HTTPResponse:
    """A new secret, shown in the answer and nowhere again."""
    services = services_of(request)
    async with services.database.transaction() as session:
        endpoint = await endpoint_by_id(session, endpoint_id)
        secret = await rotate_secret(session, services.vault, endpoint, actor_of(request))
    return _secret(request, endpoint, secret)


@blueprint.post("/<endpoint_id:int>/delete")
@signed_in("admin")
async def delete(request: Request, endpoint_id: int) -> HTTPResponse:
    """Removes an endpoint with its deliveries."""

    async def work(session: AsyncSession) -> None:
        endpoint = await endpoint_by_id(session, endpoint_id)
        await remove_endpoint(session, endpoint, actor_of(request))

    return await act(
        request,
        work,
        done=f"{LIST}?ok=deleted",
        again=lambda form: _form(request, form, endpoint_id),
    )


async def _act(request: Request, endpoint_id: int, deed: Any, notice: str) -> HTTPResponse:
    async def work(session: AsyncSession) -> None:
        await deed(session, await endpoint_by_id(session, endpoint_id))

    async def again(form: Form) -> HTTPResponse:
        stored = await _stored(request, endpoint_id)
        return await _form(request, Form(stored.values, form.errors), endpoint_id)

    return await act(request, work, done=f"{LIST}/{endpoint_id}?ok={notice}", again=again)


async def _stored(request: Request, endpoint_id: int) -> Form:
    async with services_of(request).database.reading() as session:
        return form_of(webhook_values(await endpoint_by_id(session, endpoint_id)))


async def _form(request: Request, form: Form, endpoint_id: int | None = None) -> HTTPResponse:
    endpoint, log = None, dict[str, Any]()
    if endpoint_id is not None:
        async with services_of(request).database.reading() as session:
            endpoint = await endpoint_by_id(session, endpoint_id)
            log = await _log(request, session, endpoint)
    return show(
        request,
        "webhook.html",
        status=form.status,
        form=form,
        endpoint=endpoint,
        kinds=[(kind, _(EVENT_LABELS[kind])) for kind in EVENT_KINDS],
        path=f"{LIST}/{endpoint_id if endpoint_id is not None else 'new'}",
        kept_days=KEPT_DAYS,
        **log,
    )


async def _log(
    request: Request, session: AsyncSession, endpoint: WebhookEndpoint
) -> dict[str, Any]:
    """What was delivered, as the page shows it."""
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    page = await list_deliveries(session, endpoint, state, request.args.get("cursor"))
    more = urlencode({"state": state, "cursor": page.next_cursor})
    today = datetime.now(services_of(request).settings.zone).date().isoformat()
    return {
        "deliveries": [_row(request, each) for each in page.rows],
        "waiting": await count_waiting(session, endpoint),
        "states": [("", _("Todas")), *((key, _(label)) for key, label in STATES.items())],
        "shown": Form({"state": state}),
        "days": {
            "since": field_of(request, "since", 10) or today,
            "until": field_of(request, "until", 10) or today,
        },
        "more_url": f"{LIST}/{endpoint.id}?{more}#deliveries" if page.next_cursor else "",
    }


def _row(request: Request, delivery: WebhookDelivery) -> dict[str, Any]:
    zone = services_of(request).settings.zone
    return {
        "id": delivery.id,
        "kind": _(EVENT_LABELS[delivery.kind]) if delivery.kind in EVENT_LABELS else delivery.kind,
        "message_id": delivery.message_id,
        "when": wording.date_and_clock(delivery.happened_at, zone),
        "state": delivery.state,
        "label": _(STATES[delivery.state]),
        "words": delivery_words(delivery),
        "next": wording.date_and_clock(delivery.due_at, zone)
        if delivery.due_at and delivery.tries
        else "",
    }


def _secret(request: Request, endpoint: WebhookEndpoint, secret: str) -> HTTPResponse:
    return show(request, "webhook_secret.html", endpoint=endpoint, secret=secret)


def _days(request: Request) -> tuple[datetime, datetime]:
    """From the first day's beginning to the last one's end."""
    zone = services_of(request).settings.zone
    try:
        first = date.fromisoformat(field_of(request, "since", 10))
        last = date.fromisoformat(field_of(request, "until", 10))
    except ValueError:
        raise Invalid("form", "A data ou a hora não é válida.") from None
    if not 0 <= (last - first).days < KEPT_DAYS or not 2000 <= first.year < 2200:
        raise Invalid("form", "Escolha um período de até 30 dias.")
    start = datetime(first.year, first.month, first.day, tzinfo=zone)
    end = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
    return start.astimezone(UTC), end.astimezone(UTC)
