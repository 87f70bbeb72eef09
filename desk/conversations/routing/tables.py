"""Tables of routing: its examples, and a number that rises with every change of them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.conversations.tables import Message
from desk.db import Base, BigKey
from desk.team.tables import Queue, User
from desk.tickets.tables import RequestType


class RoutingExample(Base):
    """A text that belongs to a queue, or to a request type and so to the type's queue.

    It is typed by a supervisor (``text``), or a customer's message (``message_id``): then only the
    reference is kept, and it goes with the message. ``chosen``: somebody made it an example; else
    the conversation was moved by hand before anybody answered.
    """

    __tablename__ = "routing_examples"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    queue_id: Mapped[int | None] = mapped_column(ForeignKey(Queue.id, ondelete="CASCADE"))
    request_type_id: Mapped[int | None] = mapped_column(
        ForeignKey(RequestType.id, ondelete="CASCADE")
    )
    text: Mapped[str] = mapped_column(String(300), default="")
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), unique=True
    )
    chosen: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey(User.id), index=True)
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("(queue_id IS NULL) <> (request_type_id IS NULL)", name="one_owner"),
        Index("ix_routing_examples_queue_id_id", "queue_id", "id"),
        Index("ix_routing_examples_request_type_id_id", "request_type_id", "id"),
    )


class RoutingVersion(Base):
    """One row: how often the examples changed."""

    __tablename__ = "routing_version"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
