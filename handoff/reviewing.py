"""Puts what the bot did not understand where designers find it, after the turn and off its path."""

import asyncio

from desk.db import Database
from desk.encoder import Encoder
from desk.events.cursors import read_cursor
from desk.review.grouping import (
    CURSOR,
    Leaders,
    due_messages,
    encode_new,
    known_places,
    place,
    refresh_leaders,
)
from handoff.log_follower import LogFollower
from handoff.pulse import Pulse

_BATCH = 20


class Reviewing(LogFollower):
    """Groups what waits; each message once, whatever the number of processes.

    What waits is a mark on its row and not a place in the log; the cursor counts the batches, so
    that two processes never group at the same time.
    """

    cursor = CURSOR

    def __init__(self, database: Database, pulse: Pulse, encoder: Encoder) -> None:
        super().__init__(database, pulse)
        self._encoder = encoder
        self._leaders = Leaders(encoder.name)

    async def step(self) -> bool:
        """One batch; says whether there was one."""
        async with self._database.reading() as session:
            due = await due_messages(session, _BATCH)
            if not due:
                return False
            seen = await read_cursor(session, self.cursor)
            known = await known_places(session, due)
            await refresh_leaders(session, self._leaders)
        vectors = await asyncio.to_thread(encode_new, self._encoder, due, known)
        placed = False
        try:
            async with self._database.transaction() as session:
                placed = await place(session, due, known, vectors, self._leaders, seen)
        finally:
            if not placed:
                # Groups that were not committed must not be remembered.
                self._leaders = Leaders(self._encoder.name)
        self._pulse.beat("events")
        return True
