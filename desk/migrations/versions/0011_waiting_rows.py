"""indexes of the few rows that loops look for each second."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SENDING = sa.text("direction = 'out' AND state IN ('pending', 'sending')")
_RECEIVED = sa.text("state = 'received'")


def upgrade() -> None:
    """Applies the change."""
    op.create_index(
        "ix_messages_outbox_id",
        "messages",
        ["id"],
        postgresql_where=_SENDING,
        sqlite_where=_SENDING,
    )
    op.create_index(
        "ix_receipts_received_id",
        "receipts",
        ["id"],
        postgresql_where=_RECEIVED,
        sqlite_where=_RECEIVED,
    )


def downgrade() -> None:
    """Takes the change back."""
    op.drop_index("ix_receipts_received_id", "receipts")
    op.drop_index("ix_messages_outbox_id", "messages")
