"""pieces of messages, files to fetch, edits to tell."""

import sqlalchemy as sa
from alembic import op

import desk.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "media_fetches",
        sa.Column("id", _BIG_KEY, nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_media_fetches_channel_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_fetches")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_media_fetches_due_at"), "media_fetches", ["due_at"])
    op.create_table(
        "message_edits",
        sa.Column("message_id", _BIG_KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_message_edits_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_edits")),
    )
    op.create_index(op.f("ix_message_edits_due_at"), "message_edits", ["due_at"])
    op.create_table(
        "message_parts",
        sa.Column("message_id", _BIG_KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("external_chat", sa.String(length=254), nullable=False),
        sa.Column("provider_id", sa.String(length=200), nullable=False),
        sa.Column("fetch_id", _BIG_KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_message_parts_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["fetch_id"],
            ["media_fetches.id"],
            name=op.f("fk_message_parts_fetch_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_message_parts_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", "position", name=op.f("pk_message_parts")),
    )
    op.create_index(op.f("ix_message_parts_fetch_id"), "message_parts", ["fetch_id"])
    op.create_index(
        "ix_message_parts_provider",
        "message_parts",
        ["channel_id", "external_chat", "provider_id"],
    )


def downgrade() -> None:
    """Takes it back.

    Raises:
        NotImplementedError: always; what is under way would be lost.
    """
    raise NotImplementedError("Migrations go forward; restore the backup made before the update.")
