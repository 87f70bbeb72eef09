"""Loops that work behind the event log, off the path of every reply."""

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar

import structlog

from desk.db import Database
from desk.events.cursors import start_cursor
from handoff.pulse import Pulse, wait_for

logger = structlog.get_logger(__name__)


class LogFollower(ABC):
    """The loop of one process; a cursor in the database says how far the log was worked.

    ``cursor`` names it; ``pause_seconds`` lets replies go first, and what comes together is worked
    together; ``breath_seconds`` lets others write between two batches.
    """

    cursor: ClassVar[str]
    pause_seconds: ClassVar[float] = 0.5
    breath_seconds: ClassVar[float] = 0.0

    def __init__(self, database: Database, pulse: Pulse) -> None:
        self._database = database
        self._pulse = pulse

    async def begin(self) -> None:
        """Starts at the newest event where nothing was worked yet: the past is left alone."""
        async with self._database.transaction() as session:
            await start_cursor(session, self.cursor)

    @abstractmethod
    async def step(self) -> bool:
        """Works the next batch; False when nothing is left."""

    async def run(self) -> None:
        """Follows until cancelled."""
        waiter = self._pulse.waiter("events")
        begun = False
        try:
            while True:
                try:
                    if not begun:
                        await self.begin()
                        begun = True
                    while await self.step():
                        await _breathe(self.breath_seconds)
                except Exception:
                    # The cursor stays where it was and the log is read again in a second.
                    logger.exception("log_follower.failed", cursor=self.cursor)
                await wait_for(waiter)
                await asyncio.sleep(self.pause_seconds)
        finally:
            self._pulse.forget(waiter)


async def _breathe(seconds: float) -> None:
    await asyncio.sleep(seconds)
