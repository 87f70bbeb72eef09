"""Tables of the documentation: pages, their passages, and vectors by what was encoded."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base, BigKey


class KnowledgePage(Base):
    """A page of a source (a folder or a site); ``path`` names it there, ``url`` opens it."""

    __tablename__ = "knowledge_pages"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str] = mapped_column(String(200))
    path: Mapped[str] = mapped_column(String(500))
    url: Mapped[str] = mapped_column(String(1000))
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str] = mapped_column(Text, default="")
    content_hash: Mapped[str] = mapped_column(String(64))
    indexed_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("source", "path"),)


class KnowledgePassage(Base):
    """What answers. ``blocks``: ``[kind, [line, …]]`` each, as the page has them.

    ``phrasings``: how customers ask for it; each has a vector of its own.
    """

    __tablename__ = "knowledge_passages"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey(KnowledgePage.id, ondelete="CASCADE"))
    position: Mapped[int]
    titles: Mapped[list[str]] = mapped_column(JSON)
    anchor: Mapped[str] = mapped_column(String(300), default="")
    blocks: Mapped[list[tuple[str, list[str]]]] = mapped_column(JSON)
    phrasings: Mapped[list[str]] = mapped_column(JSON, default=list)

    __table_args__ = (UniqueConstraint("page_id", "position"),)


class KnowledgeVector(Base):
    """The vector of a text, found again by the text's hash: unchanged texts are encoded once.

    ``vector``: float32, little-endian, of unit length.
    """

    __tablename__ = "knowledge_vectors"

    text_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    encoder: Mapped[str] = mapped_column(String(200), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class KnowledgeVersion(Base):
    """One row: a number that rises with every change, so that processes know when to read anew."""

    __tablename__ = "knowledge_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
