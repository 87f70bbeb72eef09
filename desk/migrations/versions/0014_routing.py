"""the examples that choose a queue, and why a conversation is in its queue."""

import sqlalchemy as sa
from alembic import op

import desk.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "routing_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_version")),
    )
    op.create_table(
        "routing_examples",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column("request_type_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("message_id", _BIG, nullable=True),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(queue_id IS NULL) <> (request_type_id IS NULL)",
            name=op.f("ck_routing_examples_one_owner"),
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"],
            ["queues.id"],
            name=op.f("fk_routing_examples_queue_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["request_type_id"],
            ["request_types.id"],
            name=op.f("fk_routing_examples_request_type_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_routing_examples_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_routing_examples_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_examples")),
        sa.UniqueConstraint("message_id", name=op.f("uq_routing_examples_message_id")),
    )
    op.create_index("ix_routing_examples_created_by", "routing_examples", ["created_by"])
    op.create_index("ix_routing_examples_queue_id_id", "routing_examples", ["queue_id", "id"])
    op.create_index(
        "ix_routing_examples_request_type_id_id", "routing_examples", ["request_type_id", "id"]
    )
    op.add_column("conversations", sa.Column("routing", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Takes the change back."""
    op.drop_column("conversations", "routing")
    op.drop_table("routing_examples")
    op.drop_table("routing_version")
