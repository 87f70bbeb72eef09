"""Table of what admins set in the console."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base


class ConfigurationValue(Base):
    """One group of values, under its name; a group that was never saved has its defaults."""

    __tablename__ = "configuration"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime]
