"""Mistyped words brought back to words that the assistant knows from its training sentences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

from nlu.chat_text import ABBREVIATIONS, fold
from nlu.typos import KEYS_AROUND

SHORTEST_CHARS = 3
LONGEST_CHARS = 25
COMMON_WORDS = 30_000
_CANDIDATES = 8


def common_words(count: int = COMMON_WORDS) -> set[str]:
    """The commonest Portuguese words, folded. Slow to load: for training only."""
    from spellchecker import SpellChecker

    folded: Counter[str] = Counter()
    for word, frequency in SpellChecker(language="pt").word_frequency.dictionary.items():
        folded[fold(word)] += frequency
    return {word for word, _ in folded.most_common(count)}


class Speller:
    """Corrects words that nobody knows to the likeliest word of the training sentences.

    A word that is common in Portuguese stays as it is, even if no training sentence has it;
    so does all that is no plain word: numbers, addresses, symbols.
    """

    def __init__(self, sentences: Iterable[str], common: set[str]) -> None:
        """Learns from sentences of meant words (`chat_text.words_of`)."""
        self._counts = Counter(word for sentence in sentences for word in sentence.split())
        self._vocabulary = [
            word for word in self._counts if word.isalpha() and len(word) >= SHORTEST_CHARS
        ]
        self._known = common | set(self._counts) | set(ABBREVIATIONS)

    def corrected(self, sentence: str) -> str:
        """The sentence of meant words with each unknown word replaced by its likeliest one."""
        return " ".join(map(self._corrected_word, sentence.split()))

    def _corrected_word(self, word: str) -> str:
        plain = word.isalpha() and SHORTEST_CHARS <= len(word) <= LONGEST_CHARS
        if not plain or word in self._known:
            return word
        edits = 1 if len(word) <= 4 else 2 if len(word) <= 8 else 3
        near = process.extract(
            word, self._vocabulary, scorer=OSA.distance, score_cutoff=edits, limit=_CANDIDATES
        )
        if not near:
            return word
        return min(near, key=lambda found: self._unlikeliness(word, found[0], found[1]))[0]

    def _unlikeliness(self, word: str, candidate: str, edits: float) -> float:
        # The weights were compared in docs/comparisons/nlu.md: people rarely miss the first
        # letter, often hit the key beside or the same one twice, and use frequent words.
        unlikely = edits - 0.12 * math.log(self._counts[candidate] + 1)
        if word[0] != candidate[0]:
            unlikely += 0.35
        if abs(len(word) - len(candidate)) > 1:
            unlikely += 0.1
        if _only_keys_beside(word, candidate) or _one_letter_twice(word, candidate):
            unlikely -= 0.3
        return unlikely


def _only_keys_beside(word: str, candidate: str) -> bool:
    return len(word) == len(candidate) and all(
        typed == meant or meant in KEYS_AROUND.get(typed, "")
        for typed, meant in zip(word, candidate, strict=True)
    )


def _one_letter_twice(word: str, candidate: str) -> bool:
    return len(word) == len(candidate) + 1 and any(
        word[place] == word[place - 1] and word[:place] + word[place + 1 :] == candidate
        for place in range(1, len(word))
    )
