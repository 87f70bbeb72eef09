"""Table of channels."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base, BigKey
from desk.media.tables import Media


class Channel(Base):
    """One number, bot token or chat page. ``secrets`` is encrypted (desk.vault).

    ``name`` is what the team calls it; ``brand``, ``color`` and the logo are what customers see.
    ``number_id`` and ``business_id`` are WhatsApp's own names of the number and of the account that
    has it and its templates; empty where the provider has no such thing.
    """

    __tablename__ = "channels"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120), default="")
    brand: Mapped[str] = mapped_column(String(120))
    color: Mapped[str] = mapped_column(String(7), default="")
    logo_media_id: Mapped[int | None] = mapped_column(ForeignKey(Media.id), index=True)
    agent_kind: Mapped[str] = mapped_column(String(10), default="bot")
    shows_agent_name: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    secrets: Mapped[str] = mapped_column(default="")
    number_id: Mapped[str] = mapped_column(String(60), default="")
    business_id: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]

    __table_args__ = (Index("uq_channels_kind_slug", "kind", "slug", unique=True),)


class Receipt(Base):
    """A provider's webhook body, byte for byte, committed before it is acknowledged.

    ``state``: received, done, or failed (kept with its error, replayable, never dropped).
    """

    __tablename__ = "receipts"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12), default="received")
    error: Mapped[str] = mapped_column(String(500), default="")
    received_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_receipts_received_id",
            "id",
            postgresql_where=text("state = 'received'"),
            sqlite_where=text("state = 'received'"),
        ),
        Index(
            "ix_receipts_received",
            "channel_id",
            "id",
            postgresql_where=text("state = 'received'"),
            sqlite_where=text("state = 'received'"),
        ),
    )


class MessageTemplate(Base):
    """A message that a provider approved for chats in which free words may not go.

    ``components`` as the provider tells them (WhatsApp Cloud API, ``message_templates``). Kept from
    the provider's own list, which each reading replaces.
    """

    __tablename__ = "message_templates"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(30))
    category: Mapped[str] = mapped_column(String(30), default="")
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    read_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("channel_id", "name", "language"),)
