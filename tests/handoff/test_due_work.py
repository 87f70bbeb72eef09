"""Loops over due rows: bounded, undisturbed by a failure, and given a moment at the end."""

import asyncio
import contextlib
from functools import partial

import pytest

from desk.db import Database
from handoff.due_work import DueWork
from handoff.pulse import Pulse


class Counting(DueWork):
    """Works numbers; an odd one fails the first time, and none ends before it may."""

    name = "counting"
    topic = "media"
    last_words_seconds = 20.0

    def __init__(self, database: Database, numbers: int) -> None:
        super().__init__(Pulse(database), at_once=3)
        self.due = set(range(numbers))
        self.failed: set[int] = set()
        self.most = self.now = 0
        self.may_end, self.full, self.done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def look(self) -> None:
        for number in sorted(self.due):
            if self.can_begin(number):
                self.begin(number, partial(self._count, number))

    async def _count(self, number: int) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        if not self.free:
            self.full.set()
        try:
            await self.may_end.wait()
            if number % 2 and number not in self.failed:
                self.failed.add(number)
                raise RuntimeError(str(number))
            self.due.discard(number)
            if not self.due:
                self.done.set()
        finally:
            self.now -= 1


async def ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


@pytest.fixture
def work(database: Database) -> Counting:
    return Counting(database, 7)


async def test_everything_due_is_worked_no_more_than_so_many_at_once(work: Counting) -> None:
    running = asyncio.create_task(work.run())
    work.may_end.set()
    await asyncio.wait_for(work.done.wait(), 60)
    await ended(running)
    assert work.failed == {1, 3, 5}
    assert work.most <= 3


async def test_what_is_on_its_way_at_the_end_arrives_and_nothing_new_begins(work: Counting) -> None:
    running = asyncio.create_task(work.run())
    await asyncio.wait_for(work.full.wait(), 60)
    asyncio.get_running_loop().call_later(0.2, work.may_end.set)
    await ended(running)
    # The second of them failed; its row stays due for whoever comes next.
    assert work.due == {1, 3, 4, 5, 6}
