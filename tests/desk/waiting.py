"""A desk with queues, agents who are there, and customers who wait in order."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from desk.conversations.ownership import assign_to_queue
from desk.conversations.queue_order import in_queue_order
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.events.log import SYSTEM
from desk.team.presence import mark_seen
from desk.team.tables import Assignment, Queue, Role, User
from tests.desk.building import a_channel, a_conversation, a_queue, a_user


class WaitingDesk:
    """The queue Suporte; people are named by the first part of their address."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.queue: Queue
        self.users: dict[str, User] = {}
        self.conversations: dict[str, Conversation] = {}

    async def open(
        self,
        *names: str,
        assignment: Assignment = Assignment.MANUAL,
        idle_minutes: int | None = None,
        capacity: int = 8,
    ) -> "WaitingDesk":
        """Makes the queue with these agents, all of them there."""
        async with self.database.transaction() as session:
            self.queue = await a_queue(session)
            self.queue.assignment, self.queue.idle_minutes = assignment, idle_minutes
            self._channel = await a_channel(session)
        for name in names:
            await self.join(name, capacity=capacity)
        return self

    async def join(
        self,
        name: str,
        role: Role = Role.AGENT,
        queues: Sequence[str] = ("suporte",),
        capacity: int = 8,
        online: bool = True,
    ) -> User:
        """Adds a person."""
        async with self.database.transaction() as session:
            user = await a_user(session, f"{name}@demo.ponte", role, queues)
            user.capacity = capacity
            if online:
                await session.flush()
                await mark_seen(session, user.id)
        self.users[name] = user
        return user

    async def wait(self, *names: str, queue: Queue | None = None) -> None:
        """Customers come one after the other, the first named waits longest."""
        for name in names:
            async with self.database.transaction() as session:
                made = await a_conversation(session, self._channel, name, name)
                target = queue or self.queue
                self.conversations[name] = await assign_to_queue(session, made.id, target, SYSTEM)

    async def order(self) -> list[str]:
        """Who is answered next, by name."""
        names = {each.id: name for name, each in self.conversations.items()}
        async with self.database.reading() as session:
            query = (
                select(Conversation.id)
                .where(Conversation.owner == "queue", Conversation.queue_id == self.queue.id)
                .order_by(*in_queue_order())
            )
            return [names[found] for found in (await session.execute(query)).scalars()]

    async def one(self, name: str) -> Conversation:
        """A customer's conversation as it stands."""
        async with self.database.reading() as session:
            return await session.get_one(Conversation, self.conversations[name].id)

    async def holder(self, name: str) -> str:
        """Who has it: an agent's name, or queue or bot."""
        now = await self.one(name)
        names = {user.id: key for key, user in self.users.items()}
        return names[now.assignee_id or 0] if now.owner == "agent" else now.owner.value

    async def waited(self, name: str, minutes: float) -> None:
        """Lets a customer have waited so long for an answer."""
        since = datetime.now(UTC) - timedelta(minutes=minutes)
        async with self.database.transaction() as session:
            await session.execute(
                update(Conversation)
                .where(Conversation.id == self.conversations[name].id)
                .values(waiting_since=since)
            )

    async def set_user(self, name: str, **values: object) -> None:
        """Changes a person."""
        async with self.database.transaction() as session:
            await session.execute(
                update(User).where(User.id == self.users[name].id).values(**values)
            )
