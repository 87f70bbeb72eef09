"""Leases: one worker a conversation, and what the next one learns of a dead one."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from desk.conversations.leases import (
    Lease,
    LeaseLost,
    abandon_lease,
    due_conversations,
    renew_lease,
    take_lease,
)
from desk.conversations.tables import Conversation
from desk.conversations.turns import TurnEnd, end_turn, hold_turn
from desk.db import Database, database_now
from tests.desk.building import (
    a_new_conversation,
    begin_turn,
    customer_writes,
    finish_turn,
    fresh,
    messages_of,
)


async def take(database: Database, conversation: Conversation) -> Lease | None:
    async with database.transaction() as session:
        return await take_lease(session, conversation.id, 60)


async def due(database: Database) -> list[int]:
    async with database.reading() as session:
        return list(await due_conversations(session, 10))


async def expire(database: Database, conversation: Conversation) -> None:
    """As if the lease's minute were over: its holder died without a word."""
    async with database.transaction() as session:
        past = await database_now(session) - timedelta(seconds=1)
        await session.execute(
            update(Conversation)
            .where(Conversation.id == conversation.id)
            .values(lease_expires_at=past)
        )


async def test_a_conversation_without_work_has_no_lease_to_take(database: Database) -> None:
    conversation = await a_new_conversation(database)
    assert await due(database) == []
    assert await take(database, conversation) is None


async def test_of_workers_in_two_processes_one_gets_the_lease(
    database: Database, database_url: str
) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi")
    elsewhere = Database(database_url)
    taken = await asyncio.gather(
        *(take(process, conversation) for process in (database, elsewhere) * 4)
    )
    await elsewhere.close()
    assert len([lease for lease in taken if lease is not None]) == 1
    assert await due(database) == []


async def test_a_lease_ends_with_the_work_and_the_next_inherits_nothing(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi")
    lease, turn = await begin_turn(database, conversation)
    assert not lease.inherited
    assert await finish_turn(database, lease, turn, "Olá!") is False
    assert (await fresh(database, conversation)).work_due_at is None
    await customer_writes(database, conversation, "e agora?")
    following = await take(database, conversation)
    assert following is not None
    assert not following.inherited


async def test_while_messages_wait_the_lease_is_kept(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "um")
    lease, turn = await begin_turn(database, conversation)
    await customer_writes(database, conversation, "dois")
    assert await finish_turn(database, lease, turn, "1") is True
    assert await take(database, conversation) is None


async def test_after_a_death_the_next_worker_knows_that_it_inherits(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi")
    dead, turn = await begin_turn(database, conversation)
    await expire(database, conversation)
    assert await due(database) == [conversation.id]
    heir = await take(database, conversation)
    assert heir is not None
    assert heir.inherited
    with pytest.raises(LeaseLost):
        async with database.transaction() as session:
            await renew_lease(session, dead, 60)
    with pytest.raises(LeaseLost):
        await finish_turn(database, dead, turn, "tarde demais")
    with pytest.raises(LeaseLost):
        async with database.transaction() as session:
            await hold_turn(session, dead, turn)
    rows = await messages_of(database, conversation)
    assert [(row.text, row.state) for row in rows] == [("oi", "received")]


async def test_a_lease_that_is_renewed_does_not_end(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi")
    lease, _ = await begin_turn(database, conversation)
    await expire(database, conversation)
    async with database.transaction() as session:
        await renew_lease(session, lease, 60)
    assert await take(database, conversation) is None


async def test_what_is_given_back_undone_waits_and_is_inherited(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await abandon_lease(session, lease, retry_after_seconds=60)
    assert await take(database, conversation) is None
    with pytest.raises(LeaseLost):
        async with database.transaction() as session:
            await end_turn(session, lease, turn, TurnEnd())
    await expire(database, conversation)
    heir = await take(database, conversation)
    assert heir is not None
    assert heir.inherited


async def test_those_that_wait_longest_come_first(database: Database) -> None:
    conversations = [await a_new_conversation(database, kind) for kind in ("a", "b", "c")]
    for conversation in (conversations[1], conversations[2], conversations[0]):
        await customer_writes(database, conversation, "oi")
    await customer_writes(database, conversations[1], "ainda aí?")
    assert await due(database) == [conversations[place].id for place in (1, 2, 0)]
