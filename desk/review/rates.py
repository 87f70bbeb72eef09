"""How often the bot managed alone, did not understand, or called a person, over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Understanding
from desk.events.log import first_seq_since
from desk.events.tables import Event

Unit = Literal["day", "week"]
SPANS: dict[Unit, int] = {"day": 14, "week": 12}
"""So many days or weeks are told."""


@dataclass(frozen=True)
class Rate:
    """Of the days from ``start`` on: counts, from which the shares follow.

    ``conversations`` in which the bot worked a message; ``with_person`` of them went to a person.
    """

    start: date
    messages: int
    fallbacks: int
    handoffs: int
    conversations: int
    with_person: int

    @property
    def containment(self) -> float | None:
        """The share of conversations without a person; None when there was none at all."""
        return _share(self.conversations - self.with_person, self.conversations)

    @property
    def fallback_rate(self) -> float | None:
        """The share of messages that were not understood."""
        return _share(self.fallbacks, self.messages)

    @property
    def handoff_rate(self) -> float | None:
        """The share of messages upon which a person was called."""
        return _share(self.handoffs, self.messages)


@dataclass(frozen=True)
class IntentRate:
    """The same for what was taken for one intent, over the whole time."""

    intent: str
    messages: int
    fallbacks: int
    handoffs: int

    @property
    def handoff_rate(self) -> float:
        """The share upon which a person was called."""
        return self.handoffs / self.messages


async def rates_over_time(
    session: AsyncSession, zone: ZoneInfo, unit: Unit, now: datetime, intent: str = ""
) -> list[Rate]:
    """The last fortnight by day, or the last twelve weeks by week, oldest first.

    With an ``intent`` only messages that were taken for it count.
    """
    starts = _starts(now.astimezone(zone).date(), unit)
    ends = [*starts[1:], starts[-1] + timedelta(days=7 if unit == "week" else 1)]
    return [
        await _rate(session, start, _at(start, zone), _at(end, zone), intent)
        for start, end in zip(starts, ends, strict=True)
    ]


async def rates_by_intent(
    session: AsyncSession, zone: ZoneInfo, unit: Unit, now: datetime
) -> list[IntentRate]:
    """Of the same time, the intents that led to a person most often first."""
    since = _at(_starts(now.astimezone(zone).date(), unit)[0], zone)
    messages = func.count().label("messages")
    handoffs = _count_of(Understanding.handed_off)
    query = (
        select(Understanding.intent, messages, _count_of(_fell_back()), handoffs)
        .where(Understanding.at >= since)
        .group_by(Understanding.intent)
        .order_by(handoffs.desc(), messages.desc(), Understanding.intent)
    )
    return [IntentRate(*row) for row in await session.execute(query)]


async def _rate(
    session: AsyncSession, start: date, since: datetime, until: datetime, intent: str
) -> Rate:
    within = [Understanding.at >= since, Understanding.at < until]
    if intent:
        within.append(Understanding.intent == intent)
    query = select(
        func.count(),
        _count_of(_fell_back()),
        _count_of(Understanding.handed_off),
        func.count(Understanding.conversation_id.distinct()),
    ).where(*within)
    messages, fallbacks, handoffs, conversations = (await session.execute(query)).one()
    with_person = 0
    if messages:
        person = await _went_to_a_person(session, since, until)
        with_them = select(func.count(Understanding.conversation_id.distinct()))
        with_person = (await session.execute(with_them.where(*within, person))).scalar_one()
    return Rate(start, messages, fallbacks, handoffs, conversations, with_person)


async def _went_to_a_person(
    session: AsyncSession, since: datetime, until: datetime
) -> ColumnElement[bool]:
    """In this time a queue or an agent got the conversation, at the bot's or anybody's wish."""
    first, last = await first_seq_since(session, since), await first_seq_since(session, until)
    return exists().where(
        and_(
            Event.conversation_id == Understanding.conversation_id,
            Event.kind == "conversation.owner_changed",
            Event.seq >= first,
            Event.seq < last,
            Event.data["after"].as_string() != "bot",
        )
    )


def _fell_back() -> ColumnElement[bool]:
    return Understanding.reason.in_(("fallback", "repeated"))


def _count_of(condition: SQLColumnExpression[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _starts(today: date, unit: Unit) -> Sequence[date]:
    count = SPANS[unit]
    if unit == "day":
        return [today - timedelta(days=count - 1 - place) for place in range(count)]
    monday = today - timedelta(days=today.weekday())
    return [monday - timedelta(weeks=count - 1 - place) for place in range(count)]


def _at(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
