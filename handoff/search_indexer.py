"""Keeps the search index up to date behind the event log: no message waits for it."""

import asyncio

import structlog

from desk.contacts.tables import Contact
from desk.conversations.search.index import backfill, begin_backfill, index_changes
from desk.conversations.tables import Message
from desk.db import Database
from desk.events.cursors import move_cursor, read_cursor, start_cursor
from desk.events.log import events_after
from handoff.pulse import Pulse, wait_for

_CURSOR = "search"
_FIRST_TIME = (("search_contacts", Contact), ("search_messages", Message))
_BATCH = 200
_COALESCE_SECONDS = 0.7
_BETWEEN_BATCHES_SECONDS = 0.05

logger = structlog.get_logger(__name__)


class SearchIndexer:
    """The loop of one process; cursors in the database say how far the index has come."""

    def __init__(self, database: Database, pulse: Pulse) -> None:
        self._database = database
        self._pulse = pulse

    async def begin(self) -> None:
        """From now on by the log; what was there before is indexed in batches."""
        async with self._database.transaction() as session:
            await start_cursor(session, _CURSOR)
            for name, table in _FIRST_TIME:
                await begin_backfill(session, name, table)

    async def run(self) -> None:
        """Follows until cancelled."""
        waiter = self._pulse.waiter("events")
        await self.begin()
        try:
            while True:
                try:
                    while await self.step():
                        await _let_others_write()
                except Exception:
                    # The cursors stay where they were; in a second it is tried again.
                    logger.exception("search_indexer.failed")
                await wait_for(waiter)
                await asyncio.sleep(_COALESCE_SECONDS)
        finally:
            self._pulse.forget(waiter)

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
            seq = await read_cursor(session, _CURSOR)
            events = await events_after(session, seq, _BATCH)
        if not events:
            return False
        async with self._database.transaction() as session:
            # Another process may have indexed them meanwhile.
            if await move_cursor(session, _CURSOR, before=seq, after=events[-1].seq):
                await index_changes(session, events)
        return True


async def _let_others_write() -> None:
    await asyncio.sleep(_BETWEEN_BATCHES_SECONDS)
