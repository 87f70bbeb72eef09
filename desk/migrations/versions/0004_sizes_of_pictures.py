"""sizes of pictures, so that a page keeps their place before they are loaded."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies the change."""
    op.add_column("media", sa.Column("width_px", sa.Integer(), nullable=True))
    op.add_column("media", sa.Column("height_px", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Takes it back.

    Raises:
        NotImplementedError: always; migrations go forward.
    """
    raise NotImplementedError("Migrations go forward; restore the backup made before the update.")
