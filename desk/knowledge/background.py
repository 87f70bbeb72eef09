"""Questions that no documentation of ours answers: what scores are measured against."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from desk.encoder import Encoder, Vectors

_FILE = Path(__file__).parent / "background.yml"


@dataclass(frozen=True)
class Background:
    """The shipped questions, encoded: float32 (n_questions, n_dimensions) each.

    ``unrelated`` are what a passage's cosines are measured against; ``refused`` (``questions``)
    tell from what score on a corpus answers.
    """

    unrelated: Vectors
    refused: Vectors
    questions: tuple[str, ...]


def make_background(encoder: Encoder) -> Background:
    """The shipped questions, encoded; about two seconds."""
    shipped = _shipped()
    return Background(
        encoder.encode_queries(shipped["unrelated"]),
        encoder.encode_queries(shipped["refused"]),
        tuple(shipped["refused"]),
    )


def unrelated_questions() -> list[str]:
    """The shipped questions that nothing of ours is about."""
    return list(_shipped()["unrelated"])


@cache
def _shipped() -> Mapping[str, list[str]]:
    questions: dict[str, list[str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return questions
