"""Feels what customers write, after their turn and off the path of every reply."""

import asyncio

import structlog

from desk.conversations.feelings import Unfelt, keep_feelings, unfelt_messages
from desk.db import Database
from desk.events.cursors import move_cursor, read_cursor, start_cursor
from desk.events.log import events_after
from desk.sentiment.model import Feeling, SentimentModel
from handoff.pulse import Pulse, wait_for

_CURSOR = "feelings"
_KINDS = ("message.created",)
_BATCH = 50
_COALESCE_SECONDS = 0.5

logger = structlog.get_logger(__name__)


class Feelings:
    """The loop of one process; a cursor in the database says how far the log was read."""

    def __init__(self, database: Database, pulse: Pulse, model: SentimentModel) -> None:
        self._database = database
        self._pulse = pulse
        self._model = model

    async def begin(self) -> None:
        """Starts at the newest event where nothing was felt yet."""
        async with self._database.transaction() as session:
            await start_cursor(session, _CURSOR)

    async def run(self) -> None:
        """Feels until cancelled."""
        waiter = self._pulse.waiter("events")
        await self.begin()
        try:
            while True:
                try:
                    while await self.feel_next():
                        pass
                except Exception:
                    # The cursor stays where it was and the log is read again in a second.
                    logger.exception("feelings.failed")
                await wait_for(waiter)
                # The reply goes first; what came together is felt together.
                await asyncio.sleep(_COALESCE_SECONDS)
        finally:
            self._pulse.forget(waiter)

    async def feel_next(self) -> bool:
        """One batch of the log; says whether there was one."""
        async with self._database.reading() as session:
            seq = await read_cursor(session, _CURSOR)
            events = await events_after(session, seq, _BATCH, _KINDS)
            unfelt = await unfelt_messages(session, events)
        if not events:
            return False
        felt = await asyncio.to_thread(self._feel, unfelt)
        async with self._database.transaction() as session:
            # Another process may have done the same meanwhile.
            if await move_cursor(session, _CURSOR, before=seq, after=events[-1].seq):
                await keep_feelings(session, felt)
        if felt:
            self._pulse.beat("events")
        return True

    def _feel(self, unfelt: list[Unfelt]) -> dict[Unfelt, Feeling]:
        return {each: self._model.feel(each.text) for each in unfelt}
