"""services as reports count them, their tags, and a day's sums."""

import sqlalchemy as sa
from alembic import op

from desk.db import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENTS = ("opened_at", "handed_off_at", "first_response_at", "ended_at", "rated_at")
_TIME = UtcDateTime(timezone=True)
_ACTIVE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "report_services",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "in_service",
                "waiting",
                "resolved",
                "closed",
                name="status",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("channel_id", sa.Integer(), nullable=True),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("request_type_id", sa.Integer(), nullable=True),
        sa.Column("sentiment", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("handoff_reason", sa.String(20), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("held_reason", sa.String(20), nullable=False),
        sa.Column("held_agent_id", sa.Integer(), nullable=True),
        sa.Column("held_queue_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("handed_off_at", _TIME, nullable=True),
        sa.Column("first_response_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("rated_at", _TIME, nullable=True),
        sa.Column("clock_at", _TIME, nullable=False),
        sa.Column("first_response_ms", sa.BigInteger(), nullable=False),
        sa.Column("first_response_business_ms", sa.BigInteger(), nullable=False),
        sa.Column("open_ms", sa.BigInteger(), nullable=False),
        sa.Column("open_business_ms", sa.BigInteger(), nullable=False),
        sa.Column("in_service_ms", sa.BigInteger(), nullable=False),
        sa.Column("in_service_business_ms", sa.BigInteger(), nullable=False),
        sa.Column("waiting_ms", sa.BigInteger(), nullable=False),
        sa.Column("waiting_business_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_services")),
        sa.UniqueConstraint(
            "conversation_id", "number", name=op.f("uq_report_services_conversation_id_number")
        ),
    )
    for moment in _MOMENTS:
        happened = sa.text(f"{moment} IS NOT NULL")
        op.create_index(
            f"ix_report_services_{moment}_id",
            "report_services",
            [moment, "id"],
            postgresql_where=happened,
            sqlite_where=happened,
        )
    op.create_index("ix_report_services_agent_id", "report_services", ["agent_id"])
    op.create_index("ix_report_services_company_id", "report_services", ["company_id"])
    op.create_index(
        "ix_report_services_active",
        "report_services",
        ["status", "opened_at", "id"],
        postgresql_where=_ACTIVE,
        sqlite_where=_ACTIVE,
    )
    op.create_table(
        "report_service_tags",
        sa.Column("service_id", _KEY, nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["report_services.id"],
            name=op.f("fk_report_service_tags_service_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("service_id", "tag_id", name=op.f("pk_report_service_tags")),
    )
    op.create_index("ix_report_service_tags_tag_id", "report_service_tags", ["tag_id"])
    op.create_table(
        "report_cells",
        sa.Column("dimension", sa.String(10), nullable=False),
        sa.Column("measure", sa.String(30), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("business_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "measure", "day", "key", name=op.f("pk_report_cells")),
    )


def downgrade() -> None:
    """Takes the change back."""
    for table in ("report_cells", "report_service_tags", "report_services"):
        op.drop_table(table)
