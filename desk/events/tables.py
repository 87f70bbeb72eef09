"""Table of events."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base, BigKey

_BY_AGENTS = text("actor_kind = 'agent'")


class Event(Base):
    """One fact. Ids and small values only, no personal text, so that erasure stays possible.

    Subjects are plain numbers without foreign keys: the log outlives what it speaks of.
    """

    __tablename__ = "desk_events"

    seq: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60))
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    ticket_id: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    transaction_id: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_desk_events_conversation_id_seq", "conversation_id", "seq"),
        Index("ix_desk_events_ticket_id_seq", "ticket_id", "seq"),
        Index("ix_desk_events_kind_seq", "kind", "seq"),
        Index(
            "ix_desk_events_agent_seq",
            "actor_id",
            "seq",
            postgresql_where=_BY_AGENTS,
            sqlite_where=_BY_AGENTS,
        ),
    )


class EventCursor(Base):
    """How far a durable reader of the log has come."""

    __tablename__ = "event_cursors"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
