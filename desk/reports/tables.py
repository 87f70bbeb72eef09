"""Tables of the reports; everything in them is made of the event log."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base, BigKey
from desk.states import Status
from desk.tickets.tables import status_column


def _by_moment(column: str) -> Index:
    """Services in the order of something that happens to them once, for totals and for lists."""
    happened = sql(f"{column} IS NOT NULL")
    return Index(
        f"ix_report_services_{column}_id",
        column,
        "id",
        postgresql_where=happened,
        sqlite_where=happened,
    )


class ReportService(Base):
    """One service (atendimento): from when a conversation is open until it ends.

    A conversation that is reopened has a further one, ``number`` 2 and so on. Subjects are plain
    numbers without foreign keys, as in the event log. Whole milliseconds, so that what is taken
    away from a sum is what was put in: ``open_ms`` … ``waiting_ms`` are the time in each status,
    ``…_business_ms`` that of the queue's business hours. ``clock_at``: up to when they are counted;
    the status since then is ``status``. ``held_…``: people took the conversation after the end;
    the next service begins with them.
    """

    __tablename__ = "report_services"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int]
    status: Mapped[Status] = mapped_column(status_column())
    channel_id: Mapped[int | None]
    queue_id: Mapped[int | None]
    agent_id: Mapped[int | None]
    company_id: Mapped[int | None]
    request_type_id: Mapped[int | None]
    sentiment: Mapped[int | None]
    score: Mapped[int | None]
    handoff_reason: Mapped[str] = mapped_column(String(20), default="")
    transfers: Mapped[int] = mapped_column(default=0)
    held_reason: Mapped[str] = mapped_column(String(20), default="")
    held_agent_id: Mapped[int | None]
    held_queue_id: Mapped[int | None]
    opened_at: Mapped[datetime]
    handed_off_at: Mapped[datetime | None]
    first_response_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    rated_at: Mapped[datetime | None]
    clock_at: Mapped[datetime]
    first_response_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    first_response_business_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    open_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    open_business_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    in_service_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    in_service_business_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    waiting_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    waiting_business_ms: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (
        UniqueConstraint("conversation_id", "number"),
        _by_moment("opened_at"),
        _by_moment("handed_off_at"),
        _by_moment("first_response_at"),
        _by_moment("ended_at"),
        _by_moment("rated_at"),
        Index("ix_report_services_agent_id", "agent_id"),
        Index("ix_report_services_company_id", "company_id"),
        Index(
            "ix_report_services_active",
            "status",
            "opened_at",
            "id",
            postgresql_where=sql("ended_at IS NULL"),
            sqlite_where=sql("ended_at IS NULL"),
        ),
    )


class ReportServiceTag(Base):
    """A tag that a service bears."""

    __tablename__ = "report_service_tags"

    service_id: Mapped[int] = mapped_column(
        ForeignKey(ReportService.id, ondelete="CASCADE"), primary_key=True
    )
    tag_id: Mapped[int] = mapped_column(primary_key=True, index=True)


class ReportCell(Base):
    """A day's sum of one measure over the services with one value of one dimension.

    ``key``: an id, an hour, or 0 (all; none). ``number`` counts, ``ms`` sums times.
    """

    __tablename__ = "report_cells"

    dimension: Mapped[str] = mapped_column(String(10), primary_key=True)
    measure: Mapped[str] = mapped_column(String(30), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    ms: Mapped[int] = mapped_column(BigInteger)
    business_ms: Mapped[int] = mapped_column(BigInteger)
