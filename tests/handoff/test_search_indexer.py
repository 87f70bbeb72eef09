"""The search index follows the log by itself, and takes in what was there before it."""

import asyncio
import time

import pytest

from desk.conversations.filters import Filters
from desk.conversations.listing import list_conversations
from desk.conversations.team_messages import delete_message
from desk.db import Database
from desk.events.log import by_contact
from desk.team.tables import Role, User
from handoff import search_indexer
from handoff.pulse import Pulse
from handoff.search_indexer import SearchIndexer
from tests.desk.building import (
    a_channel,
    a_conversation,
    a_user,
    customer_writes,
    messages_of,
    worked_off,
)

PATIENCE_SECONDS = 60.0


async def test_what_was_written_before_and_after_the_first_start_is_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_indexer, "_BATCH", 2)
    async with database.transaction() as session:
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        channel = await a_channel(session)
        old = await a_conversation(session, channel, "old", "Olga Antiga")
    for text in ("um pinguim", "dois pinguins", "três", "quatro", "cinco"):
        await customer_writes(database, old, text)
    indexer = SearchIndexer(database, Pulse(database))
    await indexer.begin()
    assert await _found(database, sueli, "pinguim") == []
    async with database.transaction() as session:
        new = await a_conversation(session, channel, "new", "Nora Nova")
    await customer_writes(database, new, "outro pinguim")
    await _finds(database, indexer, sueli, "pingui", ["Nora Nova", "Olga Antiga"])
    await _finds(database, indexer, sueli, "olga", ["Olga Antiga"])
    await _finds(database, indexer, sueli, "nora", ["Nora Nova"])

    (message,) = await messages_of(database, new)
    async with database.transaction() as session:
        await delete_message(session, new.id, message.id, by_contact(new.contact_id))
    await worked_off(database, indexer)
    # The customer's deletion is the customer's: the team still finds what was said.
    assert len(await _found(database, sueli, "pinguim")) == 2


async def test_a_restart_goes_on_where_it_was_and_two_processes_do_it_once(
    database: Database,
) -> None:
    async with database.transaction() as session:
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        conversation = await a_conversation(session, await a_channel(session), "v", "Vera")
    first, second = (SearchIndexer(database, Pulse(database)) for _ in range(2))
    await first.begin()
    await worked_off(database, first)
    await customer_writes(database, conversation, "girafa")
    await second.begin()
    await asyncio.gather(
        *(_finds(database, each, sueli, "girafa", ["Vera"]) for each in (first, second))
    )
    assert not await first.step()
    assert not await second.step()


async def _finds(
    database: Database, indexer: SearchIndexer, viewer: User, q: str, expected: list[str]
) -> None:
    """The index comes to find this."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := await _found(database, viewer, q)) != expected:
        assert time.monotonic() < deadline, found
        await worked_off(database, indexer)
        await asyncio.sleep(0.05)


async def _found(database: Database, viewer: User, q: str) -> list[str]:
    async with database.reading() as session:
        page = await list_conversations(session, viewer, Filters(q=q))
    return sorted(row.contact_name for row in page.rows)
