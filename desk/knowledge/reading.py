"""What is stored as a search index, piece by piece: a large one stops nobody meanwhile."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import Database
from desk.encoder import Encoder, Vectors
from desk.knowledge.background import Background
from desk.knowledge.index import Entry, SearchIndex
from desk.knowledge.storing import hash_text, heading_text, read_vectors, searched_text
from desk.knowledge.tables import KnowledgePassage

_PASSAGES_AT_ONCE = 200


async def read_index(database: Database, encoder: Encoder, background: Background) -> SearchIndex:
    """The index of all passages that are encoded.

    In many short transactions, with the work of each in a thread. What changes meanwhile may be
    half in it; the version of what is stored, read before, then tells that it is to be read anew.
    """
    entries: list[Entry] = []
    vectors: list[Vectors] = [np.zeros((0, background.unrelated.shape[1]), dtype=np.float32)]
    after = 0
    while True:
        async with database.reading(may_be_slow=True) as session:
            rows = await _read_rows(session, after)
            if not rows:
                break
            after = rows[-1].id
            some = await asyncio.to_thread(_entries_of, rows)
            hashes = [hash_text(text) for entry in some for text in entry.texts]
            known = await read_vectors(session, encoder, hashes)
        ready, their_vectors = await asyncio.to_thread(_encoded, some, known)
        entries += ready
        vectors += their_vectors
    return await asyncio.to_thread(_build, encoder, background, entries, vectors)


async def _read_rows(
    session: AsyncSession, after: int
) -> Sequence[Row[int, list[str], list[tuple[str, list[str]]], list[str]]]:
    query = (
        select(
            KnowledgePassage.id,
            KnowledgePassage.titles,
            KnowledgePassage.blocks,
            KnowledgePassage.phrasings,
        )
        .where(KnowledgePassage.id > after)
        .order_by(KnowledgePassage.id)
        .limit(_PASSAGES_AT_ONCE)
    )
    return (await session.execute(query)).all()


def _entries_of(
    rows: Sequence[Row[int, list[str], list[tuple[str, list[str]]], list[str]]],
) -> list[Entry]:
    return [
        Entry(
            row.id,
            heading_text(row.titles),
            searched_text(row.titles, row.blocks),
            tuple(row.phrasings),
        )
        for row in rows
    ]


def _encoded(
    entries: Sequence[Entry], known: dict[str, Vectors]
) -> tuple[list[Entry], list[Vectors]]:
    """Passages that are not encoded yet are not searched yet; the vectors as one array at most."""
    ready, vectors = [], []
    for entry in entries:
        own = [known.get(hash_text(text)) for text in entry.texts]
        if own[0] is None or own[1] is None:
            continue
        there = [pair for pair in zip(entry.texts, own, strict=True) if pair[1] is not None]
        ready.append(replace(entry, phrasings=tuple(text for text, _ in there[2:])))
        vectors += [vector for _, vector in there]
    return ready, [np.array(vectors, dtype=np.float32)] if vectors else []


def _build(
    encoder: Encoder, background: Background, entries: Sequence[Entry], vectors: list[Vectors]
) -> SearchIndex:
    stacked = np.concatenate(vectors)
    vectors.clear()
    return SearchIndex(encoder, background, entries, stacked)
