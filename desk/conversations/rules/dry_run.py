"""What a rule would have done in a period: the event log is played again, nothing is changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact
from desk.conversations.rules.plan import CONVERSATION_KINDS
from desk.conversations.rules.replay import replayed
from desk.conversations.rules.settings import RuleValues
from desk.conversations.rules.situation import Situation, due_at, earliest_since, holds_since
from desk.conversations.tables import Conversation
from desk.events.log import events_of_conversation, first_seq_since
from desk.events.tables import Event
from desk.hours.tables import BusinessCalendar
from desk.team.tables import Queue

MOST_TRIED = 5000
MOST_TOLD = 200
_MOST_EVENTS = 5000
_BEGINNINGS = {
    "status": ("conversation.created", "conversation.status_changed"),
    "contact_silent": ("message.created",),
    "team_silent": ("message.created", "conversation.owner_changed"),
}


@dataclass(frozen=True)
class WouldFire:
    """The rule would have acted on this conversation then, on what held since."""

    public_id: str
    contact_name: str
    since: datetime
    at: datetime


@dataclass(frozen=True)
class DryRun:
    """What would have happened, newest first, at most two hundred; ``total`` counts all.

    ``is_whole``: every conversation was looked at; otherwise the newest five thousand.
    """

    rows: list[WouldFire]
    total: int
    conversations: int
    is_whole: bool


async def try_rule(
    session: AsyncSession, values: RuleValues, since: datetime, until: datetime
) -> DryRun:
    """Plays a rule on the past from ``since`` to ``until`` (not included).

    Each time counts by itself: what the rule would have changed is not played on.
    """
    until = min(until, datetime.now(UTC))
    tried = await _candidates(session, values, since, until)
    calendars = await _calendars(session)
    found: list[tuple[int, datetime, datetime]] = []
    for conversation_id in tried[:MOST_TRIED]:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            continue
        events = await events_of_conversation(
            session, conversation_id, CONVERSATION_KINDS, _MOST_EVENTS
        )
        steps = list(replayed(conversation.channel_id, events))
        times = _times(values, steps, calendars, until)
        found += [(conversation_id, began, at) for began, at in times if since <= at < until]
        session.expunge_all()
    found.sort(key=lambda each: each[2], reverse=True)
    rows = await _named(session, found[:MOST_TOLD])
    ids = {conversation_id for conversation_id, _, _ in found}
    return DryRun(rows, len(found), len(ids), len(tried) <= MOST_TRIED)


def _times(
    values: RuleValues,
    steps: Sequence[tuple[datetime, Situation]],
    calendars: Mapping[int, BusinessCalendar],
    until: datetime,
) -> Iterator[tuple[datetime, datetime]]:
    """Since when and when the rule would have acted: once for each period."""
    acted: set[datetime] = set()
    ends = [at for at, _ in steps[1:]] + [until]
    for (begins, situation), end in zip(steps, ends, strict=True):
        since = holds_since(values, situation)
        if since is None or since in acted:
            continue
        due = due_at(values, since, calendars.get(situation.queue_id or 0))
        if due is None:
            continue
        at = max(due, begins)
        if at < end:
            acted.add(since)
            yield since, at


async def _candidates(
    session: AsyncSession, values: RuleValues, since: datetime, until: datetime
) -> Sequence[int]:
    """Conversations in which the condition can have begun in time, the newest first."""
    first = await first_seq_since(session, earliest_since(values, since))
    last = await first_seq_since(session, until)
    query = (
        select(Event.conversation_id)
        .where(
            Event.kind.in_(_BEGINNINGS[values.basis]),
            Event.seq >= first,
            Event.seq < last,
            Event.conversation_id.is_not(None),
        )
        .distinct()
        .order_by(Event.conversation_id.desc())
        .limit(MOST_TRIED + 1)
    )
    return [each for each in (await session.execute(query)).scalars() if each is not None]


async def _calendars(session: AsyncSession) -> dict[int, BusinessCalendar]:
    query = select(Queue.id, BusinessCalendar).join(
        BusinessCalendar, BusinessCalendar.id == Queue.calendar_id
    )
    found = {row[0]: row[1] for row in await session.execute(query)}
    session.expunge_all()  # They outlast the batches.
    return found


async def _named(
    session: AsyncSession, found: Sequence[tuple[int, datetime, datetime]]
) -> list[WouldFire]:
    query = (
        select(Conversation.id, Conversation.public_id, Contact.name)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(Conversation.id.in_({conversation_id for conversation_id, _, _ in found}))
    )
    names = {row.id: (row.public_id, row.name or "") for row in await session.execute(query)}
    return [
        WouldFire(*names[conversation_id], since, at)
        for conversation_id, since, at in found
        if conversation_id in names
    ]
