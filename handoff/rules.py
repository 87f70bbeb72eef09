"""Keeps the timers of rules behind the event log, and lets rules act when they are due."""

from zoneinfo import ZoneInfo

from desk.conversations.rules.fire import due_timers, fire_rule
from desk.conversations.rules.plan import (
    HOURS_KINDS,
    PLAN_KINDS,
    plan_conversations,
    plan_next_batch,
)
from desk.conversations.rules.settings import active_rules, count_business_rules_anew
from desk.db import Database
from desk.events.cursors import move_cursor, read_cursor
from desk.events.log import events_after
from handoff.log_follower import LogFollower
from handoff.pulse import Pulse

_BATCH = 200


class Rules(LogFollower):
    """Each rule acts once on a conversation and period, whatever the number of processes."""

    cursor = "rules"

    def __init__(self, database: Database, pulse: Pulse, zone: ZoneInfo) -> None:
        super().__init__(database, pulse)
        self._zone = zone
        self._passed = 0

    async def step(self) -> bool:
        """The next batch of the log; when there is none, what is due."""
        async with self._database.reading() as session:
            seq = await read_cursor(session, self.cursor)
            events = await events_after(session, max(seq, self._passed), _BATCH, PLAN_KINDS)
            none_is_on = not await active_rules(session)
        if not events:
            return await self._plan_all() or await self._fire()
        last = events[-1].seq
        if none_is_on and last - seq < 10 * _BATCH:
            # Nothing to write: a rule that is switched on looks at every conversation itself.
            self._passed = last
            return True
        async with self._database.transaction() as session:
            # Another process may have followed them meanwhile.
            if await move_cursor(session, self.cursor, before=seq, after=last):
                touched = {event.conversation_id for event in events}
                await plan_conversations(session, {each for each in touched if each is not None})
                if any(event.kind in HOURS_KINDS for event in events):
                    await count_business_rules_anew(session)
        return True

    async def _plan_all(self) -> bool:
        async with self._database.reading() as session:
            waits = any(rule.planned_to is not None for rule in await active_rules(session))
        if not waits:
            return False
        async with self._database.transaction() as session:
            return await plan_next_batch(session)

    async def _fire(self) -> bool:
        """Whether more may be due at once."""
        async with self._database.reading() as session:
            due = await due_timers(session)
        for each in due:
            async with self._database.transaction() as session:
                done = await fire_rule(session, each, self._zone)
            if done is not None:
                self._pulse.beat()
        return bool(due)
