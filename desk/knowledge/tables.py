"""Tables of the documentation: pages, their passages, and vectors by what was encoded."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.db import Base, BigKey


class KnowledgeSource(Base):
    """A folder or a site that pages come from, and the job that reads it.

    ``key`` is the ``source`` of its pages. ``address``: a folder's path or a site's first page;
    ``public_url``: where a folder's pages are open to customers. ``due_at``: from when on somebody
    may take the job; None when there is nothing to do. ``taken`` counts who took it, so that a
    process which was believed dead writes nothing more. ``run`` numbers the readings, ``seeded``
    says whether the sitemaps of this one were read, ``spent_seconds`` what it took so far.
    ``outcome``: of the last reading: complete, partial or failed, with its ``problem``.
    """

    __tablename__ = "knowledge_sources"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(1000))
    public_url: Mapped[str] = mapped_column(String(1000), default="")
    run: Mapped[int] = mapped_column(default=0)
    running: Mapped[bool] = mapped_column(default=False)
    seeded: Mapped[bool] = mapped_column(default=False)
    taken: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    spent_seconds: Mapped[float] = mapped_column(default=0.0)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    problem: Mapped[str] = mapped_column(String(500), default="")
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime]


class KnowledgeAddress(Base):
    """An address of a site: whether the crawl has been there, and what it found.

    ``run``: the last that knew it. ``outcome``: what became of it when it was last visited
    (``desk.knowledge.crawling.frontier``). ``etag``, ``last_modified``, ``links`` and ``digest``
    (of what is read) are kept for the next run, as ``reader`` read them.
    """

    __tablename__ = "knowledge_addresses"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey(KnowledgeSource.id, ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(String(500))
    run: Mapped[int]
    depth: Mapped[int]
    waiting: Mapped[bool] = mapped_column(default=True)
    attempts: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    status: Mapped[int | None] = mapped_column(default=None)
    etag: Mapped[str] = mapped_column(String(300), default="")
    last_modified: Mapped[str] = mapped_column(String(100), default="")
    links: Mapped[list[str]] = mapped_column(JSON, default=list)
    digest: Mapped[str] = mapped_column(String(64), default="")
    reader: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        UniqueConstraint("source_id", "url"),
        Index("ix_knowledge_addresses_next", "source_id", "run", "waiting", "depth", "id"),
    )


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
