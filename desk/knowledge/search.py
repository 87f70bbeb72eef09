"""Search as the bot and the desk use it: the newest index, hits with a verdict."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import Database
from desk.encoder import Encoder
from desk.knowledge.background import Background, make_background
from desk.knowledge.index import SearchIndex
from desk.knowledge.pages import Block
from desk.knowledge.reading import read_index
from desk.knowledge.storing import knowledge_version
from desk.knowledge.tables import KnowledgePage, KnowledgePassage

_LOOK_AGAIN_SECONDS = 2.0
# A few pages are read anew while a question waits; of many more the former index answers meanwhile.
_PATIENCE_SECONDS = 2.0

logger = logging.getLogger(__name__)


class Verdict(StrEnum):
    """What may be done with the best hit."""

    ANSWER = "answer"
    MAYBE = "maybe"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Hit:
    """A passage that was found.

    ``score``: standard deviations above the background; ``verdict``: what may be done with it.
    """

    passage_id: int
    page_title: str
    titles: tuple[str, ...]
    url: str
    blocks: tuple[Block, ...]
    score: float
    verdict: Verdict


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
        self._refreshing: asyncio.Task[None] | None = None
        self._background: Background | None = None
        self._index: SearchIndex | None = None
        self._version = -1
        self._looked_at = -_LOOK_AGAIN_SECONDS

    async def find(self, question: str, limit: int = 5) -> Found:
        """The passages that answer a question, at most ``limit``, each page once."""
        index = await self._newest()
        places, scores = await asyncio.to_thread(index.best, question, limit * 4)
        ids = [index.passage_ids[place] for place in places]
        async with self._database.reading() as session:
            rows = await _read_hits(session, ids)
        hits: list[Hit] = []
        pages: set[str] = set()
        for score, passage_id in zip(scores, ids, strict=True):
            row = rows.get(passage_id)
            if row is None or row[1].url in pages:
                continue
            pages.add(row[1].url)
            hits.append(_hit(*row, float(score), _verdict(index, float(score))))
        return Found(hits[0].verdict if hits else Verdict.UNKNOWN, tuple(hits[:limit]))

    async def _newest(self) -> SearchIndex:
        """The index; what is stored is looked at every two seconds, and read anew if it changed."""
        now = time.monotonic()
        if self._refreshing is None and now - self._looked_at >= _LOOK_AGAIN_SECONDS:
            self._looked_at = now
            self._refreshing = asyncio.create_task(self._refresh())
        refreshing = self._refreshing
        if refreshing is not None:
            # Waited for, not awaited: whoever gives up asking stops nobody's reading.
            patience = None if self._index is None else _PATIENCE_SECONDS
            await asyncio.wait({refreshing}, timeout=patience)
            if self._index is None:
                refreshing.result()  # says why there is none
        assert self._index is not None  # noqa: S101 - read, or the line above has raised
        return self._index

    async def _refresh(self) -> None:
        try:
            async with self._database.reading() as session:
                version = await knowledge_version(session)
            if self._index is None or version != self._version:
                if self._background is None:
                    self._background = await asyncio.to_thread(make_background, self._encoder)
                self._index = await read_index(self._database, self._encoder, self._background)
                self._version = version
        except Exception:
            self._looked_at = -_LOOK_AGAIN_SECONDS
            if self._index is None:
                raise
            logger.exception("The documentation could not be read anew; the former index answers.")
        finally:
            self._refreshing = None


async def _read_hits(
    session: AsyncSession, ids: Sequence[int]
) -> dict[int, tuple[KnowledgePassage, KnowledgePage]]:
    rows = await session.execute(
        select(KnowledgePassage, KnowledgePage)
        .join(KnowledgePage, KnowledgePage.id == KnowledgePassage.page_id)
        .where(KnowledgePassage.id.in_(ids))
    )
    return {passage.id: (passage, page) for passage, page in rows}


def _hit(passage: KnowledgePassage, page: KnowledgePage, score: float, verdict: Verdict) -> Hit:
    return Hit(
        passage_id=passage.id,
        page_title=page.title,
        titles=tuple(passage.titles),
        url=f"{page.url}#{passage.anchor}" if passage.anchor else page.url,
        blocks=tuple(Block(kind, tuple(lines)) for kind, lines in passage.blocks),  # type: ignore[arg-type]
        score=score,
        verdict=verdict,
    )


def _verdict(index: SearchIndex, score: float) -> Verdict:
    if score >= index.answers_from:
        return Verdict.ANSWER
    return Verdict.MAYBE if score >= index.maybe_from else Verdict.UNKNOWN
