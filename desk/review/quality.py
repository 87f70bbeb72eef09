"""How well the assistant understands, by the last `rasa test`, and where its examples are weak."""

import json
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from desk.review.sentences import normal
from desk.review.training_data import Example, TrainingData

ENOUGH = 60
"""So many examples an intent should have."""
ALIKE = 0.85
"""From this likeness on (1 is the same) two examples are told to be nearly the same."""
MOST_PAIRS = 50
REPORT = "intent_report.json"
_AVERAGES = frozenset({"accuracy", "macro avg", "micro avg", "weighted avg"})
_BUCKETS = 1024
_BLOCK = 256


@dataclass(frozen=True)
class IntentFigures:
    """Of one intent in the last test. ``confused``: (intent, how often), most frequent first."""

    intent: str
    precision: float
    recall: float
    f1: float
    support: int
    confused: list[tuple[str, int]]


@dataclass(frozen=True)
class TestReport:
    """The last `rasa test`. ``matrix``: rows are what was meant, columns what was understood."""

    path: Path
    at: datetime
    accuracy: float
    macro_f1: float
    intents: list[IntentFigures]
    labels: list[str]
    matrix: list[list[int]]


@dataclass(frozen=True)
class Alike:
    """Two examples of different intents; ``likeness`` 1 when they say the same."""

    first: Example
    second: Example
    likeness: float


@dataclass(frozen=True)
class ExampleCheck:
    """``counts``: examples by intent, the fewest first. ``same`` and ``alike``: contradictions."""

    counts: list[tuple[str, int]]
    same: list[Alike] = field(default_factory=list)
    alike: list[Alike] = field(default_factory=list)


def find_report(*folders: Path) -> TestReport | None:
    """The newest report that `rasa test` left in one of these folders; None when there is none."""
    paths = [each / REPORT for each in folders if (each / REPORT).is_file()]
    for path in sorted(paths, key=lambda each: each.stat().st_mtime, reverse=True):
        report = _read_report(path)
        if report is not None:
            return report
    return None


def check_examples(data: TrainingData) -> ExampleCheck:
    """Intents with few examples, and examples that two intents share or nearly share."""
    counts = dict.fromkeys(data.intents, 0)
    for each in data.examples:
        counts[each.intent] = counts.get(each.intent, 0) + 1
    same = [
        Alike(first, second, 1.0)
        for examples in _by_words(data.examples).values()
        for first, second in _pairs_of_intents(examples)
    ]
    fewest = sorted(counts.items(), key=lambda each: (each[1], each[0]))
    return ExampleCheck(fewest, same[:MOST_PAIRS], _nearly_the_same(data.examples))


def _read_report(path: Path) -> TestReport | None:
    """None while a test is writing it, or when it is of another kind."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        intents = [
            _figures(name, row) for name, row in sorted(content.items()) if name not in _AVERAGES
        ]
        accuracy = content.get("accuracy", content.get("micro avg", {}).get("f1-score", 0.0))
        macro = float(content["macro avg"]["f1-score"])
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    labels = sorted({*(each.intent for each in intents), *_confused_with(intents)})
    return TestReport(path, at, float(accuracy), macro, intents, labels, _matrix(intents, labels))


def _figures(name: str, row: dict[str, Any]) -> IntentFigures:
    confused = sorted(
        ((str(other), int(count)) for other, count in row.get("confused_with", {}).items()),
        key=lambda each: (-each[1], each[0]),
    )
    return IntentFigures(
        name,
        float(row["precision"]),
        float(row["recall"]),
        float(row["f1-score"]),
        int(row["support"]),
        confused,
    )


def _confused_with(intents: Sequence[IntentFigures]) -> set[str]:
    return {other for each in intents for other, _ in each.confused}


def _matrix(intents: Sequence[IntentFigures], labels: Sequence[str]) -> list[list[int]]:
    """Rasa's report names for each intent how often it was taken for which other."""
    place = {label: number for number, label in enumerate(labels)}
    matrix = [[0] * len(labels) for _ in labels]
    for each in intents:
        row = matrix[place[each.intent]]
        for other, count in each.confused:
            row[place[other]] += count
        row[place[each.intent]] = round(each.recall * each.support)
    return matrix


def _by_words(examples: Sequence[Example]) -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = defaultdict(list)
    for each in examples:
        found[normal(each.text)].append(each)
    return found


def _pairs_of_intents(examples: Sequence[Example]) -> list[tuple[Example, Example]]:
    firsts = {each.intent: each for each in reversed(examples)}
    ordered = [firsts[intent] for intent in sorted(firsts)]
    return [(ordered[0], other) for other in ordered[1:]]


def _nearly_the_same(examples: Sequence[Example]) -> list[Alike]:
    """Pairs across intents that share nearly all runs of letters, whatever the typing.

    By letters and not by meaning: sentences that mean the same are what one intent is made of and
    what its neighbour is near to; two that differ in a typo only are a mistake of the data.
    """
    unique = [found[0] for found in _by_words(examples).values()]
    if len(unique) < 2:
        return []
    vectors = np.stack([_runs_of_letters(normal(each.text)) for each in unique])
    names = sorted({each.intent for each in unique})
    intents = np.array([names.index(each.intent) for each in unique])
    pairs: list[Alike] = []
    for start in range(0, len(unique), _BLOCK):
        likeness = vectors[start : start + _BLOCK] @ vectors[start:].T
        other = intents[start : start + _BLOCK, None] != intents[None, start:]
        later = np.arange(likeness.shape[1]) > np.arange(likeness.shape[0])[:, None]
        pairs += [
            Alike(unique[start + row], unique[start + column], float(likeness[row, column]))
            for row, column in np.argwhere((likeness >= ALIKE) & other & later)
        ]
    pairs.sort(key=lambda pair: (-pair.likeness, pair.first.text, pair.second.text))
    return pairs[:MOST_PAIRS]


def _runs_of_letters(text: str) -> Any:
    """Counts of runs of two to four letters, of unit length: float32 (1024,)."""
    padded = f" {text} "
    runs = [
        _bucket(padded[start : start + size])
        for size in (2, 3, 4)
        for start in range(len(padded) - size + 1)
    ]
    vector = np.bincount(runs, minlength=_BUCKETS).astype(np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


@lru_cache(maxsize=50_000)
def _bucket(run: str) -> int:
    """The same in every process, as Python's own hash of a text is not."""
    return zlib.crc32(run.encode()) % _BUCKETS
