"""Find conversations that wait and give each to a worker, a bounded number at once."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.leases import due_conversations
from desk.db import Database
from handoff.bridge.worker import Job, Worker
from handoff.due_work import DueWork
from handoff.pulse import Pulse


class Bridge(DueWork):
    """The loop that lets the bot answer."""

    name = "bridge"
    topic = "inbound"

    def __init__(self, database: Database, worker: Worker, pulse: Pulse, concurrency: int) -> None:
        super().__init__(pulse, concurrency)
        self._database = database
        self._worker = worker

    async def take_now(self, session: AsyncSession, conversation_id: int) -> Job | None:
        """Takes a conversation in the transaction that receives its message.

        None when this process is busy or another has it; the loop finds it then. ``start`` the
        job after the commit.
        """
        if not self.can_begin(conversation_id):
            return None
        return await self._worker.take(session, conversation_id)

    def start(self, job: Job) -> None:
        """Works a job in the background."""
        self.begin(job.lease.conversation_id, partial(self._worker.work, job))

    async def look(self) -> None:
        """Begins with the conversations that wait."""
        if not self.free:
            return
        async with self._database.reading() as session:
            due = await due_conversations(session, limit=self._at_once)
        for conversation_id in due:
            async with self._database.transaction() as session:
                job = await self.take_now(session, conversation_id)
            if job is not None:
                self.start(job)
