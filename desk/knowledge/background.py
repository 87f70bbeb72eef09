"""Questions that no documentation of ours answers: what cosines are measured against."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from desk.encoder import Encoder, Vectors

_FILE = Path(__file__).parent / "background.yml"


@dataclass(frozen=True)
class Background:
    """``vectors``: float32 (n_questions, n_dimensions)."""

    vectors: Vectors


@cache
def background_questions() -> tuple[str, ...]:
    """The shipped ones."""
    return tuple(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def make_background(encoder: Encoder) -> Background:
    """The shipped questions, encoded; about a second."""
    return Background(encoder.encode_queries(background_questions()))
