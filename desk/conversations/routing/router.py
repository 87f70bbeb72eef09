"""Asks the classifier which queue a conversation is for, and keeps it as new as its examples."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog

from desk.conversations.find import conversation_by_public_id
from desk.conversations.routing.classifier import CONFIDENT, Guess, QueueClassifier
from desk.conversations.routing.examples import examples_to_learn, routing_state
from desk.conversations.routing.remembering import Remembering, Stopped
from desk.conversations.routing.telling import telling_messages
from desk.db import Database
from desk.encoder import Encoder

WAITS_SECONDS = 2.0
"""Longer no handoff waits for its queue; it goes to the default one."""
_LOOK_AGAIN_SECONDS = 2.0

logger = structlog.get_logger(__name__)


class Router:
    """One for a process; learns in a thread what is stored, and anew when that changed.

    While it learns, what it knew before goes on answering. Nothing here writes, so that it is
    asked before a transaction begins.
    """

    def __init__(
        self, database: Database, encoder: Encoder, waits_seconds: float = WAITS_SECONDS
    ) -> None:
        self._database = database
        self._encoder = Remembering(encoder)
        self._waits_seconds = waits_seconds
        self._classifier: QueueClassifier | None = None
        self._state: tuple[Any, ...] | None = None
        self._learning: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()
        self._looked_at = -_LOOK_AGAIN_SECONDS

    async def route(self, public_id: str) -> Guess | None:
        """The queue for what a conversation's customer wrote last; None when nothing tells it.

        The newest message that tells it surely; what is older is not even encoded then.
        """
        async with self._database.reading() as session:
            conversation = await conversation_by_public_id(session, public_id)
            told = await telling_messages(session, conversation.id) if conversation else []
        best: Guess | None = None
        for each in told:
            (guess,) = await self.guess_each([each.text]) or [None]
            if guess is not None and (best is None or guess.confidence > best.confidence):
                best = replace(guess, message_id=each.message_id)
            if best is not None and best.confidence >= CONFIDENT:
                break
        return best

    async def guess_each(self, texts: Sequence[str]) -> list[Guess | None]:
        """The queue for each text; empty when there was no time, or nothing to learn from."""
        if not texts:
            return []
        try:
            return await asyncio.wait_for(self._guess_each(texts), self._waits_seconds)
        except TimeoutError:
            logger.warning("routing.too_slow", seconds=self._waits_seconds)
        except Stopped:
            return []
        except Exception:
            # A person is asked for: in the default queue rather than not at all.
            logger.exception("routing.failed")
        return []

    def close(self) -> None:
        """The process ends: a thread that still learns does not hold it up."""
        self._encoder.stop()

    async def prepare(self) -> None:
        """Learns what is stored now, so that the first who asks need not wait."""
        await self._begin_learning()
        if self._learning is not None:
            await asyncio.shield(self._learning)

    async def _guess_each(self, texts: Sequence[str]) -> list[Guess | None]:
        await self._begin_learning()
        if self._classifier is None and self._learning is not None:
            await asyncio.shield(self._learning)
        if self._classifier is None:
            return []
        return await asyncio.to_thread(self._classifier.guess_each, texts)

    async def _begin_learning(self) -> None:
        """Looks every two seconds whether anything changed; who comes meanwhile waits for it."""
        async with self._looking:
            now = time.monotonic()
            busy = self._learning is not None and not self._learning.done()
            if busy or now - self._looked_at < _LOOK_AGAIN_SECONDS:
                return
            async with self._database.reading() as session:
                state = await routing_state(session)
            self._looked_at = now
            if state != self._state:
                self._learning = asyncio.create_task(self._learn(state))
                self._learning.add_done_callback(_log_failure)

    async def _learn(self, state: tuple[Any, ...]) -> None:
        async with self._database.reading() as session:
            examples = await examples_to_learn(session)
        if len({example.queue_id for example in examples}) > 1:
            self._classifier = await asyncio.to_thread(QueueClassifier, self._encoder, examples)
        else:  # There is nothing to choose between.
            self._classifier = None
        self._state = state


def _log_failure(task: asyncio.Task[None]) -> None:
    failed = not task.cancelled() and task.exception() is not None
    if failed and not isinstance(task.exception(), Stopped):
        # What was learned before goes on answering; the next look tries again.
        logger.error("routing.not_learned", exc_info=task.exception())
