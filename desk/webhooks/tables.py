"""Tables of webhooks: where they go, and each thing that is told there."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base, BigKey

_DUE = sql("due_at IS NOT NULL")


class WebhookEndpoint(Base):
    """An address of other software.

    ``since_seq``: events up to this number were before it listened. ``old_secret`` still signs,
    too, until ``old_secret_until``. ``failing_since``: nothing arrived from then on; ``paused_at``:
    given up until somebody switches it on. The lease says which process sends to it now.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(500))
    kinds: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(default=True)
    sealed_secret: Mapped[str] = mapped_column(Text)
    sealed_old_secret: Mapped[str] = mapped_column(Text, default="")
    old_secret_until: Mapped[datetime | None]
    since_seq: Mapped[int] = mapped_column(BigInteger)
    failing_since: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    lease_token: Mapped[str] = mapped_column(String(32), default="")
    leased_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class WebhookDelivery(Base):
    """One event for one endpoint, or a test; the body stays as it was signed first.

    ``state``: pending, sent or failed. ``due_at``: when it is tried next, None when it is not.
    ``message_id`` is the same at every try and replay, so that a receiver knows a repetition.
    """

    __tablename__ = "webhook_deliveries"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey(WebhookEndpoint.id, ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="pending")
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    status: Mapped[int | None]
    duration_ms: Mapped[int | None]
    error: Mapped[str] = mapped_column(String(30), default="")
    created_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        UniqueConstraint(
            "endpoint_id", "message_id", name="uq_webhook_deliveries_endpoint_message"
        ),
        Index("ix_webhook_deliveries_endpoint_id_id", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_endpoint_id_state_id", "endpoint_id", "state", "id"),
        Index(
            "ix_webhook_deliveries_due_at",
            "endpoint_id",
            "due_at",
            "id",
            postgresql_where=_DUE,
            sqlite_where=_DUE,
        ),
    )
