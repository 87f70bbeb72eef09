"""Makes deliveries of what happens, from the event log, once for each endpoint."""

from desk.events.cursors import move_cursor, read_cursor
from desk.events.log import events_after, latest_seq
from desk.webhooks.deliveries import listening_endpoints, write_deliveries
from handoff.log_follower import LogFollower

_BATCH = 200
# Behind so many events that nobody hears of, the cursor is moved all the same.
_SKIPPED_AT_ONCE = 2000


class WebhookFeed(LogFollower):
    """Each event becomes rows once, whatever the number of processes."""

    cursor = "webhooks"

    async def step(self) -> bool:
        """Makes the rows of the next batch."""
        async with self._database.reading() as session:
            endpoints = await listening_endpoints(session)
            if not endpoints:
                return False
            kinds = sorted({kind for endpoint in endpoints for kind in endpoint.kinds})
            seq = await read_cursor(session, self.cursor)
            # Before the events: what comes in between is not skipped.
            latest = await latest_seq(session)
            # What was before any of them listened is not read at all.
            start = max(seq, min(endpoint.since_seq for endpoint in endpoints))
            events = await events_after(session, start, _BATCH, kinds)
        if not events and latest - seq < _SKIPPED_AT_ONCE:
            return False
        async with self._database.transaction() as session:
            after = events[-1].seq if events else latest
            # Another process may have made them meanwhile.
            if not await move_cursor(session, self.cursor, before=seq, after=after):
                return True
            # As they are now: one may have been switched off, another added.
            await write_deliveries(session, await listening_endpoints(session), events)
        self._pulse.beat("webhooks")
        return bool(events)
