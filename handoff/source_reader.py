"""Reads the documentation's sources that are due: what somebody added or asked to read again."""

import asyncio
from functools import partial

import structlog

from desk.db import Database
from desk.knowledge.indexing import Indexer
from desk.knowledge.jobs import due_sources
from handoff.pulse import LOOK_SECONDS, Pulse, wait_for

_AT_ONCE = 2

logger = structlog.get_logger(__name__)


class SourceReader:
    """The loop of one process; the rows decide who reads what."""

    def __init__(self, database: Database, pulse: Pulse, indexer: Indexer) -> None:
        self._database = database
        self._pulse = pulse
        self._indexer = indexer
        self._working: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Reads until cancelled; what is half read goes on at the next start."""
        waiter = self._pulse.waiter("events")
        try:
            while True:
                try:
                    await self._start_due()
                except Exception:
                    # Rows stay as they are and are looked at again in a second.
                    logger.exception("source_reader.look_failed")
                await wait_for(waiter, LOOK_SECONDS)
        finally:
            self._pulse.forget(waiter)
            for task in self._working.values():
                task.cancel()
            await asyncio.gather(*self._working.values(), return_exceptions=True)

    async def _start_due(self) -> None:
        if len(self._working) >= _AT_ONCE:
            return
        async with self._database.reading() as session:
            due = await due_sources(session)
        for source_id in due:
            if source_id not in self._working and len(self._working) < _AT_ONCE:
                task = asyncio.create_task(self._read(source_id))
                self._working[source_id] = task
                task.add_done_callback(partial(self._ended, source_id))

    async def _read(self, source_id: int) -> None:
        try:
            outcome = await self._indexer.read(source_id)
        except Exception:
            # The job is taken over when its time is over; nothing is lost.
            logger.exception("source_reader.failed", source_id=source_id)
            return
        if outcome is not None:
            logger.info("source_reader.read", source_id=source_id, outcome=outcome.outcome)
            self._pulse.beat("events")

    def _ended(self, source_id: int, _: asyncio.Task[None]) -> None:
        self._working.pop(source_id, None)
