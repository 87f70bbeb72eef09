"""Tables of canned replies."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Enum, ForeignKey, Index, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base
from desk.media.tables import Media
from desk.states import Status
from desk.team.tables import Queue, User

_IS_GLOBAL = sql("scope = 'global'")


class Scope(StrEnum):
    """Who may use a canned reply."""

    PERSONAL = "personal"
    TEAM = "team"
    GLOBAL = "global"


class CannedReply(Base):
    """Words (with variables such as ``{{contact.first_name}}``) and files, found by ``shortcut``.

    A personal one has an owner, a team's one has the team's queue, a global one neither.
    """

    __tablename__ = "canned_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[Scope] = mapped_column(
        Enum(Scope, native_enum=False, length=10, values_callable=lambda s: [x.value for x in s])
    )
    owner_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey(Queue.id, ondelete="CASCADE"))
    shortcut: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text, default="")
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_canned_replies_scope_shortcut", "scope", "shortcut"),
        Index("ix_canned_replies_owner_id", "owner_id"),
        Index("ix_canned_replies_queue_id", "queue_id"),
        # In one place a shortcut is one reply; who has no owner or queue is compared to nobody.
        Index("uq_canned_replies_owner_id_shortcut", "owner_id", "shortcut", unique=True),
        Index("uq_canned_replies_queue_id_shortcut", "queue_id", "shortcut", unique=True),
        Index(
            "uq_canned_replies_global_shortcut",
            "shortcut",
            unique=True,
            sqlite_where=_IS_GLOBAL,
            postgresql_where=_IS_GLOBAL,
        ),
    )


class CannedReplyMedia(Base):
    """A file of a canned reply."""

    __tablename__ = "canned_reply_media"

    reply_id: Mapped[int] = mapped_column(
        ForeignKey(CannedReply.id, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey(Media.id), index=True)


class Macro(Base):
    """What a canned reply changes besides being sent. ``tag_ids``: tags that it puts on."""

    __tablename__ = "macros"

    reply_id: Mapped[int] = mapped_column(
        ForeignKey(CannedReply.id, ondelete="CASCADE"), primary_key=True
    )
    set_status: Mapped[Status | None] = mapped_column(
        Enum(
            Status,
            native_enum=False,
            length=20,
            values_callable=lambda statuses: [status.value for status in statuses],
        )
    )
    set_priority: Mapped[int | None]
    set_queue_id: Mapped[int | None] = mapped_column(ForeignKey(Queue.id))
    tag_ids: Mapped[list[int]] = mapped_column(JSON)
