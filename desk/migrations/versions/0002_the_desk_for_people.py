"""the desk for people."""

import sqlalchemy as sa
from alembic import op

import desk.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "business_calendars",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("own_holidays", sa.JSON(), nullable=False),
        sa.Column("worked_holidays", sa.JSON(), nullable=False),
        sa.Column("created_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_calendars")),
        sa.UniqueConstraint("name", name=op.f("uq_business_calendars_name")),
    )
    op.create_table(
        "configuration",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("updated_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_configuration")),
    )
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("folded", sa.String(length=60), nullable=False),
        sa.Column("color", sa.String(length=20), nullable=False),
        sa.Column("created_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("folded", name=op.f("uq_tags_folded")),
    )
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum("personal", "team", "global", name="scope", native_enum=False, length=10),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column("shortcut", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_canned_replies_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queues.id"], name=op.f("fk_canned_replies_queue_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_replies")),
    )
    with op.batch_alter_table("canned_replies", schema=None) as batch_op:
        batch_op.create_index("ix_canned_replies_owner_id", ["owner_id"], unique=False)
        batch_op.create_index("ix_canned_replies_queue_id", ["queue_id"], unique=False)
        batch_op.create_index(
            "ix_canned_replies_scope_shortcut", ["scope", "shortcut"], unique=False
        )

    op.create_table(
        "canned_reply_media",
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media.id"], name=op.f("fk_canned_reply_media_media_id")
        ),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["canned_replies.id"],
            name=op.f("fk_canned_reply_media_reply_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reply_id", "position", name=op.f("pk_canned_reply_media")),
    )
    with op.batch_alter_table("canned_reply_media", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_canned_reply_media_media_id"), ["media_id"], unique=False
        )

    op.create_table(
        "conversation_tags",
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("created_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_tags_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name=op.f("fk_conversation_tags_tag_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "tag_id", name=op.f("pk_conversation_tags")),
    )
    with op.batch_alter_table("conversation_tags", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversation_tags_tag_id"), ["tag_id"], unique=False)

    op.create_table(
        "mentions",
        sa.Column(
            "message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("seen_at", desk.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_mentions_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_mentions_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mentions_user_id")),
        sa.PrimaryKeyConstraint("message_id", "user_id", name=op.f("pk_mentions")),
    )
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mentions_conversation_id"), ["conversation_id"], unique=False
        )
        batch_op.create_index("ix_mentions_user_id_seen_at", ["user_id", "seen_at"], unique=False)

    op.add_column(
        "channels", sa.Column("name", sa.String(length=120), nullable=False, server_default="")
    )
    op.add_column(
        "channels", sa.Column("color", sa.String(length=7), nullable=False, server_default="")
    )
    _add_reference("channels", "logo_media_id", "media", "BIGINT")

    op.add_column(
        "conversations", sa.Column("queue_rank", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("conversations", sa.Column("sentiment", sa.Integer(), nullable=True))
    op.add_column(
        "conversations", sa.Column("reopened_at", desk.db.UtcDateTime(timezone=True), nullable=True)
    )

    op.add_column("messages", sa.Column("sentiment", sa.Integer(), nullable=True))

    op.add_column(
        "queue_members",
        sa.Column("last_assigned_at", desk.db.UtcDateTime(timezone=True), nullable=True),
    )

    op.add_column(
        "queues", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column(
        "queues",
        sa.Column(
            "assignment",
            sa.Enum(
                "manual",
                "round_robin",
                "least_busy",
                name="assignment",
                native_enum=False,
                length=20,
            ),
            nullable=False,
            server_default="manual",
        ),
    )
    op.add_column("queues", sa.Column("idle_minutes", sa.Integer(), nullable=True))
    _add_reference("queues", "calendar_id", "business_calendars", "INTEGER")

    op.add_column(
        "request_types", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true())
    )

    op.add_column(
        "users",
        sa.Column(
            "presence",
            sa.Enum("available", "away", name="presence", native_enum=False, length=20),
            nullable=False,
            server_default="available",
        ),
    )
    op.add_column("users", sa.Column("capacity", sa.Integer(), nullable=False, server_default="8"))
    op.add_column(
        "users", sa.Column("locale", sa.String(length=10), nullable=False, server_default="pt_BR")
    )
    op.add_column("users", sa.Column("preferences", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column(
        "users",
        sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    """Columns with foreign keys cannot be taken back on SQLite without loss.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("Migrations go forward; restore the backup made before the update.")


def _add_reference(table: str, column: str, target: str, kind: str) -> None:
    """A nullable foreign key, without copying the table.

    Alembic's batch mode would copy it on SQLite: dropping the old one deletes, by cascade, all
    that refers to it.
    """
    name = f"fk_{table}_{column}"
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else kind
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind} CONSTRAINT {name} REFERENCES {target} (id)"
    )
    op.create_index(f"ix_{table}_{column}", table, [column])
