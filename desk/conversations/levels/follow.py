"""Keeps the clocks behind the event log, so that no message and no status waits for them.

Each event comes with its moment: what happened while no process ran is counted as it happened.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.find import lock_conversation
from desk.conversations.levels.clocks import (
    Terms,
    end_clock,
    judge_anew,
    move_clock,
    pause_clock,
    resume_clock,
    start_clock,
)
from desk.conversations.levels.marking import BREACHED, mark_facts
from desk.conversations.levels.tables import ClockKind, ServiceClock
from desk.conversations.levels.targets import LEVEL_CHANGED, level_of
from desk.conversations.ownership import FORMER_QUEUE
from desk.conversations.tables import Conversation
from desk.errors import NotFound
from desk.events.log import SYSTEM, record_event
from desk.events.tables import Event
from desk.hours.calendars import calendar_of_queue
from desk.states import ENDED, Owner, Status
from desk.team.tables import Queue

COUNTED = "service_level.counted"
OWNER = "conversation.owner_changed"
STATUS = "conversation.status_changed"
PRIORITY = "conversation.priority_changed"
QUEUE = "conversation.queue_changed"
MESSAGE = "message.created"
_PROMISES = (LEVEL_CHANGED, "queue.changed", "calendar.changed")
CLOCK_KINDS = (OWNER, STATUS, PRIORITY, QUEUE, MESSAGE, *_PROMISES)
_RESPONSES = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE)


async def matter_to_clocks(session: AsyncSession, events: Sequence[Event]) -> list[Event]:
    """Those events that can change a clock, in order: most messages are between bot and customer.

    A clock begins with a change of owner; before that, and after it ended, nothing matters.
    """
    ids = {event.conversation_id for event in events if event.conversation_id is not None}
    running = select(ServiceClock.conversation_id).where(
        ServiceClock.conversation_id.in_(ids), ServiceClock.ended_at.is_(None)
    )
    timed: set[int | None] = set((await session.execute(running)).scalars())
    timed |= {event.conversation_id for event in events if event.kind == OWNER}
    return [event for event in events if event.kind in _PROMISES or event.conversation_id in timed]


async def follow_events(session: AsyncSession, events: Sequence[Event]) -> None:
    """Changes the clocks as these events, in order, demand."""
    book = _Book(session)
    judged = await _judged_anew(session, events)
    ids = {each.conversation_id for each in events if each.conversation_id is not None}
    # In one order, as everybody holds conversations.
    for conversation_id in sorted(ids | judged.keys()):
        with suppress(NotFound):  # Erased meanwhile.
            conversation = await lock_conversation(session, conversation_id)
            service = _Service(book, conversation, await clocks_of(session, conversation_id))
            if conversation_id in judged:
                await service.judge_anew(judged[conversation_id])
            mine = [event for event in events if event.conversation_id == conversation_id]
            await service.live(mine)


async def start_for_those_with_people(session: AsyncSession) -> int:
    """Clocks for what people have already when clocks are kept for the first time."""
    book = _Book(session)
    query = (
        select(Conversation.id)
        .where(Conversation.owner.in_([Owner.QUEUE, Owner.AGENT]))
        .order_by(Conversation.id)
    )
    ids = (await session.execute(query)).scalars().all()
    for conversation_id in ids:
        conversation = await lock_conversation(session, conversation_id)
        running = await clocks_of(session, conversation_id)
        if not running and conversation.status not in ENDED:
            await _Service(book, conversation, running).begin_late()
    return len(ids)


async def clocks_of(session: AsyncSession, conversation_id: int) -> dict[ClockKind, ServiceClock]:
    """The running clocks of a conversation."""
    query = select(ServiceClock).where(
        ServiceClock.conversation_id == conversation_id, ServiceClock.ended_at.is_(None)
    )
    return {clock.kind: clock for clock in (await session.execute(query)).scalars()}


@dataclass
class _Book:
    """The terms of each queue, read once for a batch."""

    session: AsyncSession
    known: dict[int | None, Terms] = field(default_factory=dict)

    async def terms(self, queue_id: int | None) -> Terms:
        if queue_id not in self.known:
            calendar = await calendar_of_queue(self.session, queue_id)
            level = await level_of(self.session, queue_id)
            self.known[queue_id] = Terms(queue_id, calendar, level)
        return self.known[queue_id]


class _Service:
    """What happens to one conversation's clocks."""

    def __init__(
        self, book: _Book, conversation: Conversation, clocks: dict[ClockKind, ServiceClock]
    ) -> None:
        self._book, self._session = book, book.session
        self._conversation, self._clocks = conversation, clocks
        self._queue_id, self._priority = conversation.queue_id, conversation.priority

    async def live(self, events: Sequence[Event]) -> None:
        """Goes through the events; the row itself may be further already."""
        self._queue_id, self._priority = _as_it_was(self._conversation, events)
        for event in events:
            await self._apply(event)
        await self.note_due()

    async def judge_anew(self, at: datetime) -> None:
        """What was promised, or the hours, are others since this moment."""
        for clock in self._clocks.values():
            terms = await self._terms(clock)
            if not terms.level.pauses_while_waiting:
                resume_clock(clock, terms, at)
            judge_anew(clock, terms, at)

    async def begin_late(self) -> None:
        """Starts with what the row tells."""
        row = self._conversation
        since = row.waiting_since or row.status_since
        await self._start(ClockKind.RESOLUTION, since)
        if row.status is Status.OPEN:
            await self._start(ClockKind.FIRST_RESPONSE, since)
        elif row.waiting_since is not None:
            await self._start(ClockKind.NEXT_RESPONSE, row.waiting_since)
        if row.status is Status.WAITING:
            await self._pause(row.status_since)
        await self.note_due()

    async def note_due(self) -> None:
        """Keeps with the conversation when the first of its clocks is due, for the lists."""
        self._clocks = {
            kind: clock for kind, clock in self._clocks.items() if clock.ended_at is None
        }
        due = [clock.due_at for clock in self._clocks.values() if clock.due_at is not None]
        first = min(due) if due else None
        if first == self._conversation.service_due_at:
            return
        self._conversation.service_due_at = first
        await self._session.flush()
        # Screens that drew the conversation a moment ago follow the log: they draw it anew.
        told = first.isoformat() if first else None
        await record_event(
            self._session, COUNTED, SYSTEM, conversation_id=self._conversation.id, due_at=told
        )

    async def _apply(self, event: Event) -> None:
        data = event.data
        if event.kind == OWNER:
            await self._owner_changed(event)
        elif event.kind == STATUS:
            await self._status_changed(event, Status(data["after"]))
        elif event.kind == PRIORITY:
            await self._move(self._queue_id, int(data["after"]), event.at)
        elif event.kind == QUEUE:
            await self._move(data["after"], self._priority, event.at)
        elif event.kind == MESSAGE and data.get("message_kind") == "message":
            await self._message(event)

    async def _owner_changed(self, event: Event) -> None:
        if event.data.get("after") == Owner.BOT.value:
            await self._end_all(event, answered=False)
            return
        queue_id = event.data.get("queue_id", self._queue_id)
        await self._move(queue_id, self._priority, event.at)
        if ClockKind.RESOLUTION not in self._clocks:
            await self._start(ClockKind.RESOLUTION, event.at)
            await self._start(ClockKind.FIRST_RESPONSE, event.at)

    async def _status_changed(self, event: Event, status: Status) -> None:
        if status in ENDED:
            # Who leaves by themselves has been helped by nobody.
            helped = event.actor_kind != "contact"
            await self._end(ClockKind.RESOLUTION, event, answered=helped)
            await self._end_all(event, answered=False)
        elif status is Status.WAITING:
            await self._pause(event.at)
        else:
            for clock in self._clocks.values():
                resume_clock(clock, await self._terms(clock), event.at)

    async def _message(self, event: Event) -> None:
        if event.data.get("direction") == "out":
            if event.actor_kind == "agent":
                for kind in _RESPONSES:
                    await self._end(kind, event, answered=True)
            return
        if event.actor_kind != "contact" or ClockKind.RESOLUTION not in self._clocks:
            return
        asked = [self._clocks[kind] for kind in _RESPONSES if kind in self._clocks]
        for clock in asked:  # Set aside as waiting, but the customer has written since.
            resume_clock(clock, await self._terms(clock), event.at)
        if not asked:
            await self._start(ClockKind.NEXT_RESPONSE, event.at)

    async def _start(self, kind: ClockKind, at: datetime) -> None:
        terms = await self._book.terms(self._queue_id)
        clock = start_clock(self._conversation.id, kind, terms, self._priority, at)
        self._session.add(clock)
        self._clocks[kind] = clock

    async def _pause(self, at: datetime) -> None:
        for clock in self._clocks.values():
            terms = await self._terms(clock)
            if terms.level.pauses_while_waiting:
                pause_clock(clock, terms, at)

    async def _move(self, queue_id: int | None, priority: int, at: datetime) -> None:
        if (queue_id, priority) == (self._queue_id, self._priority):
            return
        self._queue_id, self._priority = queue_id, priority
        after = await self._book.terms(queue_id)
        for clock in self._clocks.values():
            move_clock(clock, await self._terms(clock), after, priority, at)

    async def _end_all(self, event: Event, *, answered: bool) -> None:
        for kind in list(self._clocks):
            await self._end(kind, event, answered=answered)

    async def _end(self, kind: ClockKind, event: Event, *, answered: bool) -> None:
        clock = self._clocks.pop(kind, None)
        if clock is None:
            return
        agent_id = event.actor_id if event.actor_kind == "agent" else None
        terms = await self._terms(clock)
        unmarked = end_clock(clock, terms, event.at, answered=answered, agent_id=agent_id)
        await self._session.flush()
        if unmarked:
            await record_event(self._session, BREACHED, SYSTEM, **mark_facts(clock))
        if clock.target_seconds is None:
            await self._session.delete(clock)
        await self._session.flush()

    async def _terms(self, clock: ServiceClock) -> Terms:
        return await self._book.terms(clock.queue_id)


def _as_it_was(conversation: Conversation, events: Sequence[Event]) -> tuple[int | None, int]:
    """Queue and priority before the first of these events: the row is as after the last."""
    queue_id, priority = conversation.queue_id, conversation.priority
    for event in reversed(events):
        if event.kind == PRIORITY:
            priority = int(event.data["before"])
        elif event.kind == QUEUE:
            queue_id = event.data["before"]
        elif event.kind == OWNER and FORMER_QUEUE in event.data:
            queue_id = event.data[FORMER_QUEUE]
    return queue_id, priority


async def _judged_anew(session: AsyncSession, events: Sequence[Event]) -> dict[int, datetime]:
    """The conversations whose promise or hours changed with these events, and when."""
    judged: dict[int, datetime] = {}
    for event in events:
        if event.kind not in _PROMISES:
            continue
        query = select(ServiceClock.conversation_id).where(
            ServiceClock.queue_id.in_(await _queues_of(session, event)),
            ServiceClock.ended_at.is_(None),
        )
        judged |= dict.fromkeys((await session.execute(query)).scalars(), event.at)
    return judged


async def _queues_of(session: AsyncSession, event: Event) -> Sequence[int]:
    if event.kind != "calendar.changed":
        return [int(event.data["id"])]
    query = select(Queue.id).where(Queue.calendar_id == int(event.data["id"]))
    return (await session.execute(query)).scalars().all()
