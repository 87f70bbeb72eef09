"""Keeps the search index up to date behind the event log: no message waits for it."""

from desk.contacts.tables import Contact
from desk.conversations.search.index import backfill, begin_backfill, index_changes
from desk.conversations.tables import Message
from desk.events.cursors import move_cursor, read_cursor
from desk.events.log import events_after
from handoff.log_follower import LogFollower

_FIRST_TIME = (("search_contacts", Contact), ("search_messages", Message))
_BATCH = 200


class SearchIndexer(LogFollower):
    """Indexes what changed; each once, whatever the number of processes."""

    cursor = "search"
    pause_seconds = 0.7
    breath_seconds = 0.05

    async def begin(self) -> None:
        """From now on by the log; what was there before is indexed in batches."""
        await super().begin()
        async with self._database.transaction() as session:
            for name, table in _FIRST_TIME:
                await begin_backfill(session, name, table)

    async def step(self) -> bool:
        """Indexes the next batch, news first; False when nothing is left to do."""
        if await self._follow():
            return True
        for name, table in _FIRST_TIME:
            async with self._database.reading() as session:
                begun = await read_cursor(session, name)
            if begun == 0:
                continue
            async with self._database.transaction() as session:
                if await backfill(session, name, table, _BATCH):
                    return True
        return False

    async def _follow(self) -> bool:
        async with self._database.reading() as session:
            seq = await read_cursor(session, self.cursor)
            events = await events_after(session, seq, _BATCH)
        if not events:
            return False
        async with self._database.transaction() as session:
            # Another process may have indexed them meanwhile.
            if await move_cursor(session, self.cursor, before=seq, after=events[-1].seq):
                await index_changes(session, events)
        return True
