"""Rules: what happens by itself after a status or a silence."""

from datetime import timedelta
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, model_validator
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.conversations.rules.dry_run import try_rule
from desk.conversations.rules.fire import firings_of
from desk.conversations.rules.settings import (
    RuleValues,
    change_rule,
    check_rule,
    create_rule,
    list_rules,
    rule_by_id,
    rule_values,
    switch_rule,
)
from desk.conversations.rules.tables import Rule
from desk.conversations.tables import Conversation
from desk.events.log import by_agent
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of

_LONGEST = timedelta(days=370)


class RuleShown(BaseModel):
    """A rule. What it says to customers or the team stands in ``values``."""

    id: int
    active: bool
    values: RuleValues


class RuleList(BaseModel):
    """Rules by name."""

    rules: list[RuleShown]


class FiringShown(BaseModel):
    """What a rule did; ``refused``: by action, why it could not be done."""

    conversation: str
    since: str
    fired_at: str
    done: list[str]
    refused: dict[str, str]


class FiringList(BaseModel):
    """What a rule did last, newest first."""

    firings: list[FiringShown]


class Trial(Shape):
    """A rule, stored or not, and the time on which it is tried: at most a year."""

    rule: RuleValues
    since: AwareDatetime
    until: AwareDatetime

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if not timedelta(0) < self.until - self.since <= _LONGEST:
            raise ValueError("Escolha um período de até um ano.")
        return self


class WouldFireShown(BaseModel):
    """The rule would have acted on this conversation."""

    conversation: str
    contact: str
    since: str
    at: str


class TrialShown(BaseModel):
    """At most two hundred, newest first; ``total`` counts all of what was looked at."""

    would_fire: list[WouldFireShown]
    total: int
    conversations: int
    is_whole: bool


def rule_json(rule: Rule) -> dict[str, Any]:
    """A rule as programs read it."""
    values = rule_values(rule).model_dump(mode="json")
    return {"id": rule.id, "active": rule.active, "values": values}


@api_user("supervisor", "admin")
async def show_rules(request: Request) -> HTTPResponse:
    """All rules by name."""
    async with services_of(request).database.reading() as session:
        rules = await list_rules(session)
    return json({"rules": [rule_json(each) for each in rules]})


@api_user("supervisor", "admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a rule, switched off."""
    values, actor = read_body(request, RuleValues), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        rule = await create_rule(session, values, actor)
    return json(rule_json(rule), status=201)


@api_user("supervisor", "admin")
async def change_one(request: Request, rule_id: int) -> HTTPResponse:
    """Changes a rule."""
    services = services_of(request)
    async with services.database.transaction() as session:
        rule = await rule_by_id(session, rule_id)
        values = read_changes(request, RuleValues, rule_values(rule))
        await change_rule(session, rule, values, by_agent(current_user(request).id))
    services.pulse.beat("events")
    return json(rule_json(rule))


@api_user("supervisor", "admin")
async def activate_one(request: Request, rule_id: int) -> HTTPResponse:
    """Switches a rule on."""
    return await _switch(request, rule_id, active=True)


@api_user("supervisor", "admin")
async def deactivate_one(request: Request, rule_id: int) -> HTTPResponse:
    """Switches a rule off."""
    return await _switch(request, rule_id, active=False)


async def _switch(request: Request, rule_id: int, *, active: bool) -> HTTPResponse:
    services = services_of(request)
    async with services.database.transaction() as session:
        rule = await rule_by_id(session, rule_id)
        await switch_rule(session, rule, active, by_agent(current_user(request).id))
    services.pulse.beat("events")
    return json(rule_json(rule))


@api_user("supervisor", "admin")
async def show_firings(request: Request, rule_id: int) -> HTTPResponse:
    """What a rule did last."""
    async with services_of(request).database.reading() as session:
        rule = await rule_by_id(session, rule_id)
        rows = [
            {
                "conversation": (
                    await session.get_one(Conversation, each.conversation_id)
                ).public_id,
                "since": each.since.isoformat(),
                "fired_at": each.fired_at.isoformat(),
                "done": each.done,
                "refused": each.refused,
            }
            for each in await firings_of(session, rule.id)
        ]
    return json({"firings": rows})


@api_user("supervisor", "admin")
async def try_one(request: Request) -> HTTPResponse:
    """Tells what a rule would have done; nothing is sent or changed."""
    trial = read_body(request, Trial)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        await check_rule(session, trial.rule)
        found = await try_rule(session, trial.rule, trial.since, trial.until)
    rows = [
        {
            "conversation": each.public_id,
            "contact": each.contact_name,
            "since": each.since.isoformat(),
            "at": each.at.isoformat(),
        }
        for each in found.rows
    ]
    return json(
        {
            "would_fire": rows,
            "total": found.total,
            "conversations": found.conversations,
            "is_whole": found.is_whole,
        }
    )


_ONE = "/rules/<rule_id:int>"

ENDPOINTS = [
    Endpoint("GET", "/rules", show_rules, "Rules.", returns=RuleList),
    Endpoint(
        "POST",
        "/rules",
        add_one,
        "Add a rule, switched off.",
        RuleValues,
        answers={201: "Added.", 409: "There are too many."},
        returns=RuleShown,
    ),
    Endpoint(
        "POST",
        "/rules/try",
        try_one,
        "What a rule would have done in a period.",
        Trial,
        returns=TrialShown,
    ),
    Endpoint(
        "PATCH", _ONE, change_one, "Change a rule.", changes_of(RuleValues), returns=RuleShown
    ),
    Endpoint("POST", _ONE + "/activate", activate_one, "Switch it on.", returns=RuleShown),
    Endpoint("POST", _ONE + "/deactivate", deactivate_one, "Switch it off.", returns=RuleShown),
    Endpoint("GET", _ONE + "/firings", show_firings, "What it did last.", returns=FiringList),
]
