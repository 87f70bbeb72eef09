"""The addresses of a site as rows: a crawl that was killed goes on where it was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import upsert
from desk.knowledge.crawling.addresses import path_of
from desk.knowledge.html import READER_VERSION
from desk.knowledge.tables import KnowledgeAddress, KnowledgePage, KnowledgeSource

KEPT = ("indexed", "unchanged")
"""Outcomes after which a page is there."""
PASSED_OVER = ("redirect", "canonical", "duplicate", "noindex", "empty", "not_html", "off_site")
"""Outcomes after which there is none, as the site wants it."""
TROUBLES = (
    "gone",
    "robots",
    "refused",
    "later",
    "unreachable",
    "forbidden",
    "too_large",
    "unreadable",
)
"""Outcomes that somebody should look at: the errors of a source."""
TELLING = (*TROUBLES, "off_site", "not_html", "noindex")
"""Outcomes of the first page that say why nothing was found at all."""
UNCERTAIN = ("later", "unreachable")
"""Outcomes after which nobody knows whether the page is still there."""
_INSERTED_AT_ONCE = 200
_MOST_KEPT_LINKS = 2000


@dataclass(frozen=True)
class Visit:
    """An address whose turn it is. ``etag`` and ``last_modified`` only if its page is stored."""

    id: int
    url: str
    depth: int
    attempts: int
    etag: str
    last_modified: str
    links: tuple[str, ...]
    digest: str


async def add_addresses(
    session: AsyncSession, source_id: int, run: int, depth: int, urls: Iterable[str]
) -> None:
    """These addresses belong to a run; those that it knows already stay as they are."""
    insert = upsert(session)
    wanted = list(dict.fromkeys(urls))
    for start in range(0, len(wanted), _INSERTED_AT_ONCE):
        rows = [
            {"source_id": source_id, "url": url, "run": run, "depth": depth, "waiting": True}
            | {"attempts": 0, "outcome": "", "links": [], "digest": "", "reader": 0}
            | {"etag": "", "last_modified": ""}
            for url in wanted[start : start + _INSERTED_AT_ONCE]
        ]
        row = insert(KnowledgeAddress).values(rows)
        await session.execute(
            row.on_conflict_do_update(
                index_elements=["source_id", "url"],
                set_={"run": run, "depth": depth, "waiting": True, "attempts": 0},
                where=KnowledgeAddress.run < run,
            )
        )


async def known_addresses(session: AsyncSession, source_id: int, run: int) -> list[str]:
    """All addresses of a run."""
    query = select(KnowledgeAddress.url).where(
        KnowledgeAddress.source_id == source_id, KnowledgeAddress.run == run
    )
    return list((await session.execute(query)).scalars())


async def known_digests(session: AsyncSession, source_id: int, run: int) -> dict[str, str]:
    """The pages that a run has kept so far: their address by what they say."""
    query = select(KnowledgeAddress.digest, KnowledgeAddress.url).where(
        KnowledgeAddress.source_id == source_id,
        KnowledgeAddress.run == run,
        KnowledgeAddress.waiting.is_(False),
        KnowledgeAddress.outcome.in_(KEPT),
    )
    return {row.digest: row.url for row in await session.execute(query)}


async def next_visit(session: AsyncSession, source: KnowledgeSource) -> Visit | None:
    """The next address, those nearest to the first page first; None when all were visited."""
    query = (
        select(KnowledgeAddress)
        .where(
            KnowledgeAddress.source_id == source.id,
            KnowledgeAddress.run == source.run,
            KnowledgeAddress.waiting.is_(True),
        )
        .order_by(KnowledgeAddress.depth, KnowledgeAddress.id)
        .limit(1)
    )
    row = (await session.execute(query)).scalar_one_or_none()
    if row is None:
        return None
    stored = select(KnowledgePage.id).where(
        KnowledgePage.source == source.key, KnowledgePage.path == path_of(row.url)
    )
    is_stored = (await session.execute(stored)).scalar_one_or_none() is not None
    still_good = is_stored and row.outcome in KEPT and row.reader == READER_VERSION
    return Visit(
        id=row.id,
        url=row.url,
        depth=row.depth,
        attempts=row.attempts,
        etag=row.etag if still_good else "",
        last_modified=row.last_modified if still_good else "",
        links=tuple(row.links),
        digest=row.digest,
    )


async def settle(
    session: AsyncSession,
    visit: Visit,
    outcome: str,
    status: int | None = None,
    *,
    etag: str = "",
    last_modified: str = "",
    links: Sequence[str] = (),
    digest: str = "",
) -> None:
    """An address was visited."""
    await session.execute(
        update(KnowledgeAddress)
        .where(KnowledgeAddress.id == visit.id)
        .values(
            waiting=False,
            outcome=outcome,
            status=status,
            etag=etag,
            last_modified=last_modified,
            links=list(links[:_MOST_KEPT_LINKS]),
            digest=digest,
            reader=READER_VERSION,
        )
    )


async def outcome_of(session: AsyncSession, source_id: int, url: str) -> str:
    """What became of an address; empty when nothing did."""
    query = select(KnowledgeAddress.outcome).where(
        KnowledgeAddress.source_id == source_id, KnowledgeAddress.url == url
    )
    return (await session.execute(query)).scalar_one_or_none() or ""


async def count_attempt(session: AsyncSession, visit: Visit) -> None:
    """An address is about to be fetched: one that kills its reader is not tried for ever."""
    await session.execute(
        update(KnowledgeAddress)
        .where(KnowledgeAddress.id == visit.id)
        .values(attempts=KnowledgeAddress.attempts + 1)
    )


async def count_visits(session: AsyncSession, source_id: int, run: int) -> tuple[int, int]:
    """How many addresses of a run were visited, and how many it knows."""
    query = (
        select(KnowledgeAddress.waiting, func.count())
        .where(KnowledgeAddress.source_id == source_id, KnowledgeAddress.run == run)
        .group_by(KnowledgeAddress.waiting)
    )
    counts = {bool(waiting): count for waiting, count in await session.execute(query)}
    return counts.get(False, 0), sum(counts.values())


async def is_certain(session: AsyncSession, source_id: int, run: int) -> bool:
    """Whether a run knows of every address what became of it."""
    query = select(KnowledgeAddress.id).where(
        KnowledgeAddress.source_id == source_id,
        KnowledgeAddress.run == run,
        KnowledgeAddress.waiting.is_(True) | KnowledgeAddress.outcome.in_(UNCERTAIN),
    )
    return (await session.execute(query.limit(1))).scalar_one_or_none() is None


async def forget_others(session: AsyncSession, source: KnowledgeSource) -> int:
    """Removes the pages and addresses that the whole site no longer has; says how many pages."""
    query = select(KnowledgeAddress.url).where(
        KnowledgeAddress.source_id == source.id,
        KnowledgeAddress.run == source.run,
        KnowledgeAddress.outcome.in_(KEPT),
    )
    there = {path_of(url) for url in (await session.execute(query)).scalars()}
    stored = await session.execute(
        select(KnowledgePage.id, KnowledgePage.path).where(KnowledgePage.source == source.key)
    )
    gone = [row.id for row in stored if row.path not in there]
    for page_id in gone:
        await session.execute(delete(KnowledgePage).where(KnowledgePage.id == page_id))
    await session.execute(
        delete(KnowledgeAddress).where(
            KnowledgeAddress.source_id == source.id, KnowledgeAddress.run < source.run
        )
    )
    return len(gone)
