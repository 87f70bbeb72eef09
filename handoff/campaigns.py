"""Writes what running campaigns have to say, each at its pace; the rows decide who writes what."""

import asyncio
from zoneinfo import ZoneInfo

import structlog

from desk.campaigns.sending import due_campaigns, next_step
from desk.db import Database
from handoff.pulse import Pulse, wait_for
from handoff.words import Words

HOW_TO_STOP = "bridge_campaign_stop"
_LOOK_SECONDS = 0.1

logger = structlog.get_logger(__name__)


class Campaigns:
    """The loop of one process; any number of them share the campaigns."""

    def __init__(self, database: Database, pulse: Pulse, words: Words, zone: ZoneInfo) -> None:
        self._database = database
        self._pulse = pulse
        self._words = words
        self._zone = zone

    async def run(self) -> None:
        """Works until cancelled."""
        waiter = self._pulse.waiter("events")
        try:
            while True:
                try:
                    while await self.look():
                        await _breathe()
                except Exception:
                    # The step was rolled back as a whole and is done in a second.
                    logger.exception("campaigns.failed")
                await wait_for(waiter)
        finally:
            self._pulse.forget(waiter)

    async def look(self) -> bool:
        """One step of each campaign that is due; False when none was."""
        async with self._database.reading() as session:
            due = await due_campaigns(session)
        for campaign_id in due:
            async with self._database.transaction() as session:
                how = self._words.say(HOW_TO_STOP)
                await next_step(session, campaign_id, self._zone, how)
            self._pulse.beat("outbound")
        return bool(due)


async def _breathe() -> None:
    # Up to ten messages a second: the fastest pace that may be chosen.
    await asyncio.sleep(_LOOK_SECONDS)
