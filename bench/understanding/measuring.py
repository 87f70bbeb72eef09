"""One model, asked the held-out sentences as they are and with more and more slips."""

from dataclasses import dataclass
from random import Random

from bench.understanding.figures import Figures, figures_of
from bench.understanding.server import Parsed, Server
from bench.understanding.slips import with_slips
from deploy.local.training import ROOT
from tests.nlu.sentences import Sentence, sentences_in

SLIPS = 3
SEED = 2026


@dataclass(frozen=True)
class Measured:
    """What one model understands, by the number of slips in each sentence, and its costs."""

    by_slips: dict[int, Figures]
    confidences: list[tuple[float, bool, bool]]  # of the plain sentences: sure, right, in scope
    cpu_ms_a_message: float
    resident_mb: float
    training_cpu_seconds: float

    @property
    def plain(self) -> Figures:
        """Of the sentences as they were written."""
        return self.by_slips[0]

    @property
    def mistyped(self) -> Figures:
        """Of the sentences with three slips each."""
        return self.by_slips[SLIPS]


def held_out() -> list[Sentence]:
    """All held-out sentences."""
    return list(sentences_in(sorted((ROOT / "tests" / "nlu").glob("held_out*.yml"))))


def measure(
    server: Server,
    slips: tuple[int, ...] = (0, SLIPS),
    training_cpu_seconds: float = 0.0,
) -> Measured:
    """Asks a model everything; the slips are the same ones for every model."""
    sentences = held_out()
    intents = [sentence.intent for sentence in sentences]
    nothing: frozenset[tuple[str, int, int]] = frozenset()
    by_slips, plain_answers, cpu_ms = {}, [Parsed("", 0.0, False, nothing)], 0.0
    for count in slips:
        random = Random(SEED + count)
        texts = [with_slips(sentence.text, count, random) for sentence in sentences]
        answers = server.understand(texts)
        # Where a slip moves it, the place of an entity is not the one that was marked.
        entities = [nothing if count else sentence.entities for sentence in sentences]
        by_slips[count] = figures_of(intents, entities, answers)
        if count == 0:
            plain_answers, cpu_ms = answers, server.cpu_ms_a_message
    return Measured(
        by_slips,
        [
            (answer.confidence, answer.intent == intent, intent != "out_of_scope")
            for intent, answer in zip(intents, plain_answers, strict=True)
        ],
        cpu_ms,
        server.resident_mb(),
        training_cpu_seconds,
    )
