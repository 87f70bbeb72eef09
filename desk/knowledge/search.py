"""Search as the bot and the desk use it: the newest index, hits with a verdict."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import Database
from desk.encoder import Encoder, Vectors
from desk.knowledge.background import Background, make_background
from desk.knowledge.index import Entry, SearchIndex
from desk.knowledge.pages import Block
from desk.knowledge.storing import (
    hash_text,
    heading_text,
    knowledge_version,
    read_vectors,
    searched_text,
)
from desk.knowledge.tables import KnowledgePage, KnowledgePassage

_LOOK_AGAIN_SECONDS = 2.0


class Verdict(StrEnum):
    """What may be done with the best hit."""

    ANSWER = "answer"
    MAYBE = "maybe"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Hit:
    """A passage that was found. ``score``: standard deviations above the background."""

    passage_id: int
    page_title: str
    titles: tuple[str, ...]
    url: str
    blocks: tuple[Block, ...]
    score: float


@dataclass(frozen=True)
class Found:
    """Hits, best first, each page once; the verdict is on the first."""

    verdict: Verdict
    hits: tuple[Hit, ...]


class Knowledge:
    """One for a process; follows what is stored by itself."""

    def __init__(self, database: Database, encoder: Encoder) -> None:
        self._database = database
        self._encoder = encoder
        self._reading = asyncio.Lock()
        self._background: Background | None = None
        self._index: SearchIndex | None = None
        self._version = -1
        self._looked_at = -_LOOK_AGAIN_SECONDS

    async def find(self, question: str, limit: int = 5) -> Found:
        """The passages that answer a question, at most ``limit``, each page once."""
        index = await self._newest()
        scores = await asyncio.to_thread(index.score, question)
        order = np.argsort(-scores)[: limit * 4]
        ids = [index.passage_ids[place] for place in order]
        async with self._database.reading() as session:
            rows = await _read_hits(session, ids)
        hits: list[Hit] = []
        pages: set[str] = set()
        for place, passage_id in zip(order, ids, strict=True):
            row = rows.get(passage_id)
            if row is None or row[1].url in pages:
                continue
            pages.add(row[1].url)
            hits.append(_hit(*row, float(scores[place])))
        return Found(_verdict(index, hits), tuple(hits[:limit]))

    async def _newest(self) -> SearchIndex:
        """The index; read anew when what is stored has changed, looked at every two seconds."""
        async with self._reading:
            now = time.monotonic()
            if self._index is not None and now - self._looked_at < _LOOK_AGAIN_SECONDS:
                return self._index
            async with self._database.reading() as session:
                version = await knowledge_version(session)
            if self._index is None or version != self._version:
                self._index = await self._read()
                self._version = version
            self._looked_at = now
            return self._index

    async def _read(self) -> SearchIndex:
        async with self._database.reading(may_be_slow=True) as session:
            entries = await _read_entries(session)
            texts = [text for entry in entries for text in entry.texts]
            known = await read_vectors(session, self._encoder, [hash_text(text) for text in texts])
        return await asyncio.to_thread(self._build, entries, known)

    def _build(self, entries: Sequence[Entry], known: dict[str, Vectors]) -> SearchIndex:
        """Passages that are not encoded yet are not searched yet."""
        ready, vectors = [], []
        for entry in entries:
            own = [known.get(hash_text(text)) for text in entry.texts]
            if own[0] is None or own[1] is None:
                continue
            there = [pair for pair in zip(entry.texts, own, strict=True) if pair[1] is not None]
            ready.append(replace(entry, phrasings=tuple(text for text, _ in there[2:])))
            vectors += [vector for _, vector in there]
        if self._background is None:
            self._background = make_background(self._encoder)
        background = self._background
        shape = (len(vectors), background.unrelated.shape[1])
        stacked = np.array(vectors, dtype=np.float32).reshape(shape)
        return SearchIndex(self._encoder, background, ready, stacked)


async def _read_entries(session: AsyncSession) -> list[Entry]:
    rows = await session.execute(
        select(
            KnowledgePassage.id,
            KnowledgePassage.titles,
            KnowledgePassage.blocks,
            KnowledgePassage.phrasings,
        ).order_by(KnowledgePassage.id)
    )
    return [
        Entry(
            row.id,
            heading_text(row.titles),
            searched_text(row.titles, row.blocks),
            tuple(row.phrasings),
        )
        for row in rows
    ]


async def _read_hits(
    session: AsyncSession, ids: Sequence[int]
) -> dict[int, tuple[KnowledgePassage, KnowledgePage]]:
    rows = await session.execute(
        select(KnowledgePassage, KnowledgePage)
        .join(KnowledgePage, KnowledgePage.id == KnowledgePassage.page_id)
        .where(KnowledgePassage.id.in_(ids))
    )
    return {passage.id: (passage, page) for passage, page in rows}


def _hit(passage: KnowledgePassage, page: KnowledgePage, score: float) -> Hit:
    return Hit(
        passage_id=passage.id,
        page_title=page.title,
        titles=tuple(passage.titles),
        url=f"{page.url}#{passage.anchor}" if passage.anchor else page.url,
        blocks=tuple(Block(kind, tuple(lines)) for kind, lines in passage.blocks),  # type: ignore[arg-type]
        score=score,
    )


def _verdict(index: SearchIndex, hits: Sequence[Hit]) -> Verdict:
    best = hits[0].score if hits else 0.0
    if hits and best >= index.answers_from:
        return Verdict.ANSWER
    return Verdict.MAYBE if hits and best >= index.maybe_from else Verdict.UNKNOWN
