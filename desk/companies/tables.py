"""Table of companies."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base


class Company(Base):
    """A customer company. ``cnpj`` is kept without punctuation, letters upper case."""

    __tablename__ = "companies"

    id: Mapped[int] = mapped_column(primary_key=True)
    cnpj: Mapped[str] = mapped_column(String(14), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    blocked: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    @property
    def root(self) -> str:
        """The first eight characters, shared by the head office and its branches."""
        return self.cnpj[:8]

    @property
    def branch(self) -> str:
        """The establishment's number, ``0001`` for the first."""
        return self.cnpj[8:12]
