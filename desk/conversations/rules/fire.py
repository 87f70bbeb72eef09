"""What a rule does when it is due: once for a conversation and period, all in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.find import lock_conversation
from desk.conversations.rules.actions import ACTIONS, Refusal, Task
from desk.conversations.rules.settings import rule_values
from desk.conversations.rules.situation import due_at, holds_since, situation_of
from desk.conversations.rules.tables import Rule, RuleFiring, RuleTimer
from desk.conversations.tables import Conversation
from desk.db import upsert
from desk.errors import NotFound
from desk.events.log import Actor, record_event
from desk.events.tables import Event
from desk.hours.calendars import calendar_of_queue

FIRED = "rule.fired"
_BATCH = 50
_PEOPLE = ("contact", "agent")
"""Not the bot: what a rule ends it says goodbye to."""


@dataclass(frozen=True)
class Due:
    """A timer whose moment has come."""

    rule_id: int
    conversation_id: int


@dataclass
class Done:
    """What a rule did, and what it could not and why."""

    done: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


async def due_timers(session: AsyncSession, now: datetime | None = None) -> list[Due]:
    """Timers whose moment has come, the oldest first; an index holds only those that wait."""
    query = (
        select(RuleTimer.rule_id, RuleTimer.conversation_id)
        .where(RuleTimer.due_at <= (now or datetime.now(UTC)))
        .order_by(RuleTimer.due_at)
        .limit(_BATCH)
    )
    return [Due(*row) for row in await session.execute(query)]


async def fire_rule(
    session: AsyncSession, due: Due, zone: ZoneInfo, now: datetime | None = None
) -> Done | None:
    """Lets a rule act, if its condition still holds; None when there was nothing to do.

    The row of the firing is unique for rule, conversation and period: a retry, a restart and a
    second process find it and do nothing.
    """
    at = now or datetime.now(UTC)
    try:
        conversation = await lock_conversation(session, due.conversation_id)
    except NotFound:
        return None
    rule = await session.get(Rule, due.rule_id, populate_existing=True)
    since = await _still_due(session, rule, conversation, at)
    if rule is None or since is None:
        await _put_off(session, due)
        return None
    if not await _first_time(session, rule, conversation, since, at):
        await _put_off(session, due)
        return None
    done = Done()
    values, actor = rule_values(rule), Actor("rule", rule.id)
    for name, act in ACTIONS.items():
        outcome = await act(session, Task(conversation, values, actor, zone, at))
        if isinstance(outcome, Refusal):
            done.refused[name] = outcome.value
        elif outcome:
            done.done.append(name)
    await _keep(session, rule, conversation, since, done)
    await record_event(
        session,
        FIRED,
        actor,
        conversation_id=conversation.id,
        rule_id=rule.id,
        since=since.isoformat(),
        done=done.done,
        refused=sorted(done.refused),
    )
    await _put_off(session, due)
    return done


async def firings_of(session: AsyncSession, rule_id: int, limit: int = 50) -> Sequence[RuleFiring]:
    """What a rule did last, newest first."""
    query = select(RuleFiring).where(RuleFiring.rule_id == rule_id)
    query = query.order_by(RuleFiring.id.desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


async def _still_due(
    session: AsyncSession, rule: Rule | None, conversation: Conversation, at: datetime
) -> datetime | None:
    """Since when the condition holds, if long enough: the conversation counts, not the timer."""
    if rule is None or not rule.active:
        return None
    values = rule_values(rule)
    since = holds_since(values, await situation_of(session, conversation))
    if since is None:
        return None
    calendar = await calendar_of_queue(session, conversation.queue_id)
    due = due_at(values, since, calendar)
    return since if due is not None and due <= at else None


async def _first_time(
    session: AsyncSession, rule: Rule, conversation: Conversation, since: datetime, at: datetime
) -> bool:
    """Claims the period.

    A rule acts on a conversation again only after somebody (customer or team) did something
    there: two rules that undo each other stop after one round.
    """
    if await _nobody_since_last_time(session, rule, conversation):
        return False
    row = upsert(session)(RuleFiring).values(
        rule_id=rule.id,
        conversation_id=conversation.id,
        since=since,
        fired_at=at,
        done=[],
        refused={},
    )
    claimed = await session.execute(row.on_conflict_do_nothing().returning(RuleFiring.id))
    return claimed.scalar_one_or_none() is not None


async def _nobody_since_last_time(
    session: AsyncSession, rule: Rule, conversation: Conversation
) -> bool:
    last = (
        select(Event.seq, Event.data)
        .where(
            Event.conversation_id == conversation.id,
            Event.kind == FIRED,
            Event.actor_kind == "rule",
            Event.actor_id == rule.id,
        )
        .order_by(Event.seq.desc())
        .limit(1)
    )
    fired = (await session.execute(last)).first()
    if fired is None:
        return False
    later = select(Event.seq).where(
        Event.conversation_id == conversation.id,
        Event.seq > fired.seq,
        Event.actor_kind.in_(_PEOPLE),
    )
    return (await session.execute(later.limit(1))).first() is None


async def _keep(
    session: AsyncSession, rule: Rule, conversation: Conversation, since: datetime, done: Done
) -> None:
    await session.execute(
        update(RuleFiring)
        .where(
            RuleFiring.rule_id == rule.id,
            RuleFiring.conversation_id == conversation.id,
            RuleFiring.since == since,
        )
        .values(done=done.done, refused=done.refused)
        .execution_options(synchronize_session=False)
    )


async def _put_off(session: AsyncSession, due: Due) -> None:
    """Nothing more to do here until the log brings a change."""
    await session.execute(
        update(RuleTimer)
        .where(RuleTimer.rule_id == due.rule_id, RuleTimer.conversation_id == due.conversation_id)
        .values(due_at=None)
        .execution_options(synchronize_session=False)
    )
