"""imports, and what somebody of the team did."""

import sqlalchemy as sa
from alembic import op

import desk.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BY_AGENTS = sa.text("actor_kind = 'agent'")


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("finished_at", desk.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", desk.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_imports_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_user_id", "imports", ["user_id"])
    op.create_index(
        "ix_desk_events_agent_seq",
        "desk_events",
        ["actor_id", "seq"],
        postgresql_where=_BY_AGENTS,
        sqlite_where=_BY_AGENTS,
    )


def downgrade() -> None:
    """Takes it back."""
    op.drop_index("ix_desk_events_agent_seq", "desk_events")
    op.drop_table("imports")
