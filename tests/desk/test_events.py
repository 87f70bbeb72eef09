"""The event log: append-only, without personal text, read without gaps."""

import asyncio

from sqlalchemy import select, text

from desk.conversations.ownership import claim, set_status
from desk.conversations.team_messages import add_note, edit_message, post_agent_message
from desk.db import Database
from desk.events.log import SYSTEM, by_agent, events_after, latest_seq, record_event
from desk.events.tables import Event
from desk.states import Status
from tests.desk.building import a_new_conversation, a_user, bot_answers, customer_writes


async def record(database: Database, kind: str) -> None:
    async with database.transaction() as session:
        await record_event(session, kind, SYSTEM)


async def read_from(database: Database, seq: int, count: int) -> list[Event]:
    """The events after a number, when there are so many.

    A transaction of anybody on the same PostgreSQL server may hold them back for a while.
    """
    for _ in range(200):
        async with database.reading() as session:
            events = list(await events_after(session, seq))
        if len(events) >= count:
            return events
        await asyncio.sleep(0.05)
    raise AssertionError(f"{len(events)} of {count} events")


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


async def test_events_are_read_in_order_after_a_number(database: Database) -> None:
    for kind in ("a", "b", "c"):
        await record(database, kind)
    events = await read_from(database, 0, 3)
    assert kinds(events) == ["a", "b", "c"]
    async with database.reading() as session:
        assert await latest_seq(session) == events[-1].seq
        assert kinds(list(await events_after(session, 0, limit=1))) == ["a"]
    assert kinds(await read_from(database, events[0].seq, 2)) == ["b", "c"]


async def test_a_reader_never_skips_what_is_committed_late(
    database: Database, database_url: str
) -> None:
    """A slow writer has drawn a lower number than those that are committed before it."""
    if database.is_sqlite:  # one writer at a time: the next one waits, so numbers are in order
        elsewhere = Database(database_url)
        async with database.transaction() as session:
            await record_event(session, "slow", SYSTEM)
            waiting = asyncio.create_task(record(elsewhere, "quick"))
            await asyncio.sleep(0.1)
            assert not waiting.done()
        await waiting
        await elsewhere.close()
        assert kinds(await read_from(database, 0, 2)) == ["slow", "quick"]
        return
    async with database.transaction() as slow:
        await record_event(slow, "slow", SYSTEM)
        await record(database, "quick")
        async with database.reading() as session:
            assert await events_after(session, 0) == []
    events = await read_from(database, 0, 2)
    assert kinds(events) == ["slow", "quick"]
    assert events[0].seq < events[1].seq


async def test_what_is_rolled_back_was_never_there(database: Database) -> None:
    await record(database, "kept")
    try:
        async with database.transaction() as session:
            await record_event(session, "lost", SYSTEM)
            raise RuntimeError
    except RuntimeError:
        pass
    await record(database, "kept too")
    assert kinds(await read_from(database, 0, 2)) == ["kept", "kept too"]


async def test_no_event_holds_what_people_wrote(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "segredo do cliente")
    await bot_answers(database, conversation, "segredo da assistente")
    async with database.transaction() as session:
        ana = await a_user(session, "segredo@demo.ponte")
        await claim(session, conversation.id, ana)
        message = await post_agent_message(
            session, conversation.id, ana, text="segredo da equipe", client_id="x"
        )
        await add_note(session, conversation.id, ana, "segredo da nota")
        await edit_message(session, conversation.id, message.id, "segredo novo", by_agent(ana.id))
        await set_status(
            session, conversation.id, Status.RESOLVED, by_agent(ana.id), "segredo do resumo"
        )
    async with database.reading() as session:
        events = (await session.execute(select(Event))).scalars().all()
        columns = (await session.execute(text("SELECT * FROM desk_events"))).all()
    assert len(events) > 8
    assert "segredo" not in str(columns)
