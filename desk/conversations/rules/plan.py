"""When each rule is due for each conversation: timers, kept behind the event log."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.rules.settings import active_rules, rule_values
from desk.conversations.rules.situation import Situation, due_at, holds_since, situation_of
from desk.conversations.rules.tables import Rule, RuleFiring, RuleTimer
from desk.conversations.tables import Conversation
from desk.db import upsert
from desk.hours.calendars import calendar_of_queue

CONVERSATION_KINDS = (
    "message.created",
    "conversation.created",
    "conversation.status_changed",
    "conversation.owner_changed",
    "conversation.queue_changed",
    "conversation.priority_changed",
    "conversation.tagged",
    "conversation.untagged",
)
HOURS_KINDS = ("calendar.changed", "queue.changed")
PLAN_KINDS = (*CONVERSATION_KINDS, *HOURS_KINDS)
_BATCH = 500


async def plan_conversations(session: AsyncSession, conversation_ids: Collection[int]) -> None:
    """Sets the timers of these conversations as they stand now."""
    rules = await active_rules(session)
    if rules:
        await _plan(session, rules, sorted(conversation_ids))


async def plan_next_batch(session: AsyncSession) -> bool:
    """Goes on with a rule that was switched on or changed; False when none is left.

    Its place is a row's number in the rule itself, so that a restart goes on where it was.
    """
    query = select(Rule).where(Rule.planned_to.is_not(None)).order_by(Rule.id).limit(1)
    rule = (await session.execute(query.with_for_update(skip_locked=True))).scalar_one_or_none()
    if rule is None:
        return False
    place = rule.planned_to or 0
    if place == 0:
        await session.execute(delete(RuleTimer).where(RuleTimer.rule_id == rule.id))
    found = select(Conversation.id).where(Conversation.id > place)
    found = found.order_by(Conversation.id).limit(_BATCH)
    ids = (await session.execute(found)).scalars().all() if rule.active else []
    await _plan(session, [rule], ids)
    rule.planned_to = ids[-1] if len(ids) == _BATCH else None
    await session.flush()
    return True


async def _plan(session: AsyncSession, rules: Sequence[Rule], ids: Sequence[int]) -> None:
    query = select(Conversation).where(Conversation.id.in_(ids)).order_by(Conversation.id)
    fresh = query.execution_options(populate_existing=True)
    for conversation in (await session.execute(fresh)).scalars().all():
        situation = await situation_of(session, conversation)
        for rule in rules:
            await _set_timer(session, rule, conversation.id, situation)


async def _set_timer(
    session: AsyncSession, rule: Rule, conversation_id: int, situation: Situation
) -> None:
    values = rule_values(rule)
    since = holds_since(values, situation)
    mine = (RuleTimer.rule_id == rule.id, RuleTimer.conversation_id == conversation_id)
    if since is None:
        await session.execute(delete(RuleTimer).where(*mine))
        return
    needs_hours = values.time == "business"
    calendar = await calendar_of_queue(session, situation.queue_id) if needs_hours else None
    due = due_at(values, since, calendar)
    if due is None or (due < rule.counts_from and not values.also_past):
        await session.execute(delete(RuleTimer).where(*mine))
        return
    if await fired_for(session, rule.id, conversation_id, since):
        await session.execute(update(RuleTimer).where(*mine).values(due_at=None))
        return
    row = upsert(session)(RuleTimer).values(
        rule_id=rule.id, conversation_id=conversation_id, since=since, due_at=due
    )
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["rule_id", "conversation_id"],
            set_={"since": row.excluded.since, "due_at": row.excluded.due_at},
        )
    )


async def fired_for(
    session: AsyncSession, rule_id: int, conversation_id: int, since: datetime
) -> bool:
    """Whether a rule acted already in the period that began then."""
    query = select(RuleFiring.id).where(
        RuleFiring.rule_id == rule_id,
        RuleFiring.conversation_id == conversation_id,
        RuleFiring.since == since,
    )
    return (await session.execute(query)).first() is not None
