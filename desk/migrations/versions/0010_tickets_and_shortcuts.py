"""lists of tickets by status, one canned reply for a shortcut in its place."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

GLOBAL = sa.text("scope = 'global'")


def upgrade() -> None:
    """Applies the change."""
    op.create_index("ix_tickets_status_id", "tickets", ["status", "id"])
    op.create_index(
        "uq_canned_replies_owner_id_shortcut",
        "canned_replies",
        ["owner_id", "shortcut"],
        unique=True,
    )
    op.create_index(
        "uq_canned_replies_queue_id_shortcut",
        "canned_replies",
        ["queue_id", "shortcut"],
        unique=True,
    )
    op.create_index(
        "uq_canned_replies_global_shortcut",
        "canned_replies",
        ["shortcut"],
        unique=True,
        sqlite_where=GLOBAL,
        postgresql_where=GLOBAL,
    )


def downgrade() -> None:
    """Takes the change back."""
    op.drop_index("uq_canned_replies_global_shortcut", table_name="canned_replies")
    op.drop_index("uq_canned_replies_queue_id_shortcut", table_name="canned_replies")
    op.drop_index("uq_canned_replies_owner_id_shortcut", table_name="canned_replies")
    op.drop_index("ix_tickets_status_id", table_name="tickets")
