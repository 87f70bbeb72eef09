"""guided help: runs of guides and their steps, until when a portal account is locked."""

import sqlalchemy as sa
from alembic import op

import desk.db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "guide_runs",
        sa.Column("id", key, nullable=False),
        sa.Column("conversation_id", key, nullable=False),
        sa.Column("guide", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("account_state", sa.String(length=20), nullable=False),
        sa.Column("portal_noted", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("solved_at", sa.Integer(), nullable=True),
        sa.Column("ticket_id", key, nullable=True),
        sa.Column("started_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", desk.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_guide_runs_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["tickets.id"],
            name=op.f("fk_guide_runs_ticket_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_runs")),
    )
    op.create_index("ix_guide_runs_started_at", "guide_runs", ["started_at"])
    op.create_index("ix_guide_runs_guide_id", "guide_runs", ["guide", "id"])
    op.create_index(op.f("ix_guide_runs_conversation_id"), "guide_runs", ["conversation_id"])
    op.create_index(op.f("ix_guide_runs_ticket_id"), "guide_runs", ["ticket_id"])
    op.create_table(
        "guide_run_steps",
        sa.Column("run_id", key, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=200), nullable=False),
        sa.Column("worked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["guide_runs.id"],
            name=op.f("fk_guide_run_steps_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_guide_run_steps")),
    )
    op.add_column(
        "portal_accounts",
        sa.Column("locked_until", desk.db.UtcDateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    """Takes the change back."""
    op.drop_column("portal_accounts", "locked_until")
    op.drop_table("guide_run_steps")
    op.drop_table("guide_runs")
