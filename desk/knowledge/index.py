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
HEADING_WEIGHT = 0.8
"""How much the titles alone count beside the whole text: plain questions read like headings."""
ANSWERED_QUANTILE, MAYBE_QUANTILE = 0.92, 0.75
"""Of the shipped questions that are to be refused so many score lower than what is answered, and
than what is shown as a perhaps."""

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Entry:
    """What is searched of a passage: its titles, its text, and how customers ask for it."""

    passage_id: int
    heading: str
    searched: str
    phrasings: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that gets a vector, the titles first."""
        return (self.heading, self.searched, *self.phrasings)


class SearchIndex:
    """Scores every passage for a question.

    A vector's cosine says little by itself: short, general passages are near to every question.
    So a passage's mean cosine to unrelated questions (the background) is taken off, and the rest
    told in standard deviations of the background. The nearest of a passage's text and phrasings
    counts, with a share of its titles, and a share of BM25.

    How high a score is depends on the corpus. ``answers_from`` and ``maybe_from`` come from what
    questions score in it that nothing in it can answer.
    """

    def __init__(
        self, encoder: Encoder, background: Background, entries: Sequence[Entry], vectors: Vectors
    ) -> None:
        """Builds the index.

        Args:
            encoder: encodes the questions; the one that made the vectors.
            background: questions that nothing here answers, encoded.
            entries: the passages.
            vectors: float32 (n_texts, n_dimensions), of all entries' texts in their order.
        """
        self.passage_ids = [entry.passage_id for entry in entries]
        self._encoder = encoder
        firsts = np.cumsum([0, *(len(entry.texts) for entry in entries)], dtype=int)[:-1]
        self._headings = _Measured(vectors[firsts], background)
        self._texts = _Measured(np.delete(vectors, firsts, axis=0), background)
        # Without its heading each passage begins one row earlier for each passage before it.
        self._starts = firsts - np.arange(len(entries))
        self._words = _index_words(entries)
        self.maybe_from, self.answers_from = self._thresholds(background)

    def score(self, question: str) -> Scores:
        """How well each passage answers, in their order.

        Returns: float32 (n_passages,), standard deviations above the background, the shares of
        titles and BM25 included.
        """
        return self._score(question, self._encoder.encode_queries([question])[0])

    def _score(self, question: str, vector: Vectors) -> Scores:
        if not self.passage_ids:
            return np.zeros(0, dtype=np.float32)
        nearest = np.maximum.reduceat(self._texts.above(vector), self._starts)
        meant = nearest + HEADING_WEIGHT * self._headings.above(vector)
        scores: Scores = meant + LEXICAL_WEIGHT * self._score_words(question)
        return scores.astype(np.float32)

    def _score_words(self, question: str) -> Scores:
        terms = [term for term in terms_of(question) if term in self._words.vocab_dict]
        if not terms:
            return np.zeros(len(self.passage_ids), dtype=np.float32)
        scores: Scores = self._words.get_scores(terms)
        return scores

    def _thresholds(self, background: Background) -> tuple[float, float]:
        if not self.passage_ids:
            return np.inf, np.inf
        pairs = zip(background.questions, background.refused, strict=True)
        best = [self._score(question, vector).max() for question, vector in pairs]
        maybe, answered = np.quantile(best, [MAYBE_QUANTILE, ANSWERED_QUANTILE])
        return float(maybe), float(answered)


class _Measured:
    """Vectors, with what they are measured against."""

    def __init__(self, vectors: Vectors, background: Background) -> None:
        self._vectors = vectors
        cosines = background.unrelated @ vectors.T
        self._mean = cosines.mean(axis=0)
        self._deviation = float(cosines.std(axis=0).mean()) if vectors.size else 1.0

    def above(self, vector: Vectors) -> Scores:
        """Standard deviations above the background, of each."""
        near: Scores = (self._vectors @ vector - self._mean) / self._deviation
        return near


def _index_words(entries: Sequence[Entry]) -> bm25s.BM25:
    words = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    texts = [" ".join((entry.searched, *entry.phrasings)) for entry in entries]
    words.index([terms_of(text) or [""] for text in texts] or [[""]], show_progress=False)
    return words
