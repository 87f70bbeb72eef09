"""Encaminhamento: the examples from which the desk learns which queue a request is for."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.routing.choose import choose_queue
from desk.conversations.routing.classifier import MAX_CHARS
from desk.conversations.routing.examples import (
    ExampleValues,
    add_example,
    list_examples,
    remove_example,
)
from desk.conversations.routing.reasons import Reason
from desk.team.queues import list_queues
from desk.team.tables import Queue
from desk.text import clean_text
from desk.tickets.request_types import list_request_types
from handoff.console.routing_words import reason_words
from handoff.console.settings.forms import Form, act, actor_of, field_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import _
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/routing"

blueprint = Blueprint("settings_routing", url_prefix="/routing")


@blueprint.get("/")
@signed_in("supervisor", "admin")
async def show_examples(request: Request) -> HTTPResponse:
    """All examples by queue and type, a form for another, and where a text would go."""
    return await _page(request, Form())


@blueprint.post("/")
@signed_in("supervisor", "admin")
async def add(request: Request) -> HTTPResponse:
    """Adds an example."""
    place = field_of(request, "place", 40)
    kind, _colon, number = place.partition(":")
    owner = {"queue": "queue_id", "type": "request_type_id"}.get(kind)
    given = {"queue_id": None, "request_type_id": None}
    done = "created"

    async def work(session: AsyncSession, values: ExampleValues) -> None:
        nonlocal done
        made = await add_example(session, values, actor_of(request))
        done = "taken" if made.was_elsewhere else "created"

    return await save(
        request,
        ExampleValues,
        work,
        done=lambda: f"{LIST}?ok={done}",
        again=lambda form: _page(request, Form({**form.values, "place": place}, form.errors)),
        given=given | ({owner: number} if owner else {}),
    )


@blueprint.post("/try")
@signed_in("supervisor", "admin")
async def try_text(request: Request) -> HTTPResponse:
    """Says where a text would go; nothing is kept."""
    text = " ".join(clean_text(field_of(request, "tried", MAX_CHARS)).split())
    return await _page(request, Form({"tried": text}), await _tried(request, text))


@blueprint.post("/<example_id:int>/delete")
@signed_in("supervisor", "admin")
async def delete(request: Request, example_id: int) -> HTTPResponse:
    """Forgets an example."""

    async def work(session: AsyncSession) -> None:
        await remove_example(session, example_id, actor_of(request))

    return await act(
        request, work, done=f"{LIST}?ok=deleted", again=lambda form: _page(request, form)
    )


async def _tried(request: Request, text: str) -> str:
    services = services_of(request)
    (guess,) = await services.router.guess_each([text] if text else []) or [None]
    async with services.database.reading() as session:
        choice = await choose_queue(session, None, guess)
        queue = await session.get(Queue, choice.queue_id or 0)
        examples = {each.id: each for each in await list_examples(session)}
    like = examples.get(choice.routing.get("example_id", 0))
    reason = Reason(
        how=choice.routing["how"],
        example=like.text if like else "",
        confidence=choice.routing.get("confidence"),
    )
    return f"{queue.name if queue else _('Nenhuma fila')}: {reason_words(reason)}"


async def _page(request: Request, form: Form, told: str = "") -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        examples = await list_examples(session)
        queues = await list_queues(session)
        types = await list_request_types(session)
    names = {queue.id: queue.name for queue in queues}
    places: list[dict[str, Any]] = [
        {"key": f"queue:{queue.id}", "name": queue.name, "goes_to": "", "active": queue.active}
        for queue in queues
    ] + [
        {
            "key": f"type:{kind.id}",
            "name": kind.name,
            "goes_to": names.get(kind.queue_id or 0, ""),
            "active": kind.active,
        }
        for kind in types
    ]
    for place in places:
        place["examples"] = [each for each in examples if _place_of(each) == place["key"]]
    return show(
        request,
        "routing.html",
        status=form.status,
        form=form,
        places=[each for each in places if each["active"] or each["examples"]],
        choices=[(each["key"], _choice(each)) for each in places if each["active"]],
        told=told,
        max_chars=MAX_CHARS,
    )


def _place_of(example: Any) -> str:
    if example.queue_id is not None:
        return f"queue:{example.queue_id}"
    return f"type:{example.request_type_id}"


def _choice(place: dict[str, Any]) -> str:
    kind = _("Fila") if place["key"].startswith("queue") else _("Tipo")
    return f"{kind}: {place['name']}"
