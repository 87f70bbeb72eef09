"""Tables of campaigns and of whom they are for."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, String
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from desk.contacts.tables import Contact
from desk.conversations.tables import Conversation, Message
from desk.db import Base
from desk.states import CampaignState
from desk.team.tables import User

_WAITS = sql("next_at IS NOT NULL")


class Campaign(Base):
    """A message and whom it is for; ``value`` has the form of ``settings.py: CampaignValues``.

    ``next_at``: when the loop has something to do, None while it has not. While it runs,
    ``frozen_to`` is the last contact that was looked at for the list of recipients, and
    ``frozen_at`` when that list was whole: only then the first message goes out.
    """

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[CampaignState] = mapped_column(
        Enum(
            CampaignState,
            native_enum=False,
            length=12,
            values_callable=lambda states: [state.value for state in states],
        ),
        default=CampaignState.DRAFT,
    )
    value: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_by_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    starts_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    frozen_to: Mapped[int] = mapped_column(default=0)
    frozen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_campaigns_next_at", "next_at", postgresql_where=_WAITS, sqlite_where=_WAITS),
    )


class CampaignRecipient(Base):
    """A contact of a campaign: one row, so that nobody gets it twice.

    ``state``: waiting, written (``message_id`` is the message), left_out (``reason`` says why).
    """

    __tablename__ = "campaign_recipients"

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey(Campaign.id, ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(
        ForeignKey(Contact.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    reason: Mapped[str] = mapped_column(String(20), default="")
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey(Conversation.id, ondelete="SET NULL"), index=True
    )
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey(Message.id, ondelete="SET NULL"), index=True
    )
    at: Mapped[datetime]

    __table_args__ = (Index("ix_campaign_recipients_state", "campaign_id", "state", "contact_id"),)
