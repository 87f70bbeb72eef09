"""Table of outgoing e-mail."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base, BigKey

_WAITS = sql("state IN ('pending', 'sending')")


class Email(Base):
    """One message to one address. The body is sealed while it waits and forgotten once sent.

    ``state``: pending, sending, sent, or failed with its reason.
    """

    __tablename__ = "emails"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    sealed_body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(300), default="")
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_emails_due_at", "due_at", postgresql_where=_WAITS, sqlite_where=_WAITS),
    )
