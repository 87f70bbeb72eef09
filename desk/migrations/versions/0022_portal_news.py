"""Who was told that the portal works again."""

import sqlalchemy as sa
from alembic import op

from desk.db import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_WAITS = sa.text("outcome = 'portal_down' AND told_at IS NULL")


def upgrade() -> None:
    """Applies the change."""
    op.add_column("guide_runs", sa.Column("told_at", UtcDateTime()))
    op.create_index(
        "ix_guide_runs_waiting_for_portal",
        "guide_runs",
        ["id"],
        postgresql_where=_WAITS,
        sqlite_where=_WAITS,
    )


def downgrade() -> None:
    """Takes the change back."""
    op.drop_index("ix_guide_runs_waiting_for_portal", "guide_runs")
    op.drop_column("guide_runs", "told_at")
