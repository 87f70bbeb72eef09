"""Tables of tickets, their actions and media, and request types."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.companies.tables import Company
from desk.contacts.tables import Contact
from desk.db import Base, BigKey
from desk.media.tables import Media
from desk.states import Status
from desk.team.tables import Queue, User


def status_column() -> Enum:
    """A status stored by its value."""
    return Enum(
        Status, native_enum=False, length=20, values_callable=lambda s: [each.value for each in s]
    )


class RequestType(Base):
    """The nature of a request. Only synthetic ones that take part are offered in a chat."""

    __tablename__ = "request_types"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    synthetic: Mapped[bool] = mapped_column(default=True)
    takes_part_in_chat: Mapped[bool] = mapped_column(default=True)
    queue_id: Mapped[int | None] = mapped_column(ForeignKey(Queue.id), index=True)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)


class TicketCounter(Base):
    """The last number given in a year."""

    __tablename__ = "ticket_counters"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


class Ticket(Base):
    """One matter. ``number`` reads ``2026-000123``.

    ``request_key`` names the form that was sent, so that sending it twice opens one ticket.
    """

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey(Contact.id))
    company_id: Mapped[int | None] = mapped_column(ForeignKey(Company.id), index=True)
    request_type_id: Mapped[int | None] = mapped_column(ForeignKey(RequestType.id), index=True)
    queue_id: Mapped[int | None] = mapped_column(ForeignKey(Queue.id), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[Status] = mapped_column(status_column(), default=Status.OPEN)
    request_key: Mapped[str | None] = mapped_column(String(64))
    contact_seen_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_tickets_contact_id_id", "contact_id", "id"),
        Index("ix_tickets_status_id", "status", "id"),
        UniqueConstraint("contact_id", "request_key"),
    )


class TicketAction(Base):
    """Something posted on a ticket by the contact, an agent or the bot.

    ``request_key`` names the form that was sent, so that sending it twice posts one action.
    """

    __tablename__ = "ticket_actions"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id, ondelete="CASCADE"))
    author_kind: Mapped[str] = mapped_column(String(10))
    author_name: Mapped[str] = mapped_column(String(200), default="")
    author_user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id), index=True)
    text: Mapped[str] = mapped_column(Text)
    media_count: Mapped[int] = mapped_column(default=0)
    request_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_ticket_actions_ticket_id_id", "ticket_id", "id"),
        UniqueConstraint("ticket_id", "request_key"),
    )


class TicketMedia(Base):
    """A file on a ticket; with ``action_id`` when it came with an action."""

    __tablename__ = "ticket_media"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey(Ticket.id, ondelete="CASCADE"), primary_key=True
    )
    media_id: Mapped[int] = mapped_column(ForeignKey(Media.id), primary_key=True, index=True)
    action_id: Mapped[int | None] = mapped_column(
        ForeignKey(TicketAction.id, ondelete="CASCADE"), index=True
    )
    position: Mapped[int] = mapped_column(default=0)


class TicketRating(Base):
    """What the contact thought of how a matter was handled, 1 to 5, told in the portal."""

    __tablename__ = "ticket_ratings"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey(Ticket.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
