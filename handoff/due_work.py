"""Loops that work what is due in rows of the database, several rows at once."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import ClassVar

import structlog

from handoff.pulse import LOOK_SECONDS, Pulse, Topic, wait_for

_PAUSE_SECONDS = 1.0

logger = structlog.get_logger(__name__)


class DueWork(ABC):
    """The loop of one process; any number of processes may run one: the rows decide who works what.

    ``name`` stands before its log lines; a beat of ``topic`` wakes it; what is on its way when the
    loop ends has ``last_words_seconds`` to arrive.
    """

    name: ClassVar[str]
    topic: ClassVar[Topic]
    last_words_seconds: ClassVar[float] = 0.0

    def __init__(self, pulse: Pulse, at_once: int) -> None:
        self._pulse = pulse
        self._at_once = at_once
        self._working: dict[Hashable, asyncio.Task[None]] = {}
        self._waiter = pulse.waiter(self.topic)

    @abstractmethod
    async def look(self) -> float | None:
        """Begins what is due; the seconds until the next look, None for the usual ones."""

    @property
    def free(self) -> int:
        """How many more may begin."""
        return max(self._at_once - len(self._working), 0)

    def can_begin(self, key: Hashable) -> bool:
        """Whether there is room, and nobody works on this here."""
        return self.free > 0 and key not in self._working

    def begin(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        """Works in a task of its own: whatever is slow holds up nothing else."""
        task = asyncio.create_task(self._work(key, work))
        self._working[key] = task
        task.add_done_callback(partial(self._ended, key))

    async def run(self) -> None:
        """Works until cancelled."""
        try:
            while True:
                seconds = None
                try:
                    seconds = await self.look()
                except Exception:
                    # The rows stay as they are and are looked at again in a second.
                    logger.exception(f"{self.name}.look_failed")
                await wait_for(self._waiter, LOOK_SECONDS if seconds is None else seconds)
        finally:
            self._pulse.forget(self._waiter)
            if self._working and self.last_words_seconds:
                await asyncio.wait(self._working.values(), timeout=self.last_words_seconds)
            for task in self._working.values():
                task.cancel()
            await asyncio.gather(*self._working.values(), return_exceptions=True)

    async def _work(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:
            # The row is taken up again, here or elsewhere, when its time is over.
            logger.exception(f"{self.name}.work_failed", key=key)
            await asyncio.sleep(_PAUSE_SECONDS)

    def _ended(self, key: Hashable, _: asyncio.Task[None]) -> None:
        # Something may have become due in the last moment: look again.
        self._working.pop(key, None)
        self._waiter.set()
