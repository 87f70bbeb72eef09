"""Figures as sentence-transformers' InformationRetrievalEvaluator computes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.knowledge.corpora import Corpus, Question

Scorer = Callable[[str], NDArray[np.float32]]
_SHOWN = 10


@dataclass(frozen=True)
class Figures:
    """The share of questions with a right passage in the first place, and in the first five."""

    first: float
    first_five: float
    mrr: float


def measure(corpus: Corpus, questions: Sequence[Question], score: Scorer) -> Figures:
    """What a way of scoring finds of some questions."""
    # Imported here: it brings torch.
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    evaluator: Any = InformationRetrievalEvaluator(
        queries={str(number): each.text for number, each in enumerate(questions)},
        corpus={str(at): entry.searched for at, entry in enumerate(corpus.entries)},
        relevant_docs={
            str(number): {str(at) for at in each.answers} for number, each in enumerate(questions)
        },
        accuracy_at_k=[1, 5],
        mrr_at_k=[_SHOWN],
        write_csv=False,
    )
    found = [_hits(score(questions[int(number)].text)) for number in evaluator.queries_ids]
    metrics = evaluator.compute_metrics(found)
    accuracy = metrics["accuracy@k"]
    return Figures(accuracy[1], accuracy[5], metrics["mrr@k"][_SHOWN])


def _hits(scores: NDArray[np.float32]) -> list[dict[str, Any]]:
    best = np.argsort(-scores, kind="stable")[:_SHOWN]
    return [{"corpus_id": str(at), "score": float(scores[at])} for at in best]


def best_scores(questions: Sequence[Question], score: Scorer) -> NDArray[np.float32]:
    """The highest score of each question: what decides whether there is an answer."""
    return np.array([score(each.text).max() for each in questions], dtype=np.float32)
