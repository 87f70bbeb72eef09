"""Wake-ups: by topic, across processes, and never in the way of an end."""

import asyncio

from desk.db import Database
from desk.events.log import SYSTEM, record_event
from handoff.pulse import Pulse, wait_for
from tests.handoff.bridging import until


async def test_a_loop_that_is_woken_and_cancelled_in_the_same_moment_ends() -> None:
    waiter = asyncio.Event()

    async def loop() -> None:
        while True:
            await wait_for(waiter, 60)

    running = asyncio.create_task(loop())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiter.set()
    await asyncio.sleep(0)  # the wait is over, the loop has not gone on yet
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=5)
    assert done == {running}
    assert running.cancelled()


async def test_a_wait_ends_by_itself(database: Database) -> None:
    waiter = Pulse(database).waiter("inbound")
    await wait_for(waiter, 0.01)
    assert not waiter.is_set()


async def test_a_beat_wakes_the_loops_of_its_topic_and_who_follows_events(
    database: Database,
) -> None:
    pulse = Pulse(database)
    waiters = {topic: pulse.waiter(topic) for topic in ("events", "inbound", "outbound")}
    pulse.beat("inbound")
    assert {topic for topic, waiter in waiters.items() if waiter.is_set()} == {"events", "inbound"}
    pulse.forget(waiters["outbound"])
    pulse.beat()
    assert not waiters["outbound"].is_set()


async def test_what_another_process_commits_is_noticed(
    database: Database, database_url: str
) -> None:
    elsewhere = Database(database_url)
    here, there = Pulse(database), Pulse(elsewhere)
    waiter = here.waiter("events")
    running = [asyncio.create_task(each.run()) for each in (here, there)]
    try:

        async def is_woken() -> bool:
            async with elsewhere.transaction() as session:
                await record_event(session, "x", SYSTEM)
            there.beat("events")
            return waiter.is_set()

        await until(is_woken, "the wake-up")
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await elsewhere.close()
