"""Vectors of texts that were encoded before: learning anew costs only what is new."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np

from desk.encoder import Encoder, Vectors

_AT_ONCE = 16
_MOST_REMEMBERED = 4000
"""Six megabytes of vectors."""


class Stopped(Exception):
    """The process ends: nothing more is encoded."""


class Remembering:
    """An encoder that keeps the vectors of the last few thousand texts, by their hash."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @property
    def name(self) -> str:
        """See Encoder."""
        return self._encoder.name

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        with self._lock:
            known = {key: self._known[key] for key in keys if key in self._known}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            known |= self._encode(missing)
        with self._lock:
            for key in keys:
                self._known[key] = known[key]
                self._known.move_to_end(key)
            while len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return np.stack([known[key] for key in keys])

    def stop(self) -> None:
        """Ends what is being encoded in a thread, which nobody could cancel otherwise."""
        self._stopped.set()

    def _encode(self, missing: Mapping[bytes, str]) -> dict[bytes, Vectors]:
        made: dict[bytes, Vectors] = {}
        keys = list(missing)
        for start in range(0, len(keys), _AT_ONCE):
            if self._stopped.is_set():
                raise Stopped
            some = keys[start : start + _AT_ONCE]
            vectors = self._encoder.encode_queries([missing[key] for key in some])
            made |= dict(zip(some, vectors, strict=True))
        return made

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See Encoder; of these none is kept."""
        return self._encoder.encode_passages(texts)
