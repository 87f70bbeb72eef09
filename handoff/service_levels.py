"""Keeps the clocks of service levels, and marks them when their moment comes."""

from desk.conversations.levels.follow import (
    CLOCK_KINDS,
    follow_events,
    matter_to_clocks,
    start_for_those_with_people,
)
from desk.conversations.levels.marking import clocks_to_mark, mark_clock
from desk.db import Database
from desk.events.cursors import move_cursor, read_cursor, start_cursor
from desk.events.log import events_after
from handoff.log_follower import LogFollower
from handoff.pulse import Pulse

_BATCH = 200


class ServiceLevels(LogFollower):
    """Each event counts once and each mark is made once, whatever the number of processes."""

    cursor = "service_levels"

    def __init__(self, database: Database, pulse: Pulse) -> None:
        super().__init__(database, pulse)
        self._passed = 0

    async def begin(self) -> None:
        """From now on by the log; what people have already gets its clocks at the first start."""
        async with self._database.reading() as session:
            known = await read_cursor(session, self.cursor)
        if known == 0:
            async with self._database.transaction() as session:
                await start_cursor(session, self.cursor)
                await start_for_those_with_people(session)

    async def step(self) -> bool:
        """The next batch of the log; when there is none, what is due."""
        async with self._database.reading() as session:
            seq = await read_cursor(session, self.cursor)
            events = await events_after(session, max(seq, self._passed), _BATCH, CLOCK_KINDS)
            wanted = await matter_to_clocks(session, events)
        if not events:
            return await self._mark(seq)
        if not wanted and events[-1].seq - seq < 10 * _BATCH:
            # Nothing to write: after a restart these few are merely read again.
            self._passed = events[-1].seq
            return True
        async with self._database.transaction() as session:
            # Another process may have followed them meanwhile.
            if await move_cursor(session, self.cursor, before=seq, after=events[-1].seq):
                await follow_events(session, wanted)
        if wanted:
            self._pulse.beat("events")
        return True

    async def _mark(self, seq: int) -> bool:
        """Whether more may be due at once."""
        async with self._database.reading() as session:
            due = await clocks_to_mark(session)
        marked = 0
        for clock_id in due:
            async with self._database.transaction() as session:
                read_to = max(seq, self._passed)
                marked += await mark_clock(session, clock_id, CLOCK_KINDS, read_to)
        if marked:
            self._pulse.beat("events")
        return marked > 0
