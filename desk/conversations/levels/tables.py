"""Tables of service levels and of the clocks that run against them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, String
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from desk.conversations.tables import Conversation
from desk.db import Base, BigKey
from desk.team.tables import Queue, User

_RUNS = sql("ended_at IS NULL")
_TO_BE_LOOKED_AT = sql("look_at IS NOT NULL")
_ENDED = sql("ended_at IS NOT NULL")


class ClockKind(StrEnum):
    """What is measured: the first answer, each later answer, the end of the service."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class ServiceLevel(Base):
    """What a queue promises; ``value`` has the form of ``targets.py: LevelValues``."""

    __tablename__ = "service_levels"

    queue_id: Mapped[int] = mapped_column(
        ForeignKey(Queue.id, ondelete="CASCADE"), primary_key=True
    )
    value: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime]


class ServiceClock(Base):
    """A span that is measured in the business time of the queues in which it passes.

    ``used_seconds`` are those before ``counted_from``; it is None while the clock is paused.
    Without a target the clock runs all the same, so that a target set later counts from the
    beginning; it is forgotten when it ends. ``look_at`` is the next moment at which the clock must
    be marked. ``outcome``: met, missed or withdrawn (nobody had to answer any more), empty while
    it runs. ``agent_id``: who stopped it.
    """

    __tablename__ = "service_clocks"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id, ondelete="CASCADE"))
    kind: Mapped[ClockKind] = mapped_column(
        Enum(
            ClockKind,
            native_enum=False,
            length=20,
            values_callable=lambda kinds: [kind.value for kind in kinds],
        )
    )
    queue_id: Mapped[int | None] = mapped_column(ForeignKey(Queue.id))
    priority: Mapped[int] = mapped_column(default=0)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    started_at: Mapped[datetime]
    counted_from: Mapped[datetime | None]
    used_seconds: Mapped[float] = mapped_column(default=0.0)
    target_seconds: Mapped[int | None]
    due_at: Mapped[datetime | None]
    look_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(10), default="")

    __table_args__ = (
        # One of a kind runs at a time; this is also how a conversation's clocks are found.
        Index(
            "uq_service_clocks_running",
            "conversation_id",
            "kind",
            unique=True,
            postgresql_where=_RUNS,
            sqlite_where=_RUNS,
        ),
        Index("ix_service_clocks_conversation_id", "conversation_id"),
        Index(
            "ix_service_clocks_queue_id",
            "queue_id",
            postgresql_where=_RUNS,
            sqlite_where=_RUNS,
        ),
        Index(
            "ix_service_clocks_look_at",
            "look_at",
            postgresql_where=_TO_BE_LOOKED_AT,
            sqlite_where=_TO_BE_LOOKED_AT,
        ),
        Index(
            "ix_service_clocks_ended_at",
            "ended_at",
            "id",
            postgresql_where=_ENDED,
            sqlite_where=_ENDED,
        ),
    )
