"""An answer in the model's words, when all of it is in the passages; else none."""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desk.knowledge.phrasing.grounding import NotGrounded, check_grounded, cited
from desk.knowledge.phrasing.masking import mask
from desk.knowledge.phrasing.model import Model, ModelFailed, OpenAiModel
from desk.knowledge.search import Hit
from desk.settings import Settings
from desk.text import clean_text

MOST_PASSAGES = 3
_MOST_QUESTION_CHARS, _MOST_PASSAGE_CHARS = 500, 2000
_MOST_FAILURES, _REST_SECONDS = 3, 60.0
_INSTRUCTIONS = (Path(__file__).parent / "prompt.md").read_text(encoding="utf-8")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Phrased:
    """What is said, and the passages that it is from, the most important first."""

    text: str
    hits: tuple[Hit, ...]


class Phraser:
    """Asks the model within a bounded time; one that keeps failing is left alone for a minute."""

    def __init__(self, model: Model, timeout_seconds: float) -> None:
        self._model = model
        self._timeout_seconds = timeout_seconds
        self._failures = 0
        self._rests_until = 0.0

    async def phrase(
        self, question: str, hits: Sequence[Hit], names: Iterable[str] = ()
    ) -> Phrased | None:
        """Words the answer to a question.

        Args:
            question: as the customer wrote it; personal data is masked before it leaves.
            hits: passages, best first; the first three are given to the model.
            names: of the customer and their company.

        Returns: None when the passage itself is the better answer: the model failed, was late,
        did not know, or said what is in no passage.
        """
        given = list(hits[:MOST_PASSAGES])
        if not given or time.monotonic() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._model.complete(
                    _INSTRUCTIONS, content_of(mask(question, names), given)
                )
        except (ModelFailed, TimeoutError) as error:
            self._fail(str(error) or "late")
            return None
        self._failures = 0
        try:
            text, places = cited(clean_text(answer), len(given))
            sources = [given[place] for place in places]
            check_grounded(text, [passage_text(hit) for hit in sources])
        except NotGrounded as reason:
            logger.info("A model's answer was not used: %s", reason)
            return None
        return Phrased(text, tuple(sources))

    async def close(self) -> None:
        """Closes the model's connections."""
        await self._model.close()

    def _fail(self, reason: str) -> None:
        logger.warning("The language model gave no answer: %s", reason)
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self._failures, self._rests_until = 0, time.monotonic() + _REST_SECONDS


def passage_text(hit: Hit) -> str:
    """A passage as the model reads it."""
    body = "\n".join(block.text for block in hit.blocks)
    return f"{' › '.join(hit.titles)}\n{body}"[:_MOST_PASSAGE_CHARS]


def content_of(question: str, hits: Sequence[Hit]) -> str:
    """Question and passages between marks that nobody who wrote them could know."""
    mark = secrets.token_hex(8)
    parts = [
        f"<trecho {number} {mark}>\n{passage_text(hit)}\n</trecho {mark}>"
        for number, hit in enumerate(hits, 1)
    ]
    parts.append(f"<pergunta {mark}>\n{question[:_MOST_QUESTION_CHARS]}\n</pergunta {mark}>")
    return "\n\n".join(parts)


def make_phraser(settings: Settings) -> Phraser | None:
    """The configured one; None when no model is set."""
    key = settings.llm_api_key.get_secret_value()
    if not (settings.llm_base_url and key and settings.llm_model):
        return None
    # Half of a turn at most: the passage must still go out in time.
    seconds = min(settings.llm_timeout_seconds, settings.bot_timeout_seconds / 2)
    model = OpenAiModel(settings.llm_base_url, key, settings.llm_model, seconds)
    return Phraser(model, seconds)
