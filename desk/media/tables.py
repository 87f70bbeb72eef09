"""Tables of media."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base, BigKey


class Media(Base):
    """One file; its bytes lie in the media folder under ``sha256``.

    ``width_px`` and ``height_px``: of a picture, as it is seen; None when they are not known.
    """

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    mime: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    created_at: Mapped[datetime]


class MediaFetch(Base):
    """A file that a provider announced and that is not here yet; the row ends with the file.

    ``reference``: what the channel's fetcher needs to get it, and nothing secret. ``due_at``: when
    it may be tried (again); while somebody fetches it, when another may take it over.
    """

    __tablename__ = "media_fetches"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    # By name: channels know media (a logo), so media cannot import channels.
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    reference: Mapped[dict[str, Any]] = mapped_column(JSON)
    name: Mapped[str] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime]

    # Numbers are never used again: a worker that comes late must not end another's job.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own form
