"""The review: what the bot did not understand, grouped, and what designers decide on it."""

from collections.abc import Sequence
from urllib.parse import urlencode

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.settings import list_channels
from desk.db import MAX_KEY
from desk.errors import Conflict, Invalid
from desk.review.decide import MOST_AT_ONCE, decide, undo, undo_decision
from desk.review.find import (
    ReviewFilters,
    around,
    count_items,
    ids_of_group,
    intents_guessed,
    list_groups,
    list_items,
)
from desk.review.masking import Mark
from handoff.console.conversation import field_of
from handoff.console.wording import clock, full_time
from handoff.pages import render
from handoff.problems import in_words
from handoff.review_asking import (
    DESIGNERS,
    REASON_LABELS,
    STATE_LABELS,
    check_intent,
    labels,
    read_filters,
    suggestions,
    training_data,
)
from handoff.security import current_user, signed_in
from handoff.services import services_of

MAX_INTENT_CHARS = 120
FILTERS = ("state", "reason", "intent", "channel", "since", "until")

blueprint = Blueprint("console_review", url_prefix="/review")


@blueprint.get("/")
@signed_in(*DESIGNERS)
async def show_groups(request: Request) -> HTTPResponse:
    """Groups of messages that fit the filters, the largest first."""
    services = services_of(request)
    filters = read_filters(request.args, services.settings.zone)
    async with services.database.reading(may_be_slow=True) as session:
        page = await list_groups(session, filters, request.args.get("cursor", ""))
        counts = await count_items(session)
        guessed = await intents_guessed(session)
        channels = await list_channels(session)
    more = _query(request, cursor=page.next_cursor) if page.next_cursor else ""
    return render(
        request,
        "console/review_rows.html" if request.headers.get("hx-request") else "console/review.html",
        groups=page.groups,
        more_url=f"/console/review?{more}" if more else "",
        counts=counts,
        guessed=guessed,
        channels=channels,
        chosen={name: request.args.get(name, "") for name in FILTERS} | {"state": filters.state},
        query=_query(request),
        reasons=labels(REASON_LABELS),
        states=labels(STATE_LABELS),
        done=_done(request),
        when=lambda at: full_time(at, services.settings.zone),
    )


@blueprint.get("/groups/<group_id:int>")
@signed_in(*DESIGNERS)
async def show_group(request: Request, group_id: int) -> HTTPResponse:
    """The messages of one group."""
    return await _group(request, group_id)


@blueprint.get("/messages/<review_id:int>/around")
@signed_in(*DESIGNERS)
async def show_around(request: Request, review_id: int) -> HTTPResponse:
    """What was said before and after a message, without personal data."""
    services = services_of(request)
    async with services.database.reading() as session:
        lines = await around(session, review_id)
    return render(
        request,
        "console/review_around.html",
        lines=lines,
        clock=lambda at: clock(at, services.settings.zone),
    )


@blueprint.post("/groups/<group_id:int>")
@signed_in(*DESIGNERS)
async def decide_group(request: Request, group_id: int) -> HTTPResponse:
    """Teaches, discards or opens again what was chosen; a refusal loses nothing."""
    services, user = services_of(request), current_user(request)
    act, intent = field_of(request, "act"), field_of(request, "intent", MAX_INTENT_CHARS)
    data = await training_data(services.settings)
    try:
        async with services.database.transaction() as session:
            ids = await _chosen(request, session, group_id)
            if act == "undo":
                await undo(session, user, ids)
                done = ""
            else:
                wanted = check_intent(data, intent) if act == "teach" else None
                done = await decide(session, user, ids, wanted, _marks(request))
    except (Conflict, Invalid) as refusal:
        return await _group(request, group_id, error=in_words(refusal))
    services.pulse.beat("events")
    return redirect(f"/console/review?{_query(request, done=done or None)}", status=303)


@blueprint.post("/undo")
@signed_in(*DESIGNERS)
async def undo_last(request: Request) -> HTTPResponse:
    """Opens again what was decided together."""
    services = services_of(request)
    decision = field_of(request, "decision")
    async with services.database.transaction() as session:
        await undo_decision(session, current_user(request), decision)
    services.pulse.beat("events")
    return redirect(f"/console/review?{_query(request)}", status=303)


async def _group(request: Request, group_id: int, error: str = "") -> HTTPResponse:
    services = services_of(request)
    filters = read_filters(request.args, services.settings.zone)
    data = await training_data(services.settings)
    async with services.database.reading(may_be_slow=True) as session:
        page = await list_items(session, group_id, filters, request.args.get("cursor", ""))
    more = _query(request, cursor=page.next_cursor) if page.next_cursor else ""
    return render(
        request,
        "console/review_group.html",
        status=409 if error else 200,
        group_id=group_id,
        page=page,
        rest=0 if request.args.get("cursor") else page.count - len(page.items),
        more_url=f"/console/review/groups/{group_id}?{more}" if more else "",
        state=filters.state,
        query=_query(request),
        suggested=suggestions([each.guesses for each in page.items], data),
        intents=data.intents,
        entities=data.entities,
        intent=field_of(request, "intent", MAX_INTENT_CHARS),
        unchosen=_unchosen(request, [each.message_id for each in page.items]) if error else set(),
        marked=_marks_by_message(request) if error else {},
        error=error,
        reasons=labels(REASON_LABELS),
        when=lambda at: full_time(at, services.settings.zone),
        may_open=current_user(request).role.value != "designer",
    )


async def _chosen(request: Request, session: AsyncSession, group_id: int) -> list[int]:
    """What was ticked, and the rest of the group where that was asked for, as it was shown."""
    sent = dict(request.form or {})
    ids = [number for text in sent.get("m", []) if (number := _number(text))]
    if "rest" not in sent:
        return ids
    filters: ReviewFilters = read_filters(request.args, services_of(request).settings.zone)
    newest, count = _number(sent.get("newest", [""])[0]), _number(sent.get("count", [""])[0])
    everything = await ids_of_group(session, group_id, filters, MOST_AT_ONCE + 1)
    known = [each for each in everything if each <= newest]
    if len(known) != count:
        raise Conflict("O grupo mudou enquanto você olhava. Veja como está agora.")
    shown = {number for text in sent.get("shown", []) if (number := _number(text))}
    return [each for each in known if each in ids or each not in shown]


def _marks(request: Request) -> dict[int, list[tuple[Mark, str]]]:
    """Fields such as ``12:0:5:cnpj:words``, which is message, from, before, entity, words."""
    marks: dict[int, list[tuple[Mark, str]]] = {}
    for text in dict(request.form or {}).get("mark", [])[: 2 * MOST_AT_ONCE]:
        parts = str(text).split(":", 4)
        if len(parts) != 5 or not all(each.isdecimal() and len(each) < 19 for each in parts[:3]):
            raise Invalid("entities", "Uma marca não está bem formada.")
        message_id, start, end = (int(each) for each in parts[:3])
        marks.setdefault(message_id, []).append((Mark(start, end, parts[3]), parts[4]))
    return marks


def _marks_by_message(request: Request) -> dict[int, list[tuple[Mark, str]]]:
    try:
        return _marks(request)
    except Invalid:
        return {}


def _unchosen(request: Request, shown: Sequence[int]) -> set[int]:
    ticked = {_number(text) for text in dict(request.form or {}).get("m", [])}
    return set(shown) - ticked


def _done(request: Request) -> str:
    done = request.args.get("done", "")
    return done if done.isalnum() and len(done) == 32 else ""


def _query(request: Request, **more: str | None) -> str:
    """The filters of this address, to be carried along."""
    kept = {name: value for name in FILTERS if (value := request.args.get(name, ""))}
    return urlencode(kept | {name: value for name, value in more.items() if value})


def _number(text: object) -> int:
    value = str(text)
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0
    return number if number <= MAX_KEY else 0
