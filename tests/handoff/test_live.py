"""Who is told of what: the queue's own agents, those of the queue that was left, nobody else."""

import asyncio

from desk.conversations.ownership import assign_to_queue, claim, take_over
from desk.db import Database
from desk.events.log import SYSTEM
from desk.team.presence import mark_seen
from desk.team.tables import Role
from handoff.live import Live, OneConversation, Subscriber, changes_of
from handoff.pulse import Pulse
from tests.desk.building import a_new_conversation, a_queue, a_user, recorded_after


def an_agent_of(queue_id: int, user_id: int | None = None) -> Subscriber:
    return Subscriber(sees_all=False, queue_ids=[queue_id], user_id=user_id)


async def test_agents_see_a_conversation_come_and_those_it_left_see_it_go(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        first, second, third = [await a_queue(session, slug) for slug in ("a", "b", "c")]
        await assign_to_queue(session, conversation.id, first, SYSTEM)
    async with database.transaction() as session:
        seq = max(event.seq for event in await recorded_after(session, 0))
        await assign_to_queue(session, conversation.id, second, SYSTEM)
    async with database.reading() as session:
        (change,) = await changes_of(session, await recorded_after(session, seq))
    assert an_agent_of(first.id).sees(change)
    assert an_agent_of(second.id).sees(change)
    assert not an_agent_of(third.id).sees(change)


async def test_who_has_a_conversation_is_told_whatever_its_queue(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
        await claim(session, conversation.id, ana)
    async with database.reading() as session:
        (change,) = await changes_of(session, await recorded_after(session, 0))
    assert an_agent_of(99, ana.id).sees(change)
    assert not an_agent_of(99, ana.id + 1).sees(change)
    assert OneConversation(conversation.id).sees(change)
    assert not OneConversation(conversation.id + 1).sees(change)


async def test_from_whom_a_conversation_was_taken_sees_it_go(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        await claim(session, conversation.id, ana)
    async with database.transaction() as session:
        seq = max(event.seq for event in await recorded_after(session, 0))
        await take_over(session, conversation.id, sueli)
    async with database.reading() as session:
        (change,) = await changes_of(session, await recorded_after(session, seq))
    assert an_agent_of(99, ana.id).sees(change)
    assert not an_agent_of(99, ana.id + 99).sees(change)


async def test_the_team_hears_once_that_somebody_came(database: Database) -> None:
    pulse = Pulse(database)
    live = Live(database, pulse)
    colleague = an_agent_of(1)
    live.subscribe(colleague)
    following = asyncio.create_task(live.run())
    try:
        await colleague.next(0.2)  # it reads the log from its end on
        async with database.transaction() as session:
            ana = await a_user(session)
            await session.flush()
            await mark_seen(session, ana.id)
        pulse.beat()
        await colleague.next(5)
        assert [colleague.take_team_change() for _ in range(2)] == [True, False]
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
