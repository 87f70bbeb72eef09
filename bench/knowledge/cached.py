"""Vectors kept between runs, by what made them and the text's hash."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from desk.encoder import Encoder, Vectors

_AT_ONCE = 32


class CachedEncoder:
    """An encoder whose vectors are kept in a folder; ``progress`` hears how many are done."""

    def __init__(
        self, encoder: Encoder, folder: Path, progress: Callable[[int, int], None]
    ) -> None:
        self._progress = progress
        self.name = encoder.name
        self._encoder = encoder
        self._file = folder / f"{encoder.name.replace('/', '_')}.npz"
        self._known: dict[str, Vectors] = {}
        if self._file.exists():
            with np.load(self._file) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._get("q", texts, self._encoder.encode_queries)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._get("p", texts, self._encoder.encode_passages)

    def _get(
        self, role: str, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]
    ) -> Vectors:
        keys = [hashlib.sha256(f"{role} {text}".encode()).hexdigest() for text in texts]
        missing = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in self._known
        }
        pairs = list(missing.items())
        for start in range(0, len(pairs), _AT_ONCE):
            some = pairs[start : start + _AT_ONCE]
            vectors = encode([text for _, text in some])
            self._known.update(zip((key for key, _ in some), vectors, strict=True))
            self._progress(min(start + _AT_ONCE, len(pairs)), len(pairs))
        if len(pairs) > _AT_ONCE:
            self.keep()
        return np.array([self._known[key] for key in keys], dtype=np.float32)

    def keep(self) -> None:
        """Writes down what was encoded."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        keys = np.array(list(self._known))
        np.savez(self._file, keys=keys, vectors=np.array(list(self._known.values())))
