"""Reads the documentation's sources that are due: what somebody added or asked to read again."""

from functools import partial

import structlog

from desk.db import Database
from desk.knowledge.indexing import Indexer
from desk.knowledge.jobs import due_sources
from handoff.due_work import DueWork
from handoff.pulse import Pulse

_AT_ONCE = 2

logger = structlog.get_logger(__name__)


class SourceReader(DueWork):
    """The loop that reads; what is half read at its end goes on at the next start."""

    name = "source_reader"
    topic = "events"

    def __init__(self, database: Database, pulse: Pulse, indexer: Indexer) -> None:
        super().__init__(pulse, _AT_ONCE)
        self._database = database
        self._indexer = indexer

    async def look(self) -> None:
        """Begins to read what is due."""
        if not self.free:
            return
        async with self._database.reading() as session:
            due = await due_sources(session)
        for source_id in due:
            if self.can_begin(source_id):
                self.begin(source_id, partial(self._read, source_id))

    async def _read(self, source_id: int) -> None:
        outcome = await self._indexer.read(source_id)
        if outcome is not None:
            logger.info("source_reader.read", source_id=source_id, outcome=outcome.outcome)
            self._pulse.beat("events")
