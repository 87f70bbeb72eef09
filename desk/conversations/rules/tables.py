"""Tables of rules, of when they are due, and of what they did."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from desk.conversations.tables import Conversation
from desk.db import Base, BigKey

_DUE = sql("due_at IS NOT NULL")
_BEING_PLANNED = sql("planned_to IS NOT NULL")


class Rule(Base):
    """A condition and what then happens; ``value`` has the form of ``settings.py: RuleValues``.

    ``counts_from``: what was due before is left alone. ``planned_to``: while the conversations
    that there are get their timers, the number of the last one that has it.
    """

    __tablename__ = "rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    active: Mapped[bool] = mapped_column(default=False)
    value: Mapped[dict[str, Any]] = mapped_column(JSON)
    counts_from: Mapped[datetime]
    planned_to: Mapped[int | None] = mapped_column(BigKey)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_rules_planned_to",
            "planned_to",
            postgresql_where=_BEING_PLANNED,
            sqlite_where=_BEING_PLANNED,
        ),
    )


class RuleTimer(Base):
    """The condition of a rule holds for a conversation since then; due, or None once it fired."""

    __tablename__ = "rule_timers"

    rule_id: Mapped[int] = mapped_column(ForeignKey(Rule.id, ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    since: Mapped[datetime]
    due_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_rule_timers_due_at", "due_at", postgresql_where=_DUE, sqlite_where=_DUE),
    )


class RuleFiring(Base):
    """A rule did something to a conversation, once for the period that began at ``since``.

    ``refused``: the actions that could not be done, each with the reason.
    """

    __tablename__ = "rule_firings"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey(Rule.id, ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), index=True
    )
    since: Mapped[datetime]
    fired_at: Mapped[datetime]
    done: Mapped[list[str]] = mapped_column(JSON)
    refused: Mapped[dict[str, str]] = mapped_column(JSON)

    __table_args__ = (
        UniqueConstraint("rule_id", "conversation_id", "since", name="uq_rule_firings_period"),
        Index("ix_rule_firings_rule_id_id", "rule_id", "id"),
    )
