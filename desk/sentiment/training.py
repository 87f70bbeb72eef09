"""Makes the model of the sentences: ``python -m handoff train-sentiment``.

Needs scikit-learn, which comes with the development requirements.
"""

import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from desk.encoder import Encoder
from desk.errors import Invalid
from desk.sentiment.features import count_features, weigh
from desk.sentiment.model import LABELS, LEXICAL_SCALE, MODEL_FILE, VECTOR_SCALE, prompted

SENTENCES_FILE = Path(__file__).parent / "sentences.yml"
_ROUNDS = 3000


@dataclass(frozen=True)
class Sentences:
    """Texts with their label (one of LABELS) and whether they are urgent, in the file's order."""

    texts: list[str]
    labels: list[str]
    urgent: list[bool]


def read_sentences(path: Path = SENTENCES_FILE) -> Sentences:
    """The labelled sentences of a file.

    Raises:
        Invalid: a label is unknown, or a sentence stands there twice.
    """
    read = Sentences([], [], [])
    for label, groups in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        if label not in LABELS:
            raise Invalid("label", f"{path.name}: rótulo desconhecido: {label}")
        for group, texts in groups.items():
            read.texts.extend(map(str, texts))
            read.labels.extend([label] * len(texts))
            read.urgent.extend([group == "urgent"] * len(texts))
    repeated = [text for text, count in Counter(read.texts).items() if count > 1]
    if repeated:
        raise Invalid("text", f"{path.name}: frase repetida: {repeated[0]}")
    return read


def name_of(sentences: Sentences) -> str:
    """A name that changes with any sentence or label."""
    lines = zip(sentences.texts, sentences.labels, sentences.urgent, strict=True)
    return hashlib.sha256(repr(list(lines)).encode()).hexdigest()[:16]


def train(encoder: Encoder, path: Path = MODEL_FILE) -> None:
    """Writes the model of the shipped sentences; half a minute of one core."""
    from sklearn.linear_model import LogisticRegression

    sentences = read_sentences()
    counts = [count_features(text) for text in sentences.texts]
    rarity = _rarity(counts)
    vectors = encoder.encode_queries([prompted(text) for text in sentences.texts])
    mean = vectors.mean(axis=0)
    lexical = np.zeros((len(counts), len(rarity)), dtype=np.float32)
    places = {feature: place for place, feature in enumerate(rarity)}
    for row, counted in enumerate(counts):
        for feature, weight in weigh(counted, rarity).items():
            lexical[row, places[feature]] = weight
    seen = np.hstack([(vectors - mean) * VECTOR_SCALE, lexical * LEXICAL_SCALE])
    feeling = LogisticRegression(max_iter=_ROUNDS, class_weight="balanced")
    feeling.fit(seen, [LABELS.index(label) for label in sentences.labels])
    urgency = LogisticRegression(max_iter=_ROUNDS, class_weight="balanced")
    urgency.fit(seen, sentences.urgent)
    np.savez_compressed(
        path,
        features=np.array(list(rarity)),
        rarity=_small(np.array(list(rarity.values()))),
        mean=mean.astype(np.float32),
        weights=_small(np.vstack([feeling.coef_, urgency.coef_])),
        intercepts=np.concatenate([feeling.intercept_, urgency.intercept_]).astype(np.float32),
        encoder=np.array(encoder.name),
        sentences=np.array(name_of(sentences)),
    )


def _rarity(counts: list[Counter[str]]) -> dict[str, float]:
    """Smoothed inverse document frequency of each feature."""
    documents = Counter(feature for counted in counts for feature in counted)
    total = len(counts)
    return {
        feature: math.log((1 + total) / (1 + documents[feature])) + 1
        for feature in sorted(documents)
    }


def _small(values: NDArray[np.float64]) -> NDArray[np.float16]:
    return values.astype(np.float16)
