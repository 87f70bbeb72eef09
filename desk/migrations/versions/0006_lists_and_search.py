"""indexes that the lists walk, and the search index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WORDS = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")

_IN_ORDER = (
    ("queue_id_last_message_at_id", ["queue_id", "last_message_at", "id"]),
    ("queue_id_status_last_message_at_id", ["queue_id", "status", "last_message_at", "id"]),
    ("assignee_id_last_message_at_id", ["assignee_id", "last_message_at", "id"]),
    ("channel_id_last_message_at_id", ["channel_id", "last_message_at", "id"]),
    ("created_at_id", ["created_at", "id"]),
)
_PARTIAL = (
    (
        "people",
        ["owner", "assignee_id", "last_message_at", "id", "queue_id", "status"],
        "owner <> 'bot'",
    ),
    ("waiting", ["waiting_since", "id"], "waiting_since IS NOT NULL"),
    ("reopened", ["last_message_at", "id"], "reopened_at IS NOT NULL"),
    ("priority", ["priority", "last_message_at", "id"], "priority <> 0"),
    ("sentiment", ["sentiment", "last_message_at", "id"], "sentiment IS NOT NULL"),
)


def upgrade() -> None:
    """Applies the change."""
    for name, columns in _IN_ORDER:
        op.create_index(f"ix_conversations_{name}", "conversations", columns)
    for name, columns, where in _PARTIAL:
        condition = sa.text(where)
        op.create_index(
            f"ix_conversations_{name}",
            "conversations",
            columns,
            postgresql_where=condition,
            sqlite_where=condition,
        )
    # The longer ones above begin with the same column.
    op.drop_index("ix_conversations_queue_id", "conversations")
    op.drop_index("ix_conversations_assignee_id", "conversations")

    op.create_table(
        "message_words",
        sa.Column("message_id", _BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("conversation_id", _BIG_KEY, nullable=False),
        sa.Column("words", _WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_message_words_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_message_words_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_words")),
    )
    op.create_index(op.f("ix_message_words_conversation_id"), "message_words", ["conversation_id"])
    op.create_table(
        "contact_words",
        sa.Column("contact_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", _WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_contact_words_contact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_words")),
    )
    for table, key in (("message_words", "message_id"), ("contact_words", "contact_id")):
        if op.get_bind().dialect.name == "sqlite":
            _follow_with_fts5(table, key)
        else:
            # Written by a loop in batches, read by people who wait: no list of pending entries.
            op.execute(
                f"CREATE INDEX fts_{table} ON {table} USING gin (words) WITH (fastupdate = off)"
            )


def _follow_with_fts5(table: str, key: str) -> None:
    """A full-text table that keeps no text of its own and follows every change of the other."""
    fts = f"fts_{table}"
    into = f"INSERT INTO {fts}"
    gone = f"{into} ({fts}, rowid, words) VALUES ('delete', old.{key}, old.words);"
    come = f"{into} (rowid, words) VALUES (new.{key}, new.words);"
    op.execute(
        f"CREATE VIRTUAL TABLE {fts} USING fts5(words, content='{table}', content_rowid='{key}',"
        " tokenize='unicode61 remove_diacritics 2', prefix='2 3 4', detail=none, columnsize=0)"
    )
    for happening, done in (("INSERT", come), ("DELETE", gone), ("UPDATE", gone + come)):
        name = f"{fts}_{happening.lower()}"
        op.execute(f"CREATE TRIGGER {name} AFTER {happening} ON {table} BEGIN {done} END")


def downgrade() -> None:
    """Takes it back.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("Migrations go forward; restore the backup made before the update.")
