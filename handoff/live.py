"""Who looks at what, and telling them when it changes: ids only, coalesced.

One reader a process follows the event log. Consoles get the public ids of changed
conversations that they may see; a web chat gets its own changed message ids.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.ownership import FORMER_ASSIGNEE, FORMER_QUEUE
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.events.log import events_after, latest_seq
from desk.events.tables import Event
from desk.team.presence import PRESENCE_CHANGED
from handoff.pulse import Pulse, wait_for

_BATCH = 500
REPLAY_LIMIT = 1000
_ECHO_SECONDS = 0.25
TEAM_KINDS = frozenset({PRESENCE_CHANGED, "user.created", "user.changed", "queue.changed"})

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Change:
    """A conversation in which something happened, with the messages concerned.

    ``queue_ids``: its queue, and one that it has just left, whose agents must see it go;
    ``former_assignee_ids``: who had it and must see it go.
    ``only_heard``: nothing but messages of the customer's own.
    """

    conversation_id: int
    public_id: str
    queue_ids: frozenset[int]
    assignee_id: int | None
    message_ids: frozenset[int]
    only_heard: bool = False
    former_assignee_ids: frozenset[int] = frozenset()


class Subscriber:
    """Somebody who waits for changes. Unread ones are merged, so its memory is bounded."""

    def __init__(self, *, sees_all: bool, queue_ids: Sequence[int], user_id: int | None) -> None:
        self._sees_all = sees_all
        self._queue_ids = set(queue_ids)
        self._user_id = user_id
        self._arrived = asyncio.Event()
        self._seq = 0
        self._conversations: dict[str, set[int]] = {}
        self.closed = False
        self._team_changed = False

    def sees(self, change: Change) -> bool:
        """Whether this subscriber may know of the change."""
        return (
            self._sees_all
            or not change.queue_ids.isdisjoint(self._queue_ids)
            or (self._user_id is not None and change.assignee_id == self._user_id)
            or self._user_id in change.former_assignee_ids
        )

    def offer(self, seq: int, change: Change) -> None:
        """Adds a change to what is unread."""
        self._seq = max(self._seq, seq)
        self._conversations.setdefault(change.public_id, set()).update(change.message_ids)
        self._arrived.set()

    def offer_team(self, seq: int) -> None:
        """Somebody of the team came, left, or works otherwise than before."""
        self._seq = max(self._seq, seq)
        self._team_changed = True
        self._arrived.set()

    def take_team_change(self) -> bool:
        """Whether the team changed since this was asked last."""
        changed, self._team_changed = self._team_changed, False
        return changed

    def close(self) -> None:
        """The service stops: the stream ends."""
        self.closed = True
        self._arrived.set()

    def wake(self) -> None:
        """Something else than a change is new: ``next`` ends with nothing."""
        self._arrived.set()

    async def next(self, seconds: float) -> tuple[int, dict[str, set[int]]]:
        """The number reached and the changed message ids by conversation; empty after a while."""
        await wait_for(self._arrived, seconds)
        conversations, self._conversations = self._conversations, {}
        return self._seq, conversations


class OneConversation(Subscriber):
    """The customer's own conversation."""

    def __init__(self, conversation_id: int) -> None:
        super().__init__(sees_all=False, queue_ids=(), user_id=None)
        self.conversation_id = conversation_id
        self._echo: asyncio.TimerHandle | None = None

    def sees(self, change: Change) -> bool:
        """Its own and nothing else."""
        return change.conversation_id == self.conversation_id

    def offer(self, seq: int, change: Change) -> None:
        """As for others; the echo of the customer's own words gives way to their answer."""
        if change.only_heard and self._echo is None:
            later = asyncio.get_running_loop().call_later
            self._echo = later(_ECHO_SECONDS, self._offer_now, seq, change)
        elif not change.only_heard:
            self._offer_now(seq, change)

    def _offer_now(self, seq: int, change: Change) -> None:
        """Whoever reads now reads the waiting echo, too."""
        if self._echo is not None:
            self._echo.cancel()
            self._echo = None
        super().offer(seq, change)


class Live:
    """Follows the event log and tells the subscribers."""

    def __init__(self, database: Database, pulse: Pulse) -> None:
        self._database = database
        self._pulse = pulse
        self._team: set[Subscriber] = set()
        self._customers: dict[int, set[OneConversation]] = {}
        self._seq = 0

    @property
    def seq(self) -> int:
        """The newest event that was told."""
        return self._seq

    def subscribe(self, subscriber: Subscriber) -> None:
        """Starts telling."""
        if isinstance(subscriber, OneConversation):
            self._customers.setdefault(subscriber.conversation_id, set()).add(subscriber)
        else:
            self._team.add(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Stops telling."""
        if isinstance(subscriber, OneConversation):
            others = self._customers.get(subscriber.conversation_id, set())
            others.discard(subscriber)
            if not others:
                self._customers.pop(subscriber.conversation_id, None)
        else:
            self._team.discard(subscriber)

    def close_all(self) -> None:
        """Ends every stream: an open one would hold up the shutdown."""
        everyone: list[Subscriber] = [*self._team]
        for customers in self._customers.values():
            everyone += customers
        for subscriber in everyone:
            subscriber.close()

    async def run(self) -> None:
        """Follows the log until cancelled."""
        waiter = self._pulse.waiter("events")
        begun = False
        try:
            while True:
                try:
                    if not begun:
                        async with self._database.reading() as session:
                            self._seq = await latest_seq(session)
                        begun = True
                    while await self._tell_next():
                        pass
                except Exception:
                    # The database may be restarting: the log is read on from the same number.
                    logger.exception("live.read_failed")
                await wait_for(waiter)
        finally:
            self._pulse.forget(waiter)

    async def _tell_next(self) -> bool:
        async with self._database.reading() as session:
            events = await events_after(session, self._seq, _BATCH)
            if not events:
                return False
            changes = await changes_of(session, events)
        seq = self._seq = events[-1].seq
        for change in changes:
            for customer in self._customers.get(change.conversation_id, set()):
                customer.offer(seq, change)
            for colleague in self._team:
                if colleague.sees(change):
                    colleague.offer(seq, change)
        if any(event.kind in TEAM_KINDS for event in events):
            for colleague in self._team:
                colleague.offer_team(seq)
        return len(events) == _BATCH


async def changes_of(session: AsyncSession, events: Sequence[Event]) -> list[Change]:
    """The conversations that these events speak of, each once."""
    messages: dict[int, set[int]] = {}
    queues: dict[int, set[int]] = defaultdict(set)
    formers: dict[int, set[int]] = defaultdict(set)
    more_than_heard: set[int] = set()
    for event in events:
        if event.conversation_id is not None:
            touched = messages.setdefault(event.conversation_id, set())
            if event.kind != "message.created" or event.data.get("direction") != "in":
                more_than_heard.add(event.conversation_id)
            if (left := event.data.get(FORMER_QUEUE)) is not None:
                queues[event.conversation_id].add(left)
            if (former := event.data.get(FORMER_ASSIGNEE)) is not None:
                formers[event.conversation_id].add(former)
            if "message_id" in event.data and event.kind.startswith("message."):
                touched.add(event.data["message_id"])
    if not messages:
        return []
    rows = await session.execute(
        select(
            Conversation.id,
            Conversation.public_id,
            Conversation.queue_id,
            Conversation.assignee_id,
        ).where(Conversation.id.in_(messages))
    )
    changes = []
    for row in rows:
        if row.queue_id is not None:
            queues[row.id].add(row.queue_id)
        changes.append(
            Change(
                row.id,
                row.public_id,
                frozenset(queues[row.id]),
                row.assignee_id,
                frozenset(messages[row.id]),
                only_heard=row.id not in more_than_heard,
                former_assignee_ids=frozenset(formers[row.id]),
            )
        )
    return changes
