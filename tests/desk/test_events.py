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


async def read_from(database: Database, seq: int) -> list[Event]:
    """The events after a number."""
    async with database.reading() as session:
        return list(await events_after(session, seq))


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


async def test_events_are_read_in_order_after_a_number(database: Database) -> None:
    for kind in ("a", "b", "c"):
        await record(database, kind)
    events = await read_from(database, 0)
    assert kinds(events) == ["a", "b", "c"]
    async with database.reading() as session:
        assert await latest_seq(session) == events[-1].seq
        assert kinds(list(await events_after(session, 0, limit=1))) == ["a"]
    assert kinds(await read_from(database, events[0].seq)) == ["b", "c"]


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
        assert kinds(await read_from(database, 0)) == ["slow", "quick"]
        return
    async with database.transaction() as slow:
        await record_event(slow, "slow", SYSTEM)
        await record(database, "quick")
        async with database.reading() as session:
            assert await events_after(session, 0) == []
    events = await read_from(database, 0)
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
    assert kinds(await read_from(database, 0)) == ["kept", "kept too"]


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


async def test_who_began_first_and_ends_first_hides_nobodys_lower_number(
    database: Database, database_url: str
) -> None:
    """Both write at once: the elder draws the higher number, and is committed before the other."""
    if database.is_sqlite:  # one writer at a time
        return
    elsewhere = Database(database_url)
    async with database.transaction() as younger:
        async with elsewhere.transaction() as elder:
            await elder.execute(text("SELECT pg_current_xact_id()"))
            await record_event(younger, "younger", SYSTEM)
            await record_event(elder, "elder", SYSTEM)
        async with database.reading() as session:
            assert await events_after(session, 0) == []
            assert await latest_seq(session) == 0
    assert kinds(await read_from(database, 0)) == ["younger", "elder"]
    await elsewhere.close()


async def test_a_long_write_of_other_software_on_the_server_holds_up_nothing(
    database: Database, database_url: str
) -> None:
    if database.is_sqlite:
        return
    other = Database(database_url.rpartition("/")[0] + "/postgres")
    neighbour = Database(database_url)
    async with other.transaction() as far, neighbour.transaction() as near:
        for session in (far, near):
            await session.execute(text("SELECT pg_current_xact_id()"))
        await record(database, "seen")
        async with database.reading() as session:
            (event,) = await events_after(session, 0)
            assert event.kind == "seen"
            assert await latest_seq(session) == event.seq
    await other.close()
    await neighbour.close()


async def test_what_was_taken_back_to_a_savepoint_is_announced_anew(
    database: Database, database_url: str
) -> None:
    if database.is_sqlite:
        return
    elsewhere = Database(database_url)
    async with database.transaction() as slow:
        inner = await slow.begin_nested()
        await record_event(slow, "lost", SYSTEM)
        await inner.rollback()
        await record_event(slow, "slow", SYSTEM)
        async with elsewhere.transaction() as quick:
            await record_event(quick, "quick", SYSTEM)
        assert await read_from(database, 0) == []
    assert kinds(await read_from(database, 0)) == ["slow", "quick"]
    await elsewhere.close()


async def test_many_writers_at_once_hide_nothing_from_a_reader(
    database: Database, database_url: str
) -> None:
    """Sixteen write, in transactions of some events each; what a reader passes stays passed."""
    elsewhere = Database(database_url)

    async def write(writer: int) -> None:
        for turn in range(12):
            async with elsewhere.transaction() as session:
                for _ in range(1 + (writer + turn) % 3):
                    await record_event(session, "written", SYSTEM, writer=writer)
                    await asyncio.sleep(0.001 * ((writer * 7 + turn) % 5))

    writers = asyncio.gather(*(write(writer) for writer in range(16)))
    seen: list[int] = []
    while not writers.done():
        seen += [event.seq for event in await read_from(database, seen[-1] if seen else 0)]
        await asyncio.sleep(0.001)
    await writers
    seen += [event.seq for event in await read_from(database, seen[-1] if seen else 0)]
    async with database.reading() as session:
        written = list((await session.execute(select(Event.seq).order_by(Event.seq))).scalars())
    assert seen == written
    await elsewhere.close()
