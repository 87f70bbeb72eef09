"""Find conversations that wait and give each to a worker, a bounded number at once."""

import asyncio
from functools import partial

import structlog

from desk.conversations.leases import due_conversations
from desk.db import Database
from handoff.bridge.worker import Worker
from handoff.pulse import Pulse, wait_for

logger = structlog.get_logger(__name__)


class Bridge:
    """The loop of one process; any number of processes may run one."""

    def __init__(self, database: Database, worker: Worker, pulse: Pulse, concurrency: int) -> None:
        self._database = database
        self._worker = worker
        self._pulse = pulse
        self._concurrency = concurrency
        self._working: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Works until cancelled; then lets running turns finish their transaction."""
        waiter = self._pulse.waiter("inbound")
        try:
            while True:
                try:
                    await self._start_due(waiter)
                except Exception:
                    # The database may be restarting: look again in a second.
                    logger.exception("bridge.look_failed")
                await wait_for(waiter)
        finally:
            self._pulse.forget(waiter)
            for task in self._working.values():
                task.cancel()
            await asyncio.gather(*self._working.values(), return_exceptions=True)

    async def _start_due(self, waiter: asyncio.Event) -> None:
        free = self._concurrency - len(self._working)
        if free <= 0:
            return
        async with self._database.reading() as session:
            due = await due_conversations(session, limit=free + len(self._working))
        for conversation_id in due:
            if conversation_id in self._working or len(self._working) >= self._concurrency:
                continue
            task = asyncio.create_task(self._work(conversation_id))
            self._working[conversation_id] = task
            task.add_done_callback(partial(self._ended, conversation_id, waiter))

    async def _work(self, conversation_id: int) -> None:
        try:
            await self._worker.work(conversation_id)
        except Exception:
            logger.exception("bridge.worker_failed", conversation_id=conversation_id)

    def _ended(self, conversation_id: int, waiter: asyncio.Event, task: asyncio.Task[None]) -> None:
        del task
        self._working.pop(conversation_id, None)
        waiter.set()
