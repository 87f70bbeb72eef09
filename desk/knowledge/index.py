"""The search index of one process: vectors and terms of all passages, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import bm25s
import numpy as np
from numpy.typing import NDArray

from desk.encoder import Encoder, Vectors
from desk.knowledge.background import Background
from desk.knowledge.terms import terms_of

LEXICAL_WEIGHT = 0.66
"""Standard deviations of the background for each unit of BM25.

FaQuAD (249 paragraphs, 400 questions), first place: vectors alone .69, BM25 alone .83, together
.81 with 0.3, .86 with 0.66, .85 from 0.8 to 1.6.
"""

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Entry:
    """What is searched of a passage: its text and how customers ask for it."""

    passage_id: int
    searched: str
    phrasings: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that gets a vector."""
        return (self.searched, *self.phrasings)


class SearchIndex:
    """Scores every passage for a question.

    A vector's cosine says little by itself: short, general passages are near to every question.
    So a passage's mean cosine to unrelated questions (the background) is taken off, and the rest
    told in standard deviations of the background. To it a share of BM25 is added.
    """

    def __init__(
        self, encoder: Encoder, background: Background, entries: Sequence[Entry], vectors: Vectors
    ) -> None:
        """Builds the index.

        Args:
            encoder: encodes the questions; the one that made the vectors.
            background: unrelated questions, encoded.
            entries: the passages.
            vectors: float32 (n_texts, n_dimensions), of all entries' texts in their order.
        """
        self.passage_ids = [entry.passage_id for entry in entries]
        self._encoder = encoder
        self._vectors = vectors
        self._owner = np.repeat(np.arange(len(entries)), [len(entry.texts) for entry in entries])
        self._starts = np.flatnonzero(np.diff(self._owner, prepend=-1))
        cosines = background.vectors @ vectors.T
        self._mean = cosines.mean(axis=0)
        self._deviation = float(cosines.std(axis=0).mean()) if vectors.size else 1.0
        self._words = _index_words(entries)

    def score(self, question: str) -> Scores:
        """How well each passage answers, in their order.

        Returns: float32 (n_passages,), standard deviations above the background, BM25's share
        included.
        """
        if not self.passage_ids:
            return np.zeros(0, dtype=np.float32)
        near = self._vectors @ self._encoder.encode_queries([question])[0]
        above = np.maximum.reduceat(near - self._mean, self._starts) / self._deviation
        return (above + LEXICAL_WEIGHT * self._score_words(question)).astype(np.float32)

    def _score_words(self, question: str) -> Scores:
        terms = [term for term in terms_of(question) if term in self._words.vocab_dict]
        if not terms:
            return np.zeros(len(self.passage_ids), dtype=np.float32)
        scores: Scores = self._words.get_scores(terms)
        return scores


def _index_words(entries: Sequence[Entry]) -> bm25s.BM25:
    words = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    corpus = [terms_of(" ".join(entry.texts)) or [""] for entry in entries] or [[""]]
    words.index(corpus, show_progress=False)
    return words
