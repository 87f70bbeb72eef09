"""Find conversations that wait and give each to a worker, a bounded number at once."""

import asyncio
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.leases import due_conversations
from desk.db import Database
from handoff.bridge.worker import Job, Worker
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
        self._waiter = pulse.waiter("inbound")

    async def take_now(self, session: AsyncSession, conversation_id: int) -> Job | None:
        """Takes a conversation in the transaction that receives its message.

        None when this process is busy or another has it; the loop finds it then. ``start`` the
        job after the commit.
        """
        if len(self._working) >= self._concurrency or conversation_id in self._working:
            return None
        return await self._worker.take(session, conversation_id)

    def start(self, job: Job) -> None:
        """Works a job in the background."""
        conversation_id = job.lease.conversation_id
        task = asyncio.create_task(self._worker.work(job))
        self._working[conversation_id] = task
        task.add_done_callback(partial(self._ended, conversation_id))

    async def run(self) -> None:
        """Works until cancelled; then lets running turns finish their transaction."""
        try:
            while True:
                try:
                    await self._start_due()
                except Exception:
                    # The database may be restarting: look again in a second.
                    logger.exception("bridge.look_failed")
                await wait_for(self._waiter)
        finally:
            self._pulse.forget(self._waiter)
            for task in self._working.values():
                task.cancel()
            await asyncio.gather(*self._working.values(), return_exceptions=True)

    async def _start_due(self) -> None:
        free = self._concurrency - len(self._working)
        if free <= 0:
            return
        async with self._database.reading() as session:
            due = await due_conversations(session, limit=free + len(self._working))
        for conversation_id in due:
            async with self._database.transaction() as session:
                job = await self.take_now(session, conversation_id)
            if job is not None:
                self.start(job)

    def _ended(self, conversation_id: int, task: asyncio.Task[None]) -> None:
        # A message that came in the last moment may wait: look again.
        self._working.pop(conversation_id, None)
        self._waiter.set()
        if not task.cancelled() and task.exception() is not None:
            logger.error("bridge.worker_failed", exc_info=task.exception())
