"""Tables of the review."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from desk.conversations.tables import Message
from desk.db import Base, BigKey
from desk.team.tables import User

_TO_WRITE = sql("state = 'done' AND written_at IS NULL")


class ReviewGroup(Base):
    """Messages that say nearly the same. ``leader``: the vector of the first, by ``encoder``."""

    __tablename__ = "review_groups"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    encoder: Mapped[str] = mapped_column(String(60))
    leader: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class ReviewItem(Base):
    """A message that a designer should look at, and what was decided.

    ``state``: open, done (``intent`` was assigned) or discarded. ``sentence`` and ``entities``
    (dicts with start, end, entity) are what the bot learns, masked, as it was decided on;
    ``decision`` is one number for all that was decided together.
    """

    __tablename__ = "review_items"

    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True
    )
    group_id: Mapped[int] = mapped_column(ForeignKey(ReviewGroup.id))
    text_hash: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(10), default="open")
    intent: Mapped[str | None] = mapped_column(String(120))
    sentence: Mapped[str] = mapped_column(Text, default="")
    entities: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    decision: Mapped[str | None] = mapped_column(String(32), index=True)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey(User.id), index=True)
    decided_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_review_items_state_group_id_message_id", "state", "group_id", "message_id"),
        Index("ix_review_items_group_id", "group_id"),
        Index(
            "ix_review_items_to_write",
            "message_id",
            postgresql_where=_TO_WRITE,
            sqlite_where=_TO_WRITE,
        ),
    )
