"""The loop that gives conversations to agents: woken by events, safe in several processes."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from desk.conversations.ownership import claim, set_status
from desk.db import Database
from desk.events.log import by_agent
from desk.states import Status
from desk.team.presence import ONLINE_SECONDS, Standing, set_presence, standing_of
from desk.team.tables import Assignment, Presence, User
from handoff.assignment import Assigner
from handoff.pulse import Pulse
from tests.desk.building import recorded_after
from tests.desk.waiting import WaitingDesk

PATIENCE_SECONDS = 15.0


class Loop:
    """One process's loop with its own connection and pulse."""

    def __init__(self, database: Database) -> None:
        self.pulse = Pulse(database)
        self._task = asyncio.create_task(Assigner(database, self.pulse).run())

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def until_held(desk: WaitingDesk, holders: dict[str, int]) -> None:
    """Waits until so many are with each."""
    held: Counter[str] = Counter()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while held != holders:
            held = Counter([await desk.holder(name) for name in desk.conversations])
            await asyncio.sleep(0.05)


async def test_two_loops_give_each_conversation_once_while_more_come(
    database: Database, database_url: str
) -> None:
    desk = await WaitingDesk(database).open(
        "ana", "bruno", assignment=Assignment.ROUND_ROBIN, capacity=5
    )
    elsewhere = Database(database_url)
    loops = [Loop(database), Loop(elsewhere)]
    try:
        for number in range(12):
            await desk.wait(f"c{number}")
            for loop in loops:
                loop.pulse.beat()
        await until_held(desk, {"ana": 5, "bruno": 5, "queue": 2})
    finally:
        for loop in loops:
            await loop.end()
        await elsewhere.close()
    async with database.reading() as session:
        events = await recorded_after(session, 0, ["conversation.owner_changed"])
    given = Counter(
        each.conversation_id for each in events if each.data["reason"] == "auto_assigned"
    )
    assert set(given.values()) == {1}
    assert len(given) == 10


@pytest.mark.parametrize("happening", ["comes back", "finishes", "is joined"])
async def test_who_waits_is_given_as_soon_as_somebody_is_free(
    database: Database, happening: str
) -> None:
    desk = await WaitingDesk(database).open("ana", assignment=Assignment.LEAST_BUSY, capacity=1)
    ana = desk.users["ana"]
    await desk.wait("first", "second")
    async with database.transaction() as session:
        if happening == "comes back":
            await set_presence(session, ana.id, Presence.AWAY, by_agent(ana.id))
        else:
            await claim(session, desk.conversations["first"].id, ana)
    loop = Loop(database)
    try:
        await asyncio.sleep(0.3)
        assert await desk.holder("second") == "queue"
        if happening == "comes back":
            async with database.transaction() as session:
                await set_presence(session, ana.id, Presence.AVAILABLE, by_agent(ana.id))
            await until_held(desk, {"ana": 1, "queue": 1})
        elif happening == "finishes":
            first = desk.conversations["first"].id
            async with database.transaction() as session:
                await set_status(session, first, Status.RESOLVED, by_agent(ana.id))
            await until_held(desk, {"ana": 1, "bot": 1})
        else:
            await desk.join("bruno")
            await until_held(desk, {"ana": 1, "bruno": 1})
    finally:
        await loop.end()


async def test_who_closed_the_console_is_noted_once_and_asked_no_more(
    database: Database, database_url: str
) -> None:
    desk = await WaitingDesk(database).open("ana", assignment=Assignment.ROUND_ROBIN)
    gone = datetime.now(UTC) - timedelta(seconds=ONLINE_SECONDS + 5)
    await desk.set_user("ana", last_seen_at=gone)
    await desk.wait("first")
    elsewhere = Database(database_url)
    loops = [Loop(database), Loop(elsewhere)]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with database.reading() as session:
                    ana = await session.get_one(User, desk.users["ana"].id)
                if ana.online_since is None:
                    break
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
    finally:
        for loop in loops:
            await loop.end()
        await elsewhere.close()
    async with database.reading() as session:
        events = await recorded_after(session, 0, ["presence.changed"])
    assert [each.data["after"] for each in events] == ["available", "offline"]
    assert standing_of(ana, datetime.now(UTC)) is Standing.OFFLINE
    assert await desk.holder("first") == "queue"
