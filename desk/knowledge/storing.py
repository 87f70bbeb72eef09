"""Pages into the database: what changed is cut and encoded anew, the rest is left alone."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import Database, upsert
from desk.encoder import Encoder, Vectors
from desk.knowledge.index import TITLE_SEPARATOR
from desk.knowledge.pages import Block, Page
from desk.knowledge.passages import Passage, cut_page
from desk.knowledge.tables import (
    KnowledgePage,
    KnowledgePassage,
    KnowledgeVector,
    KnowledgeVersion,
)

ENCODED_AT_ONCE = 64
_FOUND_AT_ONCE = 400
_ONLY_ROW = 1

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SourcePage:
    """A page and the address that opens it."""

    page: Page
    url: str

    @property
    def content_hash(self) -> str:
        """Changes with anything that is shown or searched."""
        return hashlib.sha256(repr((self.page, self.url)).encode()).hexdigest()


@dataclass(frozen=True)
class Synced:
    """How many pages of a source were added, changed, removed and left as they were."""

    added: int
    changed: int
    removed: int
    unchanged: int


def searched_text(titles: Sequence[str], blocks: Iterable[tuple[str, Sequence[str]]]) -> str:
    """What is encoded of a stored passage."""
    kept = tuple(Block(kind, tuple(lines)) for kind, lines in blocks)  # type: ignore[arg-type]
    return Passage(tuple(titles), "", kept, ()).searched


def heading_text(titles: Sequence[str]) -> str:
    """What is encoded of a stored passage's titles."""
    return TITLE_SEPARATOR.join(titles)


def hash_text(text: str) -> str:
    """Names a text."""
    return hashlib.sha256(text.encode()).hexdigest()


async def sync_pages(session: AsyncSession, source: str, pages: Sequence[SourcePage]) -> Synced:
    """Makes the stored pages of a source these and no others."""
    known = await session.execute(
        select(KnowledgePage.path, KnowledgePage.id, KnowledgePage.content_hash).where(
            KnowledgePage.source == source
        )
    )
    stored = {row.path: (row.id, row.content_hash) for row in known}
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    for each in pages:
        page_id, content_hash = stored.pop(each.page.path, (None, ""))
        if content_hash == each.content_hash:
            counts["unchanged"] += 1
            continue
        counts["changed" if page_id else "added"] += 1
        await _store(session, source, each, page_id)
    for page_id, _ in stored.values():
        await session.execute(delete(KnowledgePage).where(KnowledgePage.id == page_id))
    if stored or counts["added"] or counts["changed"]:
        await raise_version(session)
    return Synced(removed=len(stored), **counts)


async def _store(session: AsyncSession, source: str, each: SourcePage, page_id: int | None) -> None:
    if page_id is not None:
        await session.execute(delete(KnowledgePage).where(KnowledgePage.id == page_id))
    page = KnowledgePage(
        source=source,
        path=each.page.path,
        url=each.url,
        title=each.page.title,
        summary=each.page.summary,
        content_hash=each.content_hash,
        indexed_at=datetime.now(UTC),
    )
    session.add(page)
    await session.flush()
    for position, passage in enumerate(cut_page(each.page)):
        session.add(
            KnowledgePassage(
                page_id=page.id,
                position=position,
                titles=list(passage.titles),
                anchor=passage.anchor,
                blocks=[(block.kind, list(block.lines)) for block in passage.blocks],
                phrasings=list(passage.phrasings),
            )
        )
    await session.flush()


async def keep_page(session: AsyncSession, source: str, each: SourcePage) -> bool:
    """Makes one page of a source this one; False when it was so already.

    Whoever keeps pages one by one raises the version at times (``raise_version``).
    """
    query = select(KnowledgePage.id, KnowledgePage.content_hash).where(
        KnowledgePage.source == source, KnowledgePage.path == each.page.path
    )
    known = (await session.execute(query)).one_or_none()
    if known is not None and known.content_hash == each.content_hash:
        return False
    await _store(session, source, each, known.id if known else None)
    return True


async def raise_version(session: AsyncSession) -> None:
    """Processes that search read anew."""
    insert = upsert(session)
    row = insert(KnowledgeVersion).values(id=_ONLY_ROW, number=1)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["id"], set_={"number": KnowledgeVersion.number + 1}
        )
    )


async def knowledge_version(session: AsyncSession) -> int:
    """Rises with every change of what is stored; 0 before the first."""
    query = select(func.coalesce(func.max(KnowledgeVersion.number), 0))
    return (await session.execute(query)).scalar_one()


async def passage_texts(session: AsyncSession) -> dict[str, str]:
    """Every text that is to have a vector, by its hash."""
    rows = await session.execute(
        select(KnowledgePassage.titles, KnowledgePassage.blocks, KnowledgePassage.phrasings)
    )
    texts = {}
    for titles, blocks, phrasings in rows:
        for text in (heading_text(titles), searched_text(titles, blocks), *phrasings):
            texts[hash_text(text)] = text
    return texts


async def encode_page(
    database: Database, encoder: Encoder, page: Page, at_once: int = ENCODED_AT_ONCE
) -> int:
    """Encodes what a page will be searched by, before it is stored; says how many texts.

    A page that changed is so found by its new words from the moment on that it has them.
    """
    texts = {
        hash_text(text): text
        for passage in cut_page(page)
        for text in (heading_text(passage.titles), passage.searched, *passage.phrasings)
    }
    async with database.reading() as session:
        known = await read_vectors(session, encoder, sorted(texts))
    missing = sorted(set(texts) - set(known))
    for start in range(0, len(missing), at_once):
        await _encode(database, encoder, texts, missing[start : start + at_once])
    return len(missing)


async def _encode(
    database: Database, encoder: Encoder, texts: Mapping[str, str], hashes: Sequence[str]
) -> None:
    some = [texts[text_hash] for text_hash in hashes]
    vectors = await asyncio.to_thread(encoder.encode_passages, some)
    async with database.transaction() as session:
        insert = upsert(session)
        for text_hash, vector in zip(hashes, vectors, strict=True):
            row = insert(KnowledgeVector).values(
                text_hash=text_hash, encoder=encoder.name, vector=_as_bytes(vector)
            )
            await session.execute(row.on_conflict_do_nothing())


async def encode_missing(
    database: Database, encoder: Encoder, progress: Progress | None = None
) -> int:
    """Encodes the texts that have no vector of this encoder yet; says how many.

    In small transactions: it may be stopped at any time and goes on from there. ``progress`` hears
    how many of how many are done. When there was nothing to do, vectors that nobody needs any more
    are thrown away: not before, since a process that runs with the former model answers from its
    own until it is started again.
    """
    async with database.reading(may_be_slow=True) as session:
        texts = await passage_texts(session)
        known = await session.execute(
            select(KnowledgeVector.text_hash).where(KnowledgeVector.encoder == encoder.name)
        )
        missing = sorted(set(texts) - set(known.scalars()))
    for start in range(0, len(missing), ENCODED_AT_ONCE):
        await _encode(database, encoder, texts, missing[start : start + ENCODED_AT_ONCE])
        if progress is not None:
            progress(min(start + ENCODED_AT_ONCE, len(missing)), len(missing))
    if missing:
        async with database.transaction() as session:
            await raise_version(session)
    else:
        await _forget_unused_vectors(database, encoder)
    return len(missing)


async def _forget_unused_vectors(database: Database, encoder: Encoder) -> None:
    """Those of other encoders, and those of texts that no passage has any more."""
    async with database.reading(may_be_slow=True) as session:
        # First the vectors: a text that was stored meanwhile is then among the texts.
        own = await session.execute(
            select(KnowledgeVector.text_hash).where(KnowledgeVector.encoder == encoder.name)
        )
        unused = sorted(set(own.scalars()) - set(await passage_texts(session)))
    async with database.transaction() as session:
        others = KnowledgeVector.encoder != encoder.name
        await session.execute(delete(KnowledgeVector).where(others))
    for some in _in_pieces(unused):
        async with database.transaction() as session:
            await session.execute(
                delete(KnowledgeVector).where(
                    KnowledgeVector.encoder == encoder.name, KnowledgeVector.text_hash.in_(some)
                )
            )


async def read_vectors(
    session: AsyncSession, encoder: Encoder, hashes: Sequence[str]
) -> dict[str, Vectors]:
    """The vectors of these texts that were made by this encoder, by hash."""
    found: dict[str, Vectors] = {}
    for some in _in_pieces(sorted(set(hashes))):
        rows = await session.execute(
            select(KnowledgeVector.text_hash, KnowledgeVector.vector).where(
                KnowledgeVector.encoder == encoder.name, KnowledgeVector.text_hash.in_(some)
            )
        )
        found |= {row.text_hash: np.frombuffer(row.vector, dtype="<f4") for row in rows}
    return found


def _in_pieces(hashes: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(hashes), _FOUND_AT_ONCE):
        yield hashes[start : start + _FOUND_AT_ONCE]


def _as_bytes(vector: Vectors) -> bytes:
    return vector.astype("<f4").tobytes()
