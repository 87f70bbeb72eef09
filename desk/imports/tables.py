"""Table of imports."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base
from desk.team.tables import User


class Import(Base):
    """A file that somebody sent, and how far it has come.

    ``data``: the bytes as they came, emptied when all is done. ``position``: how many lines are
    done; ``counts``: what they did, and the errors as ``[line, label, message]``.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    file_name: Mapped[str] = mapped_column(String(200), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    total: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    finished_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
