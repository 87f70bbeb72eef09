"""The search index of one process: vectors and terms of all passages, in memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import bm25s
import numpy as np
from numpy.typing import NDArray

from desk.encoder import Encoder, Vectors
from desk.knowledge.background import Background
from desk.knowledge.terms import terms_of

LEXICAL_WEIGHT = 0.8
"""Standard deviations of the background for each unit of BM25."""
TITLE_WORDS_WEIGHT = 0.3
"""The same for BM25 over each passage's own title alone."""
HEADING_WEIGHT = 0.7
"""How much the titles alone count beside the whole text: plain questions read like headings.

Titles that several passages share tell these apart from no other: both shares of titles are
divided by the root of how many do.
"""
ANSWERED_QUANTILE, MAYBE_QUANTILE = 0.92, 0.75
"""Of the shipped questions that are to be refused so many score lower than what is answered, and
than what is shown as a perhaps."""

Scores = NDArray[np.float32]
Places = NDArray[np.intp]
TITLE_SEPARATOR = " › "


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

    @property
    def title(self) -> str:
        """The last of its titles."""
        return self.heading.rpartition(TITLE_SEPARATOR)[2]


class SearchIndex:
    """Scores every passage for a question.

    A vector's cosine says little by itself: short, general passages are near to every question.
    So a passage's mean cosine to unrelated questions (the background) is taken off, and the rest
    told in standard deviations of the background. The nearest of a passage's text and phrasings
    counts, with a share of its titles, and shares of BM25. docs/comparisons/knowledge.md tells what
    else was tried.

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
        self._rows, self._offsets, self._starts = _lay_rows(background, entries, vectors)
        self._words = _index_words([" ".join((each.searched, *each.phrasings)) for each in entries])
        self._title_words = _index_words([entry.title for entry in entries])
        self._title_weights = TITLE_WORDS_WEIGHT * _told_apart([entry.title for entry in entries])
        self.maybe_from, self.answers_from = self._thresholds(background)

    def score(self, question: str) -> Scores:
        """How well each passage answers, in their order.

        Returns: float32 (n_passages,), standard deviations above the background, the shares of
        titles and BM25 included.
        """
        return self._score(question, self._encoder.encode_queries([question])[0])

    def best(self, question: str, limit: int) -> tuple[Places, Scores]:
        """The passages that answer best, and how well.

        Returns: places in ``passage_ids`` and their scores, (at most limit,) each, descending; of
        equal ones the first.
        """
        return self.best_for(question, self._encoder.encode_queries([question])[0], limit)

    def best_for(self, question: str, vector: Vectors, limit: int) -> tuple[Places, Scores]:
        """The same for a question that is encoded already."""
        return best_of(self._score(question, vector), limit)

    def word_scores(self, terms: Sequence[str]) -> Scores:
        """BM25 of the texts and phrasings: float32 (n_passages,)."""
        return _score_words(self._words, terms, len(self.passage_ids))

    def title_word_scores(self, terms: Sequence[str]) -> Scores:
        """BM25 of each passage's own title: float32 (n_passages,)."""
        return _score_words(self._title_words, terms, len(self.passage_ids))

    def _score(self, question: str, vector: Vectors) -> Scores:
        if not self.passage_ids:
            return np.zeros(0, dtype=np.float32)
        near = self._rows @ vector
        near -= self._offsets
        if len(near) > len(self.passage_ids):
            near = np.maximum.reduceat(near, self._starts)
        terms = terms_of(question)
        near += LEXICAL_WEIGHT * self.word_scores(terms)
        near += self._title_weights * self.title_word_scores(terms)
        scores: Scores = near
        return scores

    def _thresholds(self, background: Background) -> tuple[float, float]:
        if not self.passage_ids:
            return np.inf, np.inf
        pairs = zip(background.questions, background.refused, strict=True)
        best = [self._score(question, vector).max() for question, vector in pairs]
        maybe, answered = np.quantile(best, [MAYBE_QUANTILE, ANSWERED_QUANTILE])
        return float(maybe), float(answered)


def best_of(scores: Scores, limit: int) -> tuple[Places, Scores]:
    """The places of the highest scores, and these; without sorting all."""
    if limit < len(scores):
        least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        places = np.flatnonzero(scores >= least)
    else:
        places = np.arange(len(scores))
    places = places[np.argsort(-scores[places], kind="stable")][:limit]
    return places, scores[places]


def _lay_rows(
    background: Background, entries: Sequence[Entry], vectors: Vectors
) -> tuple[Vectors, Scores, Places]:
    """One row for each text and phrasing, its passage's titles added, so that one product scores.

    With z(v) = (v·q - mean) / deviation, z(text) + weight * z(titles) is linear in the question q:
    rows·q - offsets. The titles are the same for all rows of a passage, so the maximum over its
    rows is that of its texts. A hundred thousand passages are read through once, not twice.

    Returns: rows float32 (n_rows, n_dimensions), offsets float32 (n_rows,), and where each
    passage's rows begin (n_passages,).
    """
    counts = np.array([len(entry.texts) for entry in entries], dtype=np.intp)
    firsts = np.cumsum(counts) - counts
    headings = np.zeros(len(vectors), dtype=bool)
    headings[firsts] = True
    rows, offsets = _standardised(vectors[~headings], background)
    titles, title_offsets = _standardised(vectors[headings], background)
    of_passage = np.repeat(np.arange(len(entries)), counts - 1)
    weights = HEADING_WEIGHT * _told_apart([entry.heading for entry in entries])
    titles *= weights[:, None]
    title_offsets *= weights
    # In pieces: nothing of the size of all rows is made besides them.
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = of_passage[start : start + _ROWS_AT_ONCE]
        rows[start : start + _ROWS_AT_ONCE] += titles[some]
    offsets += title_offsets[of_passage]
    return rows, offsets, firsts - np.arange(len(entries))


_ROWS_AT_ONCE = 4096


def _told_apart(titles: Sequence[str]) -> Scores:
    """How much each title says of its passage: float32 (n_passages,), 1 for one of its own."""
    counts = Counter(titles)
    weights = 1.0 / np.sqrt([counts[title] for title in titles])
    return weights.astype(np.float32).reshape(len(titles))


def _standardised(vectors: Vectors, background: Background) -> tuple[Vectors, Scores]:
    """Vectors and offsets by which ``vectors @ q - offsets`` is in standard deviations.

    The vectors are changed in place.
    """
    cosines = background.unrelated @ vectors.T
    deviation = np.float32(cosines.std(axis=0).mean()) if vectors.size else np.float32(1.0)
    vectors /= deviation
    return vectors, cosines.mean(axis=0) / deviation


def _index_words(texts: Sequence[str]) -> bm25s.BM25:
    words = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    words.index([terms_of(text) or [""] for text in texts] or [[""]], show_progress=False)
    return words


def _score_words(words: bm25s.BM25, terms: Sequence[str], count: int) -> Scores:
    known = [term for term in terms if term in words.vocab_dict]
    if not known:
        return np.zeros(count, dtype=np.float32)
    scores: Scores = words.get_scores(known)
    return scores
