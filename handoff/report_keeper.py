"""Keeps the reports up to date behind the event log: no message waits for a figure."""

from zoneinfo import ZoneInfo

from desk.db import Database
from desk.events.cursors import move_cursor, read_cursor
from desk.events.log import events_after
from desk.reports.follow import FOLLOWED_KINDS, follow_events
from desk.reports.rebuild import CURSOR, begin_reports
from handoff.log_follower import LogFollower
from handoff.pulse import Pulse

_BATCH = 400


class ReportKeeper(LogFollower):
    """Counts what happened; each event once, whatever the number of processes."""

    cursor = CURSOR
    pause_seconds = 1.0
    breath_seconds = 0.05

    def __init__(self, database: Database, pulse: Pulse, zone: ZoneInfo) -> None:
        super().__init__(database, pulse)
        self._zone = zone

    async def begin(self) -> None:
        """From the first event on: what happened before there were reports is counted, too."""
        async with self._database.transaction() as session:
            await begin_reports(session)

    async def step(self) -> bool:
        """One batch of the log; says whether there was one."""
        async with self._database.reading(may_be_slow=True) as session:
            seq = await read_cursor(session, self.cursor)
            events = await events_after(session, seq, _BATCH, FOLLOWED_KINDS)
        if not events:
            return False
        async with self._database.transaction() as session:
            # Another process may have done the same meanwhile.
            if await move_cursor(session, self.cursor, before=seq, after=events[-1].seq):
                await follow_events(session, events, self._zone)
        return True
