"""Table of business calendars."""

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base


class BusinessCalendar(Base):
    """When people work. A queue without a calendar is always open.

    ``week``: for each weekday ("0" is Monday) its spans as ``[["08:00", "12:00"], …]`` in
    ``timezone``; "24:00" ends a day. National holidays always count, those of ``state`` (two
    letters) and ``city`` when given. ``own_holidays``: ``{"date": "MM-DD" or "YYYY-MM-DD",
    "name": …}``, closed too. ``worked_holidays``: ISO dates on which the week's hours count all
    the same.
    """

    __tablename__ = "business_calendars"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    timezone: Mapped[str] = mapped_column(String(60), default="America/Sao_Paulo")
    state: Mapped[str] = mapped_column(String(2), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    week: Mapped[dict[str, list[list[str]]]] = mapped_column(JSON)
    own_holidays: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    worked_holidays: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime]
