"""Regras: what happens by itself after a status or a silence, tried on the past first."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.settings import list_channels
from desk.conversations.priority import PRIORITY_LABELS
from desk.conversations.rules.dry_run import try_rule
from desk.conversations.rules.fire import firings_of
from desk.conversations.rules.settings import (
    RuleValues,
    change_rule,
    create_rule,
    list_rules,
    rule_by_id,
    rule_values,
    switch_rule,
)
from desk.conversations.rules.tables import RuleFiring
from desk.conversations.tables import Conversation
from desk.errors import Invalid
from desk.states import STATUS_LABELS
from desk.tags.settings import list_tags
from desk.team.queues import list_queues
from handoff.console import wording
from handoff.console.inbox_filters import channel_name
from handoff.console.settings.forms import Form, act, actor_of, form_of, save, show
from handoff.console.settings.rule_words import (
    ACTION_LABELS,
    BASES,
    REFUSALS,
    TIMES,
    UNITS,
    does_words,
    when_words,
)
from handoff.console.settings.sections import ROOT
from handoff.i18n import _
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/rules"
_TRIED_DAYS = 30
_MOST_TRIED_DAYS = 370

blueprint = Blueprint("settings_rules", url_prefix="/rules")


@blueprint.get("/")
@signed_in("supervisor", "admin")
async def show_rules(request: Request) -> HTTPResponse:
    """All rules in words."""
    async with services_of(request).database.reading() as session:
        rules = [(rule, rule_values(rule)) for rule in await list_rules(session)]
    rows = [
        {
            "id": rule.id,
            "name": rule.name,
            "active": rule.active,
            "words": f"{when_words(values)} → {does_words(values)}",
        }
        for rule, values in rules
    ]
    return show(request, "rules.html", rules=rows)


@blueprint.get("/new")
@signed_in("supervisor", "admin")
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new rule."""
    stored = {"basis": "status", "status": "waiting", "amount": 3, "unit": "days"}
    return await _form(request, Form({**stored, "time": "calendar"}))


@blueprint.post("/new")
@signed_in("supervisor", "admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a rule, switched off."""

    async def work(session: AsyncSession, values: RuleValues) -> None:
        await create_rule(session, values, actor_of(request))

    return await save(
        request,
        RuleValues,
        work,
        done=f"{LIST}?ok=created",
        again=lambda form: _form(request, form),
    )


@blueprint.get("/<rule_id:int>")
@signed_in("supervisor", "admin")
async def show_rule(request: Request, rule_id: int) -> HTTPResponse:
    """One rule, what it did, and on demand what it would have done."""
    return await _form(request, await _stored(request, rule_id), rule_id)


@blueprint.post("/<rule_id:int>")
@signed_in("supervisor", "admin")
async def change(request: Request, rule_id: int) -> HTTPResponse:
    """Changes a rule."""

    async def work(session: AsyncSession, values: RuleValues) -> None:
        await change_rule(session, await rule_by_id(session, rule_id), values, actor_of(request))

    return await save(
        request,
        RuleValues,
        work,
        done=f"{LIST}/{rule_id}?ok=saved",
        again=lambda form: _form(request, form, rule_id),
    )


@blueprint.post("/<rule_id:int>/<way:on|off>")
@signed_in("supervisor", "admin")
async def switch(request: Request, rule_id: int, way: str) -> HTTPResponse:
    """Switches a rule on or off."""

    async def work(session: AsyncSession) -> None:
        rule = await rule_by_id(session, rule_id)
        await switch_rule(session, rule, way == "on", actor_of(request))

    async def again(form: Form) -> HTTPResponse:
        stored = await _stored(request, rule_id)
        return await _form(request, Form(stored.values, form.errors), rule_id)

    return await act(request, work, done=f"{LIST}/{rule_id}?ok={way}", again=again)


async def _stored(request: Request, rule_id: int) -> Form:
    async with services_of(request).database.reading() as session:
        return form_of(rule_values(await rule_by_id(session, rule_id)))


async def _form(request: Request, form: Form, rule_id: int | None = None) -> HTTPResponse:
    services, trial = services_of(request), None
    async with services.database.reading(may_be_slow=True) as session:
        rule = await rule_by_id(session, rule_id) if rule_id is not None else None
        choices = await _choices(session)
        firings = await _firings(request, session, rule_id) if rule_id is not None else []
        if rule is not None and "try" in request.args:
            trial = await _trial(request, session, rule_values(rule))
    return show(
        request,
        "rule.html",
        status=form.status,
        form=form,
        rule=rule,
        **choices,
        firings=firings,
        trial=trial,
        since=request.args.get("since", "")[:10] or _days_ago(request, _TRIED_DAYS).isoformat(),
        until=request.args.get("until", "")[:10] or _days_ago(request, 0).isoformat(),
        path=f"{LIST}/{rule_id if rule_id is not None else 'new'}",
    )


async def _choices(session: AsyncSession) -> dict[str, Any]:
    """What the selects offer."""
    anything, nothing = ("", _("Qualquer")), ("", _("Não mudar"))
    statuses = [(key, wording.STATUS_LABELS[key]) for key in STATUS_LABELS]
    priorities = [(level, _(label)) for level, label in PRIORITY_LABELS.items()]
    queues = [(each.id, each.name) for each in await list_queues(session) if each.active]
    tags = [(each.id, each.name) for each in await list_tags(session)]
    channels = [(each.id, channel_name(each)) for each in await list_channels(session)]
    return {
        "bases": [(key, _(label), _(about)) for key, (label, about) in BASES.items()],
        "units": [(key, _(label)) for key, label in UNITS.items()],
        "times": [(key, _(label)) for key, label in TIMES.items()],
        "if_status": [("", _("Qualquer ativo")), *statuses],
        "if_queues": [anything, *queues],
        "if_priorities": [anything, *priorities],
        "if_tags": [anything, *tags],
        "if_channels": [anything, *channels],
        "to_statuses": [nothing, *statuses],
        "to_priorities": [nothing, *priorities],
        "to_queues": [nothing, *queues],
        "to_tags": [("", _("Nenhuma")), *tags],
    }


async def _firings(request: Request, session: AsyncSession, rule_id: int) -> list[dict[str, Any]]:
    zone = services_of(request).settings.zone
    rows = []
    for firing in await firings_of(session, rule_id, 20):
        conversation = await session.get_one(Conversation, firing.conversation_id)
        rows.append(
            {
                "public_id": conversation.public_id,
                "when": wording.date_and_clock(firing.fired_at, zone),
                "words": _did(firing),
            }
        )
    return rows


def _did(firing: RuleFiring) -> str:
    did = [_(ACTION_LABELS[name]) for name in firing.done if name in ACTION_LABELS]
    not_done = [
        f"{_(ACTION_LABELS[name])} ({_(REFUSALS[why])})"
        for name, why in firing.refused.items()
        if name in ACTION_LABELS and why in REFUSALS
    ]
    words = ", ".join(did) or _("nada a mudar")
    if not_done:
        words += _("; não foi possível: {what}").format(what=", ".join(not_done))
    return words


async def _trial(request: Request, session: AsyncSession, values: RuleValues) -> dict[str, Any]:
    """What the rule would have done on the days that were asked for."""
    zone = services_of(request).settings.zone
    try:
        first, last = _day(request, "since"), _day(request, "until")
        if last < first or (last - first).days > _MOST_TRIED_DAYS:
            raise Invalid("since", "Escolha um período de até um ano.")
    except Invalid as refusal:
        return {"error": _(refusal.words), "rows": []}
    start = datetime(first.year, first.month, first.day, tzinfo=zone)
    end = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
    found = await try_rule(session, values, start.astimezone(UTC), end.astimezone(UTC))
    rows = [
        {
            "public_id": each.public_id,
            "name": each.contact_name or _("Visitante"),
            "since": wording.date_and_clock(each.since, zone),
            "at": wording.date_and_clock(each.at, zone),
        }
        for each in found.rows
    ]
    return {"error": "", "rows": rows, "found": found, "does": does_words(values)}


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.args.get(name, "")[:10])
    except ValueError:
        raise Invalid(name, "A data ou a hora não é válida.") from None


def _days_ago(request: Request, days: int) -> date:
    return datetime.now(services_of(request).settings.zone).date() - timedelta(days=days)
