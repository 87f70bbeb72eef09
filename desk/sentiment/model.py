"""The trained model: from a message's words and vector to sentiment and urgency."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desk.encoder import Encoder
from desk.sentiment.features import count_features, weigh

MODEL_FILE = Path(__file__).parent / "model.npz"
SENTIMENTS = {"dissatisfied": -1, "neutral": 0, "satisfied": 1}
LABELS = tuple(SENTIMENTS)
VECTOR_SCALE = 8.0
"""Brings the vector's differences, all small, to the size of the other features."""
LEXICAL_SCALE = 3.0
URGENT_FROM = 0.75
"""Log-odds. In ten-fold cross-validation (on the first 893 sentences) .91 of what lies above is
urgent, and .71 of the urgent lie above (at 0: .80 and .82): a queue in which everybody is urgent
has no order."""
MAX_CHARS = 1000
_PROMPT = "sentimento: "


@dataclass(frozen=True)
class Feeling:
    """What a message shows.

    ``sentiment``: -1 dissatisfied, 0 neutral, 1 satisfied, the likeliest; ``sure``: how likely it
    is, 0 to 1. ``urgent``: work stands still, a deadline or money runs.
    """

    sentiment: int
    sure: float
    urgent: bool


def prompted(text: str) -> str:
    """The text as it is encoded; the prompt turns the vector towards feeling (.80 to .81)."""
    return _PROMPT + text[:MAX_CHARS]


class SentimentModel:
    """Multinomial logistic regression for the feeling, another for urgency.

    The file holds: ``features`` (n,), their ``rarity`` (n,), the training vectors' ``mean`` (d,),
    ``weights`` (4, d + n) and ``intercepts`` (4,): three feelings in the order of LABELS, then
    urgency; ``encoder`` and ``sentences``, the names of what it was made with.
    """

    def __init__(self, encoder: Encoder, path: Path = MODEL_FILE) -> None:
        self._encoder = encoder
        self._path = path

    @cached_property
    def _parts(self) -> dict[str, NDArray[np.generic]]:
        with np.load(self._path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    @cached_property
    def _weights(self) -> NDArray[np.float32]:
        return self._parts["weights"].astype(np.float32)

    @cached_property
    def _rarity(self) -> dict[str, float]:
        names = map(str, self._parts["features"])
        return dict(zip(names, map(float, self._parts["rarity"]), strict=True))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {feature: place for place, feature in enumerate(self._rarity)}

    def feel(self, text: str) -> Feeling:
        """How somebody feels who writes this; blocks for one encoding, call it in a thread."""
        vector = self._encoder.encode_queries([prompted(text)])[0]
        mean = self._parts["mean"].astype(np.float32)
        scores = self._parts["intercepts"].astype(np.float32)
        scores = scores + self._weights[:, : mean.size] @ ((vector - mean) * VECTOR_SCALE)
        for feature, weight in weigh(count_features(text[:MAX_CHARS]), self._rarity).items():
            column = mean.size + self._places[feature]
            scores = scores + self._weights[:, column] * (weight * LEXICAL_SCALE)
        likely = np.exp(scores[:3] - scores[:3].max())
        likely = likely / likely.sum()
        best = int(likely.argmax())
        return Feeling(SENTIMENTS[LABELS[best]], float(likely[best]), bool(scores[3] > URGENT_FROM))
