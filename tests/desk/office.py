"""An office for tests of lists: two queues, their people, a conversation in each place."""

from sqlalchemy import select

from desk.contacts.tables import Contact
from desk.conversations.filters import Filters
from desk.conversations.listing import list_conversations
from desk.conversations.ownership import assign_to_agent, assign_to_queue
from desk.conversations.search.index import index_contacts, index_messages
from desk.conversations.tables import Conversation, Message
from desk.db import Database
from desk.events.log import by_agent
from desk.team.tables import Queue, Role, User
from tests.desk.building import a_channel, a_queue, a_used_conversation, a_user


class Office:
    """Two queues, their agents, a supervisor, and a conversation in each place."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.users: dict[str, User] = {}
        self.conversations: dict[str, Conversation] = {}
        self.queues: dict[str, Queue] = {}

    async def open(self) -> "Office":
        async with self.database.transaction() as session:
            for slug in ("suporte", "financeiro"):
                self.queues[slug] = await a_queue(session, slug)
            for name, role, queues in (
                ("ana", Role.AGENT, ["suporte"]),
                ("bruno", Role.AGENT, ["financeiro"]),
                ("sueli", Role.SUPERVISOR, []),
                ("davi", Role.DESIGNER, []),
            ):
                self.users[name] = await a_user(session, f"{name}@demo.ponte", role, queues)
            channel = await a_channel(session)
            for name in ("suporte", "financeiro", "bot", "ana"):
                self.conversations[name] = await a_used_conversation(session, channel, name, name)
            sueli = by_agent(self.users["sueli"].id)
            for slug in self.queues:
                conversation = self.conversations[slug]
                await assign_to_queue(session, conversation.id, self.queues[slug], sueli)
            await assign_to_agent(session, self.conversations["ana"].id, self.users["ana"], sueli)
        return self

    async def names(self, user: str, **filters: object) -> list[str]:
        async with self.database.reading() as session:
            page = await list_conversations(
                session,
                self.users[user],
                Filters(**filters),  # type: ignore[arg-type]
            )
        return sorted(row.contact_name for row in page.rows)

    async def in_order(self, user: str, page_size: int = 2, **filters: object) -> list[str]:
        """The whole list, page by page."""
        names: list[str] = []
        cursor: str | None = None
        while True:
            async with self.database.reading() as session:
                page = await list_conversations(
                    session,
                    self.users[user],
                    Filters(**filters),  # type: ignore[arg-type]
                    cursor,
                    page_size,
                )
            names += [row.contact_name for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                return names

    async def index(self) -> None:
        """Brings the search index up to now."""
        async with self.database.transaction() as session:
            await index_messages(
                session, (await session.execute(select(Message.id))).scalars().all()
            )
            await index_contacts(
                session, (await session.execute(select(Contact.id))).scalars().all()
            )
