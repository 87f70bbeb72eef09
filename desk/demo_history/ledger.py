"""Rows and events of the made-up year, gathered in memory and written in the order of time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact, ContactAlias, ContactCompany
from desk.conversations.tables import (
    Conversation,
    ConversationTag,
    ConversationTicket,
    Message,
    Rating,
)
from desk.events.tables import Event
from desk.tickets.tables import Ticket

# In the order in which foreign keys allow them.
WRITTEN: tuple[Any, ...] = (
    Contact,
    ContactAlias,
    ContactCompany,
    Conversation,
    Message,
    Ticket,
    ConversationTicket,
    ConversationTag,
    Rating,
    Event,
)
_NUMBERED = (Contact, Conversation, Message, Ticket, Rating)
_BATCH = 1000

Progress = Callable[[int, int], None]


@dataclass
class Ledger:
    """Everything that is to be written; ids are given out here."""

    rows: dict[Any, list[dict[str, Any]]] = field(
        default_factory=lambda: {table: [] for table in WRITTEN}
    )
    next_id: dict[Any, int] = field(default_factory=dict)

    async def begin(self, session: AsyncSession) -> None:
        """Goes on after the ids that are taken."""
        for table in _NUMBERED:
            highest = await session.execute(select(func.coalesce(func.max(table.id), 0)))
            self.next_id[table] = highest.scalar_one() + 1

    def add(self, table: Any, **values: Any) -> dict[str, Any]:
        """A row; it may still be changed until all is written."""
        if table in self.next_id:
            values["id"] = self.next_id[table]
            self.next_id[table] += 1
        self.rows[table].append(values)
        return values

    def event(
        self,
        at: datetime,
        kind: str,
        actor: tuple[str, int | None],
        *,
        conversation_id: int | None = None,
        ticket_id: int | None = None,
        **data: Any,
    ) -> None:
        """An event as `desk/events/log.py` would have recorded it then."""
        self.add(
            Event,
            at=at,
            kind=kind,
            actor_kind=actor[0],
            actor_id=actor[1],
            conversation_id=conversation_id,
            ticket_id=ticket_id,
            data=data,
            transaction_id=0,
        )

    async def write(self, session: AsyncSession, progress: Progress | None = None) -> int:
        """Writes it all in the caller's transaction; says how many rows."""
        # The log's numbers rise with time; what happened at once keeps its order.
        self.rows[Event].sort(key=lambda row: row["at"])
        total = sum(len(rows) for rows in self.rows.values())
        done = 0
        for table, batch in self._batches():
            await session.execute(insert(table), batch)
            done += len(batch)
            if progress is not None:
                progress(done, total)
        await self._move_sequences(session)
        return total

    def _batches(self) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
        for table in WRITTEN:
            rows = self.rows[table]
            for first in range(0, len(rows), _BATCH):
                yield table, rows[first : first + _BATCH]

    async def _move_sequences(self, session: AsyncSession) -> None:
        """PostgreSQL counts on after the ids that were given out here."""
        if session.get_bind().dialect.name != "postgresql":
            return
        for table in _NUMBERED:
            name = table.__tablename__
            await session.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), greatest(:last, 1))"),
                {"last": self.next_id[table] - 1},
            )
