"""Notes which messages a fetching client got; written together, off the reply's path."""

import asyncio
from collections.abc import Sequence

import structlog

from desk.conversations.delivery import mark_delivered
from desk.conversations.thread import MessageView
from desk.db import Database
from handoff.pulse import Pulse

_FLUSH_SECONDS = 1.0

logger = structlog.get_logger(__name__)


class Delivered:
    """Collects message ids and marks them as delivered once a second."""

    def __init__(self, database: Database, pulse: Pulse) -> None:
        self._database = database
        self._pulse = pulse
        self._ids: set[int] = set()
        self._arrived = asyncio.Event()

    def note(self, views: Sequence[MessageView]) -> None:
        """These were handed to the customer's client."""
        fresh = {view.id for view in views if view.direction == "out" and view.delivery == "sent"}
        if fresh:
            self._ids |= fresh
            self._arrived.set()

    async def run(self) -> None:
        """Writes until cancelled."""
        while True:
            await self._arrived.wait()
            await asyncio.sleep(_FLUSH_SECONDS)
            self._arrived.clear()
            ids, self._ids = self._ids, set()
            try:
                async with self._database.transaction() as session:
                    await mark_delivered(session, ids)
                self._pulse.beat("events")
            except Exception:
                # They stay "sent" until the client fetches them again: a lesser state, no loss.
                logger.exception("delivered.write_failed")
