"""Receiving: stored once, numbered in order, however many come at once."""

import asyncio

import pytest
from sqlalchemy import func, select

from desk.contacts.directory import Alias
from desk.contacts.tables import Contact, ContactAlias
from desk.conversations.find import conversation_for
from desk.conversations.receive import Inbound, Received, receive_message
from desk.conversations.tables import Conversation, Message
from desk.db import Database
from desk.errors import Conflict, Invalid
from desk.media.store import StoredFile
from desk.states import Owner
from tests.desk.building import (
    a_channel,
    a_new_conversation,
    a_user,
    bot_answers,
    claimed_by,
    customer_writes,
    fresh,
    messages_of,
)

PNG = StoredFile("a" * 64, "image/png", "foto.png", 10)


async def test_a_message_is_stored_under_the_next_number_and_asks_for_work(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    assert conversation.work_due_at is None
    received = await customer_writes(database, conversation, "oi")
    await customer_writes(database, conversation, "tudo bem?")
    rows = await messages_of(database, conversation)
    assert [(row.seq, row.text, row.direction, row.state) for row in rows] == [
        (1, "oi", "in", "received"),
        (2, "tudo bem?", "in", "received"),
    ]
    assert received.is_new
    now = await fresh(database, conversation)
    assert now.work_due_at is not None
    assert now.last_contact_seq == 2


@pytest.mark.parametrize("name", ["client_id", "provider_id"])
async def test_a_message_that_is_known_changes_nothing(database: Database, name: str) -> None:
    conversation = await a_new_conversation(database)
    first = await customer_writes(database, conversation, "oi", **{name: "x-1"})
    again = await customer_writes(database, conversation, "oi", **{name: "x-1"})
    assert not again.is_new
    assert again.message.id == first.message.id
    assert len(await messages_of(database, conversation)) == 1


async def test_a_known_message_stays_known_after_it_was_answered(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi", client_id="x-1")
    await bot_answers(database, conversation, "Olá!")
    again = await customer_writes(database, conversation, "oi", client_id="x-1")
    assert not again.is_new
    assert (await fresh(database, conversation)).work_due_at is None


@pytest.mark.parametrize(
    "other",
    [
        {"text": "outra coisa"},
        {"text": "oi", "payload": "/affirm"},
        {"text": "oi", "files": (PNG,)},
    ],
)
async def test_a_client_id_with_another_body_is_a_conflict(
    database: Database, other: dict[str, object]
) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi", client_id="x-1")
    with pytest.raises(Conflict):
        async with database.transaction() as session:
            await receive_message(
                session,
                conversation.id,
                Inbound(client_id="x-1", **other),  # type: ignore[arg-type]
            )
    assert len(await messages_of(database, conversation)) == 1


async def test_the_same_client_id_in_two_conversations_is_two_messages(database: Database) -> None:
    one = await a_new_conversation(database)
    other = await a_new_conversation(database, "local")
    assert (await customer_writes(database, one, "oi", client_id="x-1")).is_new
    assert (await customer_writes(database, other, "oi", client_id="x-1")).is_new


@pytest.mark.parametrize("text", ["", "   \n", "\x00\x07"])
async def test_a_message_of_nothing_is_refused_with_its_field(
    database: Database, text: str
) -> None:
    conversation = await a_new_conversation(database)
    with pytest.raises(Invalid) as refused:
        await customer_writes(database, conversation, text)
    assert refused.value.field == "text"


@pytest.mark.parametrize("text", ["😀👍🏽", "x" * 20_000, "NUL\x00 e meia letra \ud83d", "'; --"])
async def test_odd_text_is_kept(database: Database, text: str) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, text)
    (row,) = await messages_of(database, conversation)
    assert row.text == text.replace("\x00", "").replace("\ud83d", "").strip()


async def test_an_odd_payload_is_stored_like_an_odd_text(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "Sim", payload="/affirm\x00\ud83d")
    (row,) = await messages_of(database, conversation)
    assert row.payload == "/affirm"


async def test_a_file_alone_is_a_message(database: Database) -> None:
    conversation = await a_new_conversation(database)
    received = await customer_writes(database, conversation, "", files=(PNG,))
    assert received.is_new


async def test_a_quoted_message_must_be_of_the_same_conversation(database: Database) -> None:
    one = await a_new_conversation(database)
    other = await a_new_conversation(database, "local")
    quoted = await customer_writes(database, one, "oi")
    await customer_writes(database, one, "isso", reply_to_id=quoted.message.id)
    for unknown in (quoted.message.id, 2**62):
        with pytest.raises(Invalid) as refused:
            await customer_writes(database, other, "isso", reply_to_id=unknown)
        assert refused.value.field == "reply_to"


async def test_who_writes_to_a_person_waits_for_one(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, conversation, ana)
    assert (await fresh(database, conversation)).waiting_since is None
    await customer_writes(database, conversation, "oi?")
    now = await fresh(database, conversation)
    assert now.owner is Owner.AGENT
    assert now.waiting_since is not None


async def test_ten_messages_at_once_get_the_numbers_one_to_ten(
    database: Database, database_url: str
) -> None:
    conversation = await a_new_conversation(database)
    others = [Database(database_url) for _ in range(2)]  # other processes
    everyone = [database, *others]
    await asyncio.gather(
        *(
            customer_writes(everyone[number % 3], conversation, f"m{number}", client_id=f"{number}")
            for number in range(10)
        )
    )
    for each in others:
        await each.close()
    rows = await messages_of(database, conversation)
    assert [row.seq for row in rows] == list(range(1, 11))
    assert {row.text for row in rows} == {f"m{number}" for number in range(10)}


async def test_one_message_delivered_five_times_at_once_is_stored_once(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    received = await asyncio.gather(
        *(customer_writes(database, conversation, "oi", provider_id="wamid.1") for _ in range(5))
    )
    assert sorted(each.is_new for each in received) == [False] * 4 + [True]
    assert len(await messages_of(database, conversation)) == 1


async def test_the_first_messages_of_a_new_person_at_once_make_one_conversation(
    database: Database, database_url: str
) -> None:
    async with database.transaction() as session:
        channel = await a_channel(session, "telegram")
    others = [Database(database_url) for _ in range(2)]

    async def arrives(process: Database, number: int) -> Received:
        async with process.transaction() as session:
            conversation = await conversation_for(
                session, channel, Alias("telegram", "42"), "42", "Maria"
            )
            await asyncio.sleep(0.02)
            return await receive_message(
                session, conversation.id, Inbound(text=f"m{number}", provider_id=str(number))
            )

    received = await asyncio.gather(
        *(arrives([database, *others][number % 3], number) for number in range(6))
    )
    for each in others:
        await each.close()
    assert len({each.conversation.id for each in received}) == 1
    assert sorted(each.message.seq for each in received) == [1, 2, 3, 4, 5, 6]
    async with database.reading() as session:
        for table in (Contact, ContactAlias, Conversation):
            assert (await session.execute(select(func.count()).select_from(table))).scalar() == 1
        assert (await session.execute(select(func.count(Message.id)))).scalar() == 6


async def test_a_profile_name_is_cleaned_and_kept(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_channel(session, "telegram")
        conversation = await conversation_for(
            session, channel, Alias("telegram", "42"), "42", "Ma\x00ria \ud83d" + "x" * 400
        )
        contact = await session.get_one(Contact, conversation.contact_id)
        assert contact.name is not None
        assert contact.name.startswith("Maria xxx")
        assert len(contact.name) == 200
