"""Rules as somebody sets them up: list, add, change, switch on and off."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.fill import check_variables
from desk.channels.tables import Channel
from desk.conversations.rules.tables import Rule
from desk.db import MAX_SMALL_KEY
from desk.errors import Conflict, Invalid, NotFound
from desk.events.changes import Changes, record_changes
from desk.events.log import Actor, record_event
from desk.shapes import Line, Lines, Values
from desk.states import Status
from desk.tags.tables import Tag
from desk.team.tables import Queue

MAX_RULES = 100
MAX_MESSAGE_CHARS = 2000
RULE_CHANGED = "rule.changed"
_SECONDS = {"minutes": 60, "hours": 3600, "days": 86400}
RowId = Annotated[int, Field(ge=1, le=MAX_SMALL_KEY)]
Level = Annotated[int, Field(ge=0, le=2)]
# What people wrote to customers or each other is told in no event.
_WORDS = frozenset({"message", "note"})


class RuleValues(Values):
    """A rule: since when it counts, for whom, after how long, and what then happens.

    ``basis``: status (since the conversation has it), contact_silent (since we last wrote and the
    customer has not), team_silent (since the customer waits for a person). Without a ``status``
    the two silences count in active conversations only. Empty conditions hold for all.
    ``also_past``: what was due before the rule was switched on is done, too.
    """

    name: Line = Field(min_length=1, max_length=120)
    basis: Literal["status", "contact_silent", "team_silent"] = "status"
    status: Status | None = None
    amount: int = Field(default=3, ge=1, le=10_000)
    unit: Literal["minutes", "hours", "days"] = "days"
    time: Literal["calendar", "business"] = "calendar"
    if_queue_id: RowId | None = None
    if_priority: Level | None = None
    if_tag_id: RowId | None = None
    if_channel_id: RowId | None = None
    message: Lines = Field(default="", max_length=MAX_MESSAGE_CHARS)
    set_status: Status | None = None
    set_priority: Level | None = None
    set_queue_id: RowId | None = None
    add_tag_id: RowId | None = None
    note: Lines = Field(default="", max_length=MAX_MESSAGE_CHARS)
    notify: bool = False
    also_past: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.basis == "status" and self.status is None:
            raise ValueError("Escolha o status que a regra espera.")
        if self.time == "business" and self.unit == "days":
            raise ValueError("Em tempo de atendimento, conte em horas: um dia de 8 horas são 8.")
        if self.notify and not self.note:
            raise ValueError("Escreva a nota com que a equipe é avisada.")
        if not self.does_something:
            raise ValueError("Escolha ao menos uma ação.")
        return self

    @property
    def does_something(self) -> bool:
        """Whether there is an action."""
        chosen = (self.set_status, self.set_priority, self.set_queue_id, self.add_tag_id)
        return bool(self.message or self.note) or any(each is not None for each in chosen)

    @property
    def after_seconds(self) -> int:
        """After how long, in the seconds of ``time``."""
        return self.amount * _SECONDS[self.unit]

    @property
    def after(self) -> timedelta:
        """The same as a span."""
        return timedelta(seconds=self.after_seconds)


def rule_values(rule: Rule) -> RuleValues:
    """A rule as it stands."""
    return RuleValues.model_validate({**rule.value, "name": rule.name})


async def list_rules(session: AsyncSession) -> Sequence[Rule]:
    """All rules by name."""
    return (
        (await session.execute(select(Rule).order_by(func.lower(Rule.name), Rule.id)))
        .scalars()
        .all()
    )


async def active_rules(session: AsyncSession) -> Sequence[Rule]:
    """Those that are switched on."""
    query = select(Rule).where(Rule.active).order_by(Rule.id)
    return (await session.execute(query)).scalars().all()


async def rule_by_id(session: AsyncSession, rule_id: int) -> Rule:
    """One rule.

    Raises:
        NotFound: there is none.
    """
    rule = await session.get(Rule, max(0, min(rule_id, MAX_SMALL_KEY)))
    if rule is None:
        raise NotFound("Regra não encontrada.")
    return rule


async def create_rule(session: AsyncSession, values: RuleValues, actor: Actor) -> Rule:
    """Adds a rule, switched off: it is tried on the past first.

    Raises:
        Invalid: what it names does not exist, or its message could not be filled.
        Conflict: there are a hundred already.
    """
    await check_rule(session, values)
    if (await session.execute(select(func.count(Rule.id)))).scalar_one() >= MAX_RULES:
        raise Conflict("São no máximo {limit} regras.", limit=MAX_RULES)
    now = datetime.now(UTC)
    rule = Rule(
        name=values.name,
        active=False,
        value=_stored(values),
        counts_from=now,
        created_at=now,
        updated_at=now,
    )
    session.add(rule)
    await session.flush()
    after = {name: value for name, value in _stored(values).items() if name not in _WORDS}
    await record_event(
        session, "rule.created", actor, id=rule.id, after={"name": values.name, **after}
    )
    return rule


async def change_rule(session: AsyncSession, rule: Rule, values: RuleValues, actor: Actor) -> None:
    """Changes a rule; what it did stays done, and what it has not is counted anew.

    Raises:
        Invalid: what it names does not exist, or its message could not be filled.
    """
    await check_rule(session, values)
    before, after = rule_values(rule), values
    changes = Changes()
    for name in RuleValues.model_fields:
        changes.note(name, getattr(before, name), getattr(after, name))
    if not changes:
        return
    rule.name, rule.value, rule.updated_at = values.name, _stored(values), datetime.now(UTC)
    if rule.active:
        await _count_anew(session, [rule.id])
    await session.flush()
    await record_changes(session, RULE_CHANGED, actor, rule.id, changes, personal=_WORDS)


async def switch_rule(session: AsyncSession, rule: Rule, active: bool, actor: Actor) -> None:
    """Switches a rule on or off; its history stays."""
    if rule.active == active:
        return
    rule.active = active
    if active:
        await check_rule(session, rule_values(rule))
        rule.counts_from = datetime.now(UTC)
        await _count_anew(session, [rule.id])
    await session.flush()
    kind = "rule.activated" if active else "rule.deactivated"
    await record_event(session, kind, actor, id=rule.id, name=rule.name)


async def count_business_rules_anew(session: AsyncSession) -> None:
    """Hours were changed: what is due in business time is due at another moment."""
    rules = await active_rules(session)
    ids = [rule.id for rule in rules if rule_values(rule).time == "business"]
    await _count_anew(session, ids)


async def check_rule(session: AsyncSession, values: RuleValues) -> None:
    """Refuses what a rule could not do.

    Raises:
        Invalid: a queue, tag or channel does not exist, or the message could not be filled.
    """
    tables = {
        "if_queue_id": Queue,
        "set_queue_id": Queue,
        "if_tag_id": Tag,
        "add_tag_id": Tag,
        "if_channel_id": Channel,
    }
    for field, table in tables.items():
        wanted = getattr(values, field)
        if wanted is not None and await session.get(table, wanted) is None:
            raise Invalid(field, "O que foi escolhido aqui não existe mais.")
    if values.set_queue_id is not None:
        queue = await session.get_one(Queue, values.set_queue_id)
        if not queue.active:
            raise Invalid("set_queue_id", "A fila {name} está desativada.", name=queue.name)
    try:
        check_variables(values.message)
    except Invalid as refusal:
        raise Invalid("message", refusal.words, **refusal.values) from refusal


async def _count_anew(session: AsyncSession, rule_ids: Sequence[int]) -> None:
    if rule_ids:
        await session.execute(update(Rule).where(Rule.id.in_(rule_ids)).values(planned_to=0))


def _stored(values: RuleValues) -> dict[str, object]:
    return values.model_dump(mode="json", exclude={"name"})
