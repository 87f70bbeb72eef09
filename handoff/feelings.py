"""Feels what customers write, after their turn and off the path of every reply."""

import asyncio

from desk.conversations.feelings import Unfelt, keep_feelings, unfelt_messages
from desk.db import Database
from desk.events.cursors import move_cursor, read_cursor
from desk.events.log import events_after
from desk.sentiment.model import Feeling, SentimentModel
from handoff.log_follower import LogFollower
from handoff.pulse import Pulse

_KINDS = ("message.created",)
_BATCH = 50


class Feelings(LogFollower):
    """Feels the newest messages; each once, whatever the number of processes."""

    cursor = "feelings"

    def __init__(self, database: Database, pulse: Pulse, model: SentimentModel) -> None:
        super().__init__(database, pulse)
        self._model = model

    async def step(self) -> bool:
        """One batch of the log; says whether there was one."""
        async with self._database.reading() as session:
            seq = await read_cursor(session, self.cursor)
            events = await events_after(session, seq, _BATCH, _KINDS)
            unfelt = await unfelt_messages(session, events)
        if not events:
            return False
        felt = await asyncio.to_thread(self._feel, unfelt)
        async with self._database.transaction() as session:
            # Another process may have done the same meanwhile.
            if await move_cursor(session, self.cursor, before=seq, after=events[-1].seq):
                await keep_feelings(session, felt)
        if felt:
            self._pulse.beat("events")
        return True

    def _feel(self, unfelt: list[Unfelt]) -> dict[Unfelt, Feeling]:
        return {each: self._model.feel(each.text) for each in unfelt}
