"""service levels with their clocks, and rules on waiting, silence and status."""

import sqlalchemy as sa
from alembic import op

from desk.db import BigKey, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

RUNS = sa.text("ended_at IS NULL")
ENDED = sa.text("ended_at IS NOT NULL")
TO_BE_LOOKED_AT = sa.text("look_at IS NOT NULL")
WITH_DEADLINE = sa.text("service_due_at IS NOT NULL")
DUE = sa.text("due_at IS NOT NULL")
BEING_PLANNED = sa.text("planned_to IS NOT NULL")


def upgrade() -> None:
    """Applies the change."""
    op.add_column("conversations", sa.Column("service_due_at", UtcDateTime(), nullable=True))
    op.create_index(
        "ix_conversations_service_due_at",
        "conversations",
        ["service_due_at", "id"],
        postgresql_where=WITH_DEADLINE,
        sqlite_where=WITH_DEADLINE,
    )
    op.create_table(
        "service_levels",
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["queue_id"],
            ["queues.id"],
            name=op.f("fk_service_levels_queue_id_queues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("queue_id", name=op.f("pk_service_levels")),
    )
    _clocks()
    _rules()


def _clocks() -> None:
    op.create_table(
        "service_clocks",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("counted_from", UtcDateTime(), nullable=True),
        sa.Column("used_seconds", sa.Double(), nullable=False),
        sa.Column("target_seconds", sa.Integer(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("look_at", UtcDateTime(), nullable=True),
        sa.Column("warned_at", UtcDateTime(), nullable=True),
        sa.Column("breached_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_service_clocks_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queues.id"], name=op.f("fk_service_clocks_queue_id_queues")
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["users.id"], name=op.f("fk_service_clocks_agent_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_clocks")),
    )
    for name, columns, unique, where in (
        ("uq_service_clocks_running", ["conversation_id", "kind"], True, RUNS),
        ("ix_service_clocks_conversation_id", ["conversation_id"], False, None),
        ("ix_service_clocks_queue_id", ["queue_id"], False, RUNS),
        ("ix_service_clocks_look_at", ["look_at"], False, TO_BE_LOOKED_AT),
        ("ix_service_clocks_ended_at", ["ended_at", "id"], False, ENDED),
    ):
        op.create_index(
            name,
            "service_clocks",
            columns,
            unique=unique,
            postgresql_where=where,
            sqlite_where=where,
        )


def _rules() -> None:
    op.create_table(
        "rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("counts_from", UtcDateTime(), nullable=False),
        sa.Column("planned_to", BigKey, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules")),
    )
    op.create_index(
        "ix_rules_planned_to",
        "rules",
        ["planned_to"],
        postgresql_where=BEING_PLANNED,
        sqlite_where=BEING_PLANNED,
    )
    op.create_table(
        "rule_timers",
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        *_of_a_rule("rule_timers"),
        sa.PrimaryKeyConstraint("rule_id", "conversation_id", name=op.f("pk_rule_timers")),
    )
    op.create_index("ix_rule_timers_conversation_id", "rule_timers", ["conversation_id"])
    op.create_index(
        "ix_rule_timers_due_at",
        "rule_timers",
        ["due_at"],
        postgresql_where=DUE,
        sqlite_where=DUE,
    )
    op.create_table(
        "rule_firings",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", BigKey, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("fired_at", UtcDateTime(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        *_of_a_rule("rule_firings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_firings")),
        sa.UniqueConstraint("rule_id", "conversation_id", "since", name="uq_rule_firings_period"),
    )
    op.create_index("ix_rule_firings_conversation_id", "rule_firings", ["conversation_id"])
    op.create_index("ix_rule_firings_rule_id_id", "rule_firings", ["rule_id", "id"])


def _of_a_rule(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(
            ["rule_id"], ["rules.id"], name=op.f(f"fk_{table}_rule_id_rules"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f(f"fk_{table}_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Takes the change back."""
    for table in ("rule_firings", "rule_timers", "rules", "service_clocks", "service_levels"):
        op.drop_table(table)
    op.drop_index("ix_conversations_service_due_at", table_name="conversations")
    op.drop_column("conversations", "service_due_at")
