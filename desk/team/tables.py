"""Tables of users, queues and logins."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base
from desk.hours.tables import BusinessCalendar


class Role(StrEnum):
    """What a user does; fine permissions follow from it."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    DESIGNER = "designer"
    ADMIN = "admin"


class Presence(StrEnum):
    """What a person says of themselves; without an open console they are offline anyway."""

    AVAILABLE = "available"
    AWAY = "away"


class Assignment(StrEnum):
    """How a queue's conversations find their agent."""

    MANUAL = "manual"
    ROUND_ROBIN = "round_robin"
    LEAST_BUSY = "least_busy"


def _by_value(enum: type[StrEnum], length: int) -> Enum:
    return Enum(
        enum, native_enum=False, length=length, values_callable=lambda e: [x.value for x in e]
    )


class User(Base):
    """A person of the team.

    ``capacity``: how many conversations at once are given to them automatically.
    ``preferences``: what a person sets for their own screens (sounds, notifications, theme).
    ``online_since``: when they came, until it was noticed that they left (``team.presence``).
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = mapped_column(_by_value(Role, 20))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    last_seen_at: Mapped[datetime | None]
    online_since: Mapped[datetime | None]
    presence: Mapped[Presence] = mapped_column(_by_value(Presence, 20), default=Presence.AVAILABLE)
    capacity: Mapped[int] = mapped_column(default=8)
    locale: Mapped[str] = mapped_column(String(10), default="pt_BR")
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    @property
    def first_name(self) -> str:
        """What colleagues call this person."""
        return self.name.split()[0] if self.name.strip() else self.name

    @property
    def sees_all_queues(self) -> bool:
        """Supervisors and admins see every queue; an agent what its queues allow."""
        return self.role in {Role.SUPERVISOR, Role.ADMIN}


class Queue(Base):
    """A department where conversations wait for a person.

    ``idle_minutes``: after so long without an agent's answer to a customer who waits, an assigned
    conversation returns to the queue; None never. An inactive queue takes nothing new.
    """

    __tablename__ = "queues"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey(BusinessCalendar.id), index=True)
    assignment: Mapped[Assignment] = mapped_column(
        _by_value(Assignment, 20), default=Assignment.MANUAL
    )
    idle_minutes: Mapped[int | None]


class QueueMember(Base):
    """An agent serves a queue."""

    __tablename__ = "queue_members"

    queue_id: Mapped[int] = mapped_column(
        ForeignKey("queues.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    last_assigned_at: Mapped[datetime | None]


class UserLogin(Base):
    """A signed-in browser or program; the token itself is kept by its owner alone."""

    __tablename__ = "user_logins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
