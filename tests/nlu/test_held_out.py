"""What is measured with was never learned from; every intent has enough of both."""

from collections import Counter
from pathlib import Path

import pytest

from tests.nlu.sentences import Sentence, near_duplicates, sentences_in

ROOT = Path(__file__).parents[2]
TRAINED = list(sentences_in(sorted(ROOT.glob("data/**/nlu*.yml"))))
HELD_OUT = list(sentences_in(sorted(ROOT.glob("tests/nlu/held_out*.yml"))))
OF_THE_BRIDGE = {"human_finished"}


def test_every_intent_has_enough_sentences() -> None:
    trained = Counter(sentence.intent for sentence in TRAINED)
    held_out = Counter(sentence.intent for sentence in HELD_OUT)
    for intent in trained.keys() - OF_THE_BRIDGE:
        assert trained[intent] >= 60, intent
        assert held_out[intent] >= 25, intent


def test_no_held_out_sentence_is_nearly_one_of_the_training() -> None:
    copied = [
        # The held-out sentence itself is not shown to whoever writes training data.
        f"{trained.path.relative_to(ROOT)}:{trained.line}: {trained.text!r} is nearly "
        f"{held_out.path.relative_to(ROOT)}:{held_out.line}"
        for held_out, trained in near_duplicates(HELD_OUT, TRAINED)
    ]
    assert not copied, "Remove from the training:\n" + "\n".join(copied)


def sentence(text: str) -> Sentence:
    return Sentence(Path("nlu.yml"), 1, "greet", text, frozenset())


@pytest.mark.parametrize(
    ("held_out", "trained"),
    [
        ("Não consigo entrar no portal!", "nao consigo entrar no portal"),
        ("n consigo entrar no portal", "não consigo entrar no portal"),
        ("bom diaaaa", "bom dia"),
        ("no portal não consigo entrar", "não consigo entrar no portal"),
        ("minha impressora parou de imprimir", "minha impressora parou de imprimi"),
        ("opção 2", "Opção 2"),
    ],
)
def test_the_same_in_other_spelling_is_found(held_out: str, trained: str) -> None:
    assert list(near_duplicates([sentence(held_out)], [sentence(trained)]))


@pytest.mark.parametrize(
    ("held_out", "trained"),
    [
        ("oi", "oi tudo bem"),
        ("esqueci a senha do portal", "perdi o login do portal"),
        ("o sistema caiu", "o sistema travou"),
    ],
)
def test_another_sentence_is_none(held_out: str, trained: str) -> None:
    assert not list(near_duplicates([sentence(held_out)], [sentence(trained)]))
