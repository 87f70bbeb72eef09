"""Messages keep their place while their files, or the rest of their album, are on their way."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from desk.channels.receipts import settle_receipt, store_receipt
from desk.conversations.arrivals import (
    UNREAD_PATIENCE_SECONDS,
    album_key,
    due_arrivals,
    settle_arrival,
)
from desk.conversations.fetched_files import attach_file, give_up_file, go_on_without
from desk.conversations.receive import Inbound, Received, receive_message
from desk.conversations.tables import Conversation, Message, MessageMedia, MessagePart
from desk.conversations.turns import next_turn
from desk.db import Database
from desk.errors import Invalid
from desk.media.fetching import (
    Fetch,
    RemoteFile,
    due_fetches,
    end_fetch,
    fetch_later,
    next_fetch_at,
    start_fetch,
)
from desk.media.store import StoredFile, store_file
from desk.media.tables import MediaFetch
from tests.desk.building import (
    a_new_conversation,
    begin_turn,
    bot_answers,
    customer_writes,
    finish_turn,
    fresh,
    messages_of,
)

FILE = RemoteFile("foto.jpg", {"file_id": "f"})


async def a_file_comes(database: Database, conversation: Conversation, name: str) -> Received:
    """A message with one file that must be fetched."""
    return await customer_writes(
        database, conversation, "segue", provider_id=name, remote_files=[FILE]
    )


async def take_fetch(database: Database) -> Fetch:
    """Takes the first job that is due."""
    async with database.reading() as session:
        (first, *_) = await due_fetches(session, 10)
    async with database.transaction() as session:
        fetch = await start_fetch(session, first)
    assert fetch is not None
    return fetch


async def stored(folder: Path, data: bytes = b"bytes") -> StoredFile:
    return await store_file(folder, data, "foto.jpg", 1000)


async def attach(database: Database, fetch: Fetch, file: StoredFile) -> None:
    async with database.transaction() as session:
        await attach_file(session, fetch, file)


async def count(database: Database, table: type) -> int:
    async with database.reading() as session:
        return (await session.execute(select(func.count()).select_from(table))).scalar_one()


async def waits(database: Database, conversation: Conversation) -> bool:
    """Whether there is nothing to do for the bridge."""
    async with database.reading() as session:
        turn = await next_turn(session, conversation.id)
    return turn is None


async def test_a_message_waits_for_its_file_and_asks_for_work_when_it_is_here(
    database: Database, tmp_path: Path
) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await a_file_comes(database, conversation, "1")
    assert await waits(database, conversation)
    assert (await fresh(database, conversation)).work_due_at is None
    await attach(database, await take_fetch(database), await stored(tmp_path))
    assert not await waits(database, conversation)
    assert (await fresh(database, conversation)).work_due_at is not None
    assert await count(database, MediaFetch) == 0
    (message,) = await messages_of(database, conversation)
    assert (message.media_count, message.due_at) == (1, None)


async def test_what_comes_behind_waits_in_its_order(database: Database, tmp_path: Path) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await customer_writes(database, conversation, "antes")
    await a_file_comes(database, conversation, "1")
    await customer_writes(database, conversation, "depois")
    await bot_answers(database, conversation, "ok")
    assert await waits(database, conversation)
    assert (await fresh(database, conversation)).work_due_at is None
    await attach(database, await take_fetch(database), await stored(tmp_path))
    lease, turn = await begin_turn(database, conversation)
    assert await finish_turn(database, lease, turn, "ok")
    async with database.reading() as session:
        behind = await next_turn(session, conversation.id)
    assert behind is not None
    assert not await finish_turn(database, lease, behind, "ok")
    worked = [row for row in await messages_of(database, conversation) if row.direction == "in"]
    assert [row.text for row in worked] == ["antes", "segue", "depois"]
    assert {row.state for row in worked} == {"done"}


async def test_the_same_file_announced_again_is_fetched_once(database: Database) -> None:
    conversation = await a_new_conversation(database, "telegram")
    for _ in range(3):
        await a_file_comes(database, conversation, "1")
    assert await count(database, MediaFetch) == 1
    assert len(await messages_of(database, conversation)) == 1


async def test_of_many_workers_one_takes_a_job(database: Database, database_url: str) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await a_file_comes(database, conversation, "1")
    elsewhere = Database(database_url)

    async def take(where: Database) -> Fetch | None:
        async with where.transaction() as session:
            (fetch_id,) = (await session.execute(select(MediaFetch.id))).scalars()
            return await start_fetch(session, fetch_id)

    taken = await asyncio.gather(*(take(where) for where in (database, elsewhere) * 3))
    await elsewhere.close()
    assert len([fetch for fetch in taken if fetch is not None]) == 1


async def test_a_job_whose_worker_died_is_taken_over_and_ends_once(
    database: Database, tmp_path: Path
) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await a_file_comes(database, conversation, "1")
    first = await take_fetch(database)
    async with database.reading() as session:
        assert await due_fetches(session, 10) == []
    async with database.transaction() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(MediaFetch).values(due_at=past))
    second = await take_fetch(database)
    assert (first.id, second.attempts) == (second.id, 2)
    file = await stored(tmp_path)
    await asyncio.gather(*(attach(database, each, file) for each in (first, second)))
    assert await count(database, MessageMedia) == 1
    (message,) = await messages_of(database, conversation)
    assert message.media_count == 1


async def test_a_job_that_waits_is_not_due_before_its_time(database: Database) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await a_file_comes(database, conversation, "1")
    fetch = await take_fetch(database)
    async with database.transaction() as session:
        await fetch_later(session, fetch, 300)
    async with database.reading() as session:
        assert await due_fetches(session, 10) == []
        at = await next_fetch_at(session)
    assert at is not None
    assert at > datetime.now(UTC) + timedelta(seconds=200)


async def test_a_file_that_was_given_up_is_said_to_both_sides_in_order(database: Database) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await a_file_comes(database, conversation, "1")
    fetch = await take_fetch(database)
    async with database.transaction() as session:
        await give_up_file(session, fetch, "[falta foto.jpg]", "Não recebi a foto.")
    message, told = await messages_of(database, conversation)
    assert (message.text, message.due_at) == ("segue\n[falta foto.jpg]", None)
    assert (told.text, told.state, told.author_kind) == ("Não recebi a foto.", "pending", "system")
    assert told.reply_to_id == message.id
    assert not await waits(database, conversation)


async def test_pieces_of_an_album_join_one_message_until_its_turn(
    database: Database, tmp_path: Path
) -> None:
    conversation = await a_new_conversation(database, "telegram")

    async def piece(number: int, text: str = "") -> Received:
        return await customer_writes(
            database,
            conversation,
            text,
            provider_id=str(number),
            remote_files=[FILE],
            album="g",
            position=number,
        )

    first = await piece(7)
    again = [await piece(5, "legenda"), await piece(7), await piece(5)]
    assert {each.message.id for each in again} == {first.message.id}
    assert await count(database, MediaFetch) == 2
    for number in range(2):
        await attach(database, await take_fetch(database), await stored(tmp_path, bytes([number])))
    assert await waits(database, conversation)  # there may be more to come
    async with database.transaction() as session:
        await session.execute(update(Message).values(due_at=datetime.now(UTC)))
    async with database.reading() as session:
        due = await due_arrivals(session)
    for _ in range(2):
        for message_id in due:
            async with database.transaction() as session:
                await settle_arrival(session, message_id)
    async with database.reading() as session:
        turn = await next_turn(session, conversation.id)
        assert await due_arrivals(session) == []
    assert turn is not None
    assert (turn.text, len(turn.attachments)) == ("legenda", 2)
    late = await piece(9)
    assert late.message.id != first.message.id
    assert late.message.client_id is None


async def test_two_pieces_of_an_album_at_once_are_one_message(
    database: Database, database_url: str
) -> None:
    conversation = await a_new_conversation(database, "telegram")
    elsewhere = Database(database_url)

    async def piece(where: Database, number: int) -> None:
        async with where.transaction() as session:
            inbound = Inbound(
                provider_id=str(number), remote_files=[FILE], album="g", position=number
            )
            await receive_message(session, conversation.id, inbound)

    await asyncio.gather(
        *(piece(where, 1 + number) for number, where in enumerate((database, elsewhere) * 3))
    )
    await elsewhere.close()
    (message,) = await messages_of(database, conversation)
    assert message.client_id == album_key("g")
    assert await count(database, MessagePart) == 6


async def test_a_job_of_a_deleted_message_ends_without_a_trace(
    database: Database, tmp_path: Path
) -> None:
    conversation = await a_new_conversation(database, "telegram")
    received = await a_file_comes(database, conversation, "1")
    fetch = await take_fetch(database)
    async with database.transaction() as session:
        await session.delete(await session.get_one(Message, received.message.id))
    await attach(database, fetch, await stored(tmp_path))
    assert await count(database, MediaFetch) == 0
    async with database.transaction() as session:
        assert not await end_fetch(session, fetch.id)


async def test_nothing_at_all_is_no_message(database: Database) -> None:
    conversation = await a_new_conversation(database, "telegram")
    with pytest.raises(Invalid):
        await customer_writes(database, conversation, " ", provider_id="1", remote_files=[])


async def test_a_worker_that_comes_late_ends_no_job_of_another_message(
    database: Database, tmp_path: Path
) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await a_file_comes(database, conversation, "1")
    late = await take_fetch(database)
    await attach(database, late, await stored(tmp_path))
    await a_file_comes(database, conversation, "2")
    await attach(database, late, await stored(tmp_path, b"of the first message"))
    assert [row.media_count for row in await messages_of(database, conversation)] == [1, 0]
    assert await count(database, MediaFetch) == 1


async def test_a_file_that_is_late_holds_nobody_up_and_is_said_once(
    database: Database, tmp_path: Path
) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await a_file_comes(database, conversation, "1")
    fetch = await take_fetch(database)
    for _ in range(2):
        async with database.transaction() as session:
            await go_on_without(session, fetch, "[foto.jpg ainda não chegou]", "Espere um pouco.")
    assert not await waits(database, conversation)
    assert [row.text for row in await messages_of(database, conversation)] == [
        "segue\n[foto.jpg ainda não chegou]",
        "Espere um pouco.",
    ]
    async with database.transaction() as session:
        await give_up_file(session, fetch, "[foto.jpg não chegou]", "Desisto.")
    texts = [row.text for row in await messages_of(database, conversation)]
    assert texts == ["segue\n[foto.jpg não chegou]", "Espere um pouco."]
    await attach(database, fetch, await stored(tmp_path))
    assert await count(database, MessageMedia) == 0


async def test_an_album_is_not_closed_while_more_of_it_may_lie_unread(database: Database) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await customer_writes(database, conversation, "legenda", provider_id="1", album="g")
    async with database.transaction() as session:
        receipt_id = await store_receipt(session, conversation.channel_id, b"{}")
        just_now = datetime.now(UTC) - timedelta(milliseconds=1)
        await session.execute(update(Message).values(due_at=just_now))

    async def due() -> int:
        async with database.reading() as session:
            return len(await due_arrivals(session))

    assert await due() == 0
    async with database.transaction() as session:
        await settle_receipt(session, receipt_id)
    assert await due() == 1
    async with database.transaction() as session:
        await store_receipt(session, conversation.channel_id, b"{}")
        long_ago = datetime.now(UTC) - timedelta(seconds=UNREAD_PATIENCE_SECONDS + 1)
        await session.execute(update(Message).values(due_at=long_ago))
    assert await due() == 1  # nobody waits for ever
