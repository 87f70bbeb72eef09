"""WhatsApp numbers and their approved templates."""

import sqlalchemy as sa
from alembic import op

from desk.db import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    for name in ("number_id", "business_id"):
        op.add_column("channels", sa.Column(name, sa.String(60), nullable=False, server_default=""))
    op.create_table(
        "message_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("category", sa.String(30), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["channels.id"],
            name=op.f("fk_message_templates_channel_id_channels"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_templates")),
        sa.UniqueConstraint(
            "channel_id",
            "name",
            "language",
            name=op.f("uq_message_templates_channel_id_name_language"),
        ),
    )


def downgrade() -> None:
    """Takes the change back."""
    op.drop_table("message_templates")
    for name in ("business_id", "number_id"):
        op.drop_column("channels", name)
