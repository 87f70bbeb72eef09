"""who is there."""

import sqlalchemy as sa
from alembic import op

import desk.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.add_column(
        "users",
        sa.Column("online_since", desk.db.UtcDateTime(timezone=True), nullable=True),
    )
    op.create_index(
        "ix_conversations_owner_assignee_id_status",
        "conversations",
        ["owner", "assignee_id", "status"],
    )


def downgrade() -> None:
    """Takes it back."""
    op.drop_index("ix_conversations_owner_assignee_id_status", "conversations")
    op.drop_column("users", "online_since")
