"""From answers to figures: accuracy, macro F1, refusals, entities."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.understanding.server import Parsed

OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True)
class Figures:
    """How well one model understands one set of sentences; shares from 0 to 1.

    `accuracy` and `refused_in_scope` are over what is in scope, `macro_f1` over all intents
    (`out_of_scope` too) before the fallback steps in, as `rasa test nlu` counts it.
    """

    accuracy: float
    macro_f1: float
    refused_out_of_scope: float
    refused_in_scope: float
    entity_f1: float
    f1_by_intent: dict[str, float] = field(default_factory=dict)
    confusions: dict[str, dict[str, int]] = field(default_factory=dict)


def figures_of(
    intents: Sequence[str],
    entities: Sequence[frozenset[tuple[str, int, int]]],
    answers: Sequence[Parsed],
) -> Figures:
    """The figures for sentences whose intents and entities are known, in the same order."""
    pairs = list(zip(intents, answers, strict=True))
    inside = [pair for pair in pairs if pair[0] != OUT_OF_SCOPE]
    outside = [pair for pair in pairs if pair[0] == OUT_OF_SCOPE]
    confusions: dict[str, Counter[str]] = {intent: Counter() for intent in sorted(set(intents))}
    for intent, answer in pairs:
        confusions[intent][answer.intent] += 1
    by_intent = {intent: _f1_of_intent(intent, confusions) for intent in confusions}
    return Figures(
        accuracy=_share(intent == answer.intent for intent, answer in inside),
        macro_f1=sum(by_intent.values()) / len(by_intent),
        refused_out_of_scope=_share(answer.refused for _, answer in outside),
        refused_in_scope=_share(answer.refused for _, answer in inside),
        entity_f1=_entity_f1(entities, [answer.entities for answer in answers]),
        f1_by_intent=by_intent,
        confusions={intent: dict(counts) for intent, counts in confusions.items()},
    )


def _share(hits: Iterable[bool]) -> float:
    counted = list(hits)
    return sum(counted) / len(counted) if counted else 0.0


def _f1_of_intent(intent: str, confusions: dict[str, Counter[str]]) -> float:
    right = confusions[intent][intent]
    meant = sum(confusions[intent].values())
    said = sum(counts[intent] for counts in confusions.values())
    return 2 * right / (meant + said)


def _entity_f1(
    expected: Sequence[frozenset[tuple[str, int, int]]],
    found: Sequence[frozenset[tuple[str, int, int]]],
) -> float:
    right = sum(len(one & other) for one, other in zip(expected, found, strict=True))
    total = sum(map(len, expected)) + sum(map(len, found))
    return 2 * right / total if total else 1.0
