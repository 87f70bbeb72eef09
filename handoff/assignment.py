"""Gives waiting conversations to free agents, takes back idle ones, notes who left.

A loop of each process; the desk's functions see to it that several give nothing twice.
"""

import asyncio
import time

import structlog

from desk.conversations.assignment import assign_next, queues_that_assign, somebody_is_free
from desk.conversations.idle import idle_conversations, return_idle
from desk.db import Database
from desk.errors import Conflict
from desk.team.presence import note_who_left, somebody_left
from handoff.pulse import Pulse, wait_for

_COALESCE_SECONDS = 0.2
_IDLE_EVERY_SECONDS = 5.0

logger = structlog.get_logger(__name__)


class Assigner:
    """Woken by every event, and looks by itself each second."""

    def __init__(self, database: Database, pulse: Pulse) -> None:
        self._database = database
        self._pulse = pulse
        self._idle_due = 0.0

    async def run(self) -> None:
        """Assigns until cancelled."""
        waiter = self._pulse.waiter("events")
        try:
            while True:
                try:
                    await self.look()
                except Exception:
                    # Whoever waits keeps their place and is given in a second.
                    logger.exception("assignment.failed")
                await wait_for(waiter)
                await asyncio.sleep(_COALESCE_SECONDS)
        finally:
            self._pulse.forget(waiter)

    async def look(self) -> None:
        """One round."""
        changed = await self._note_who_left()
        if time.monotonic() >= self._idle_due:
            self._idle_due = time.monotonic() + _IDLE_EVERY_SECONDS
            changed |= await self._take_back()
        changed |= await self._give()
        if changed:
            self._pulse.beat()

    async def _give(self) -> bool:
        given = False
        async with self._database.reading() as session:
            queues = await queues_that_assign(session)
            free = [each for each in queues if await somebody_is_free(session, each)]
        for queue_id in free:
            while await self._give_one(queue_id):
                given = True
        return given

    async def _give_one(self, queue_id: int) -> bool:
        """Whether it is worth trying the next one."""
        try:
            async with self._database.transaction() as session:
                return await assign_next(session, queue_id) is not None
        except Conflict:
            return True  # Another process or an agent was first: the next in line may be free.

    async def _take_back(self) -> bool:
        async with self._database.reading() as session:
            idle = await idle_conversations(session)
        for conversation_id in idle:
            async with self._database.transaction() as session:
                await return_idle(session, conversation_id)
        return bool(idle)

    async def _note_who_left(self) -> bool:
        async with self._database.reading() as session:
            if not await somebody_left(session):
                return False
        async with self._database.transaction() as session:
            return bool(await note_who_left(session))
