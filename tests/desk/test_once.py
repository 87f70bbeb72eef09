"""An action's writes happen once for a message, however its turn is repeated."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.once import perform_once
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.tickets.opening import open_ticket
from desk.tickets.tables import Ticket
from tests.desk.building import a_new_conversation, customer_writes


def opening(
    session: AsyncSession, conversation: Conversation
) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def work() -> dict[str, Any]:
        ticket = await open_ticket(
            session,
            contact_id=conversation.contact_id,
            company_id=None,
            subject="Impressora",
            description="",
            request_type_id=None,
        )
        await asyncio.sleep(0.05)
        return {"number": ticket.number}

    return work


async def count_tickets(database: Database) -> int:
    async with database.reading() as session:
        return (await session.execute(select(func.count(Ticket.id)))).scalar_one()


async def test_a_repeated_turn_gets_what_the_first_one_did(database: Database) -> None:
    conversation = await a_new_conversation(database)
    message = (await customer_writes(database, conversation, "fim")).message
    results = []
    for action in ("open", "open", "another"):
        async with database.transaction() as session:
            work = opening(session, conversation)
            results.append(await perform_once(session, message.id, action, work))
    assert results[0] == results[1] != results[2]
    assert await count_tickets(database) == 2


async def test_work_that_failed_is_done_again(database: Database) -> None:
    conversation = await a_new_conversation(database)
    message = (await customer_writes(database, conversation, "fim")).message

    async def fails() -> dict[str, Any]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await perform_once(session, message.id, "open", fails)
    async with database.transaction() as session:
        await perform_once(session, message.id, "open", opening(session, conversation))
    assert await count_tickets(database) == 1


async def test_a_turn_repeated_while_the_first_still_runs_opens_one_ticket(
    database: Database, database_url: str
) -> None:
    """Rasa died and its action goes on while the bridge posts the message once more."""
    conversation = await a_new_conversation(database)
    message = (await customer_writes(database, conversation, "fim")).message
    elsewhere = Database(database_url)

    async def act(process: Database) -> dict[str, Any]:
        async with process.transaction() as session:
            work = opening(session, conversation)
            return await perform_once(session, message.id, "open", work)

    first, second, third = await asyncio.gather(act(database), act(elsewhere), act(database))
    await elsewhere.close()
    assert first == second == third
    assert await count_tickets(database) == 1


async def test_without_a_message_the_work_is_done_each_time(database: Database) -> None:
    conversation = await a_new_conversation(database)
    for _ in range(2):
        async with database.transaction() as session:
            await perform_once(session, None, "open", opening(session, conversation))
    assert await count_tickets(database) == 2
