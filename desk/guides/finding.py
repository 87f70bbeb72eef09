"""The guide that fits a message: by meaning and by words, with the documentation's encoder."""

import re
from collections.abc import Mapping, Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray

from desk.encoder import Encoder, Vectors
from desk.guides.folder import Guides
from desk.guides.guide import Guide
from desk.knowledge.background import unrelated_questions
from desk.knowledge.terms import terms_of
from desk.text import fold

FITS_FROM = 6.7
"""Standard deviations above unrelated questions, the share of words included.

50 phrasings that no guide contains: 49 found their guide, and of 70 messages about other matters
of the same business 5 got one, two of them rightly. Vectors alone find 34 and refuse no better.
"""
MARGIN = 0.5
"""So much nearer than to any phrasing that is of another matter."""
WORDS_WEIGHT = 0.5
_MEANT = {
    **{"n": "nao", "nn": "nao", "naum": "nao", "to": "estou", "tou": "estou", "ta": "esta"},
    **{"mt": "muito", "mto": "muito", "vc": "voce", "vcs": "voces", "q": "que", "pq": "porque"},
}
_WORD = re.compile(r"[a-z0-9]+")
_MOST_WORDS = 60


class GuideFinder:
    """Compares messages with every guide's triggers and with phrasings of other matters.

    Building encodes all phrasings: some 20 CPU-ms each, once for a change of the guides.
    """

    def __init__(self, encoder: Encoder, guides: Guides) -> None:
        """Encodes the phrasings of the guides."""
        self._encoder = encoder
        self._guides = [guide for guide in guides.guides for _ in guide.triggers]
        phrasings = [each for guide in guides.guides for each in guide.triggers]
        others = [each for guide in guides.guides for each in guide.other_matters]
        texts = [_plain(each) for each in (*phrasings, *others, *guides.other_matters)]
        if not texts or not self._guides:
            return
        self._vectors = _encode(encoder, texts)
        unrelated = _encode(encoder, [_plain(each) for each in unrelated_questions()])
        cosines = unrelated @ self._vectors.T
        self._mean = cosines.mean(axis=0)
        self._deviation = float(cosines.std(axis=0).mean())
        self._words = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        self._words.index([terms_of(each) or [""] for each in texts], show_progress=False)

    def find(self, message: str) -> Guide | None:
        """The guide that clearly fits; None when none does, or another matter is nearer."""
        text = _plain(message)
        if not self._guides or not text:
            return None
        scores = self._score(text)
        count = len(self._guides)
        best = int(np.argmax(scores[:count]))
        nearest_other = float(scores[count:].max(initial=-np.inf))
        fits = scores[best] >= FITS_FROM and scores[best] >= nearest_other + MARGIN
        return self._guides[best] if fits else None

    def _score(self, text: str) -> NDArray[np.float32]:
        vector: Vectors = self._encoder.encode_queries([text])[0]
        above = (self._vectors @ vector - self._mean) / self._deviation
        terms = [term for term in terms_of(text) if term in self._words.vocab_dict]
        words = self._words.get_scores(terms) if terms else 0.0
        scores: NDArray[np.float32] = above + WORDS_WEIGHT * words
        return scores


_encoded: dict[tuple[str, str], Vectors] = {}


def _encode(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """The vectors of phrasings, each encoded once in the life of a process."""
    missing = [each for each in dict.fromkeys(texts) if (encoder.name, each) not in _encoded]
    if missing:
        made = encoder.encode_queries(missing)
        _encoded.update(zip(((encoder.name, each) for each in missing), made, strict=True))
    return np.stack([_encoded[encoder.name, each] for each in texts])


def _plain(text: str) -> str:
    """Without accents, capitals and punctuation, chat's short forms written out."""
    words: Sequence[str] = _WORD.findall(fold(text[:2000]))[:_MOST_WORDS]
    meant: Mapping[str, str] = _MEANT
    return " ".join(meant.get(word, word) for word in words)
