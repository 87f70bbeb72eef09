"""what the bot understood, and its review."""

import sqlalchemy as sa
from alembic import op

import desk.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "understandings",
        sa.Column("message_id", _KEY, nullable=False),
        sa.Column("conversation_id", _KEY, nullable=False),
        sa.Column("at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("intent", sa.String(length=120), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("ranking", sa.JSON(), nullable=False),
        sa.Column("entities", sa.JSON(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("responses", sa.JSON(), nullable=False),
        sa.Column("form", sa.String(length=120), nullable=False),
        sa.Column("rephrased", sa.Boolean(), nullable=False),
        sa.Column("handed_off", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("review_due", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_understandings_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_understandings_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_understandings")),
    )
    op.create_index("ix_understandings_at", "understandings", ["at", "intent"])
    op.create_index(
        "ix_understandings_conversation_id_message_id",
        "understandings",
        ["conversation_id", "message_id"],
    )
    op.create_index(
        "ix_understandings_review_due",
        "understandings",
        ["message_id"],
        postgresql_where=sa.text("review_due"),
        sqlite_where=sa.text("review_due"),
    )
    op.create_table(
        "review_groups",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("encoder", sa.String(length=60), nullable=False),
        sa.Column("leader", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_groups")),
    )
    op.create_table(
        "review_items",
        sa.Column("message_id", _KEY, nullable=False),
        sa.Column("group_id", _KEY, nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("intent", sa.String(length=120), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("entities", sa.JSON(), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", desk.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("written_at", desk.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["users.id"], name=op.f("fk_review_items_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["review_groups.id"], name=op.f("fk_review_items_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_review_items_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_review_items")),
    )
    for column in ("text_hash", "decision", "decided_by", "group_id"):
        op.create_index(op.f(f"ix_review_items_{column}"), "review_items", [column])
    op.create_index(
        "ix_review_items_state_group_id_message_id",
        "review_items",
        ["state", "group_id", "message_id"],
    )
    op.create_index(
        "ix_review_items_to_write",
        "review_items",
        ["message_id"],
        postgresql_where=sa.text("state = 'done' AND written_at IS NULL"),
        sqlite_where=sa.text("state = 'done' AND written_at IS NULL"),
    )


def downgrade() -> None:
    """Takes the change back."""
    op.drop_table("review_items")
    op.drop_table("review_groups")
    op.drop_table("understandings")
