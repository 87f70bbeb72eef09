"""`python -m tests.handoff.campaign_process URL`: one process that works campaigns until killed."""

import asyncio
import sys
from zoneinfo import ZoneInfo

from desk.db import Database
from handoff.campaigns import Campaigns
from handoff.pulse import Pulse
from handoff.words import Words


async def main(url: str) -> None:
    """Works until killed."""
    database = Database(url)
    loop = Campaigns(database, Pulse(database), Words.load(), ZoneInfo("America/Sao_Paulo"))
    print("ready", flush=True)
    await loop.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
