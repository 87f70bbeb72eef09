"""what a canned reply changes besides being sent."""

import sqlalchemy as sa
from alembic import op

from desk.db import BigKey, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "macros",
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("set_status", sa.String(20), nullable=True),
        sa.Column("set_priority", sa.Integer(), nullable=True),
        sa.Column("set_queue_id", sa.Integer(), nullable=True),
        sa.Column("tag_ids", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["canned_replies.id"],
            name=op.f("fk_macros_reply_id_canned_replies"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["set_queue_id"], ["queues.id"], name=op.f("fk_macros_set_queue_id_queues")
        ),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("pk_macros")),
    )
    op.create_table(
        "macro_uses",
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("message_id", BigKey, nullable=True),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_macro_uses_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_macro_uses_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "client_id", name=op.f("pk_macro_uses")),
    )
    op.create_index("ix_macro_uses_message_id", "macro_uses", ["message_id"])


def downgrade() -> None:
    """Takes the change back."""
    op.drop_table("macro_uses")
    op.drop_table("macros")
