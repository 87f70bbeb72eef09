"""Tables of guided help: each run of a guide, and what became of each step.

No words of customers stand here: those are on the ticket.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.conversations.tables import Conversation
from desk.db import Base, BigKey
from desk.tickets.tables import Ticket

WAITS_FOR_PORTAL = text("guide_runs.outcome = 'portal_down' AND guide_runs.told_at IS NULL")
_WAITS = text("outcome = 'portal_down' AND told_at IS NULL")


class Outcome(StrEnum):
    """How a run ended; one that was broken off stays ``running``, since it may be taken up."""

    RUNNING = "running"
    SOLVED = "solved"
    UNSOLVED = "unsolved"
    HANDED_OFF = "handed_off"
    TICKET = "ticket"
    PORTAL_DOWN = "portal_down"


class GuideRun(Base):
    """One run of a guide in a conversation.

    ``solved_at``: the number of the step that helped. ``ticket_id``: where all of it is told.
    ``told_at``: when who waited for the portal was told that its note is over.
    """

    __tablename__ = "guide_runs"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), index=True
    )
    guide: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    account_state: Mapped[str] = mapped_column(String(20), default="")
    portal_noted: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[Outcome] = mapped_column(
        Enum(
            Outcome,
            native_enum=False,
            length=20,
            values_callable=lambda kind: [each.value for each in kind],
        ),
        default=Outcome.RUNNING,
    )
    solved_at: Mapped[int | None]
    ticket_id: Mapped[int | None] = mapped_column(
        ForeignKey(Ticket.id, ondelete="SET NULL"), index=True
    )
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_guide_runs_started_at", "started_at"),
        Index("ix_guide_runs_guide_id", "guide", "id"),
        Index(
            "ix_guide_runs_waiting_for_portal",
            "id",
            postgresql_where=_WAITS,
            sqlite_where=_WAITS,
        ),
    )


class GuideRunStep(Base):
    """A step that was tried; ``position`` counts from 1, ``step`` is the beginning of its text."""

    __tablename__ = "guide_run_steps"

    run_id: Mapped[int] = mapped_column(
        ForeignKey(GuideRun.id, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(200))
    worked: Mapped[bool]
