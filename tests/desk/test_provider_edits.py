"""Edits on their way to a provider: the newest words win, told once, or said not to have come."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from desk.conversations.delivery import due_deliveries, part_sent, settle_sent, start_sending
from desk.conversations.find import lock_conversation
from desk.conversations.parts import Part, message_at_provider
from desk.conversations.provider_edits import (
    MAX_EDIT_ATTEMPTS,
    EditDelivery,
    due_edits,
    edit_failed,
    edit_later,
    edit_received,
    edit_told,
    start_edit,
)
from desk.conversations.tables import Conversation, Message, MessageEdit, MessageRevision
from desk.conversations.team_messages import add_note, edit_message, post_agent_message
from desk.db import Database
from desk.events.log import by_agent
from desk.team.tables import User
from tests.desk.building import (
    a_new_conversation,
    a_user,
    claimed_by,
    customer_writes,
    messages_of,
)


async def a_message_of_the_team(
    database: Database, kind: str = "telegram"
) -> tuple[Conversation, User, Message]:
    """Ana wrote "bom dai"; it has not left yet."""
    conversation = await a_new_conversation(database, kind)
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        message = await post_agent_message(session, conversation.id, ana, text="bom dai")
    return conversation, ana, message


async def leave(database: Database, parts: Sequence[Part] = ()) -> None:
    """The message that is due is sent, in these pieces."""
    async with database.transaction() as session:
        (message_id,) = await due_deliveries(session)
        delivery = await start_sending(session, message_id)
        assert delivery is not None
        for part in parts:
            await part_sent(session, message_id, part)
        await settle_sent(session, delivery, parts[0].provider_id if parts else "100")


async def edit(database: Database, ana: User, message: Message, text: str) -> None:
    async with database.transaction() as session:
        await edit_message(session, message.conversation_id, message.id, text, by_agent(ana.id))


async def due(database: Database) -> Sequence[int]:
    async with database.reading() as session:
        return await due_edits(session)


async def take(database: Database, message: Message) -> EditDelivery | None:
    async with database.transaction() as session:
        return await start_edit(session, message.id)


async def test_the_newest_words_are_told_once(database: Database) -> None:
    _, ana, message = await a_message_of_the_team(database)
    await leave(database, [Part(0, "text", "100"), Part(1, "text", "101")])
    await edit(database, ana, message, "bom dia")
    await edit(database, ana, message, "boa tarde")
    assert await due(database) == [message.id]
    taken = await take(database, message)
    assert taken is not None
    assert (taken.text, [part.provider_id for part in taken.parts]) == ("boa tarde", ["100", "101"])
    assert await due(database) == []
    async with database.transaction() as session:
        await edit_told(session, taken)
        assert (await session.execute(select(MessageEdit))).first() is None


async def test_an_edit_while_another_is_under_way_is_told_after_it(database: Database) -> None:
    _, ana, message = await a_message_of_the_team(database)
    await leave(database)
    await edit(database, ana, message, "bom dia")
    first = await take(database, message)
    assert first is not None
    await edit(database, ana, message, "boa tarde")
    async with database.transaction() as session:
        await edit_told(session, first)
    assert await due(database) == [message.id]
    second = await take(database, message)
    assert second is not None
    assert second.text == "boa tarde"


async def test_what_has_not_left_waits_for_nothing_and_what_is_leaving_is_corrected_after(
    database: Database,
) -> None:
    _, ana, message = await a_message_of_the_team(database)
    await edit(database, ana, message, "bom dia")
    async with database.reading() as session:
        assert (await session.execute(select(MessageEdit))).first() is None
    async with database.transaction() as session:
        delivery = await start_sending(session, message.id)
    assert delivery is not None
    assert delivery.text == "bom dia"
    await edit(database, ana, message, "boa tarde")
    assert await due(database) == []
    async with database.transaction() as session:
        await settle_sent(session, delivery, "100")
    assert await due(database) == [message.id]


async def test_of_many_workers_one_tells_it(database: Database, database_url: str) -> None:
    _, ana, message = await a_message_of_the_team(database)
    await leave(database)
    await edit(database, ana, message, "bom dia")
    elsewhere = Database(database_url)
    taken = await asyncio.gather(*(take(where, message) for where in (database, elsewhere) * 3))
    await elsewhere.close()
    assert len([each for each in taken if each is not None]) == 1


async def test_after_too_many_tries_the_reason_is_shown_and_a_later_success_takes_it_away(
    database: Database,
) -> None:
    conversation, ana, message = await a_message_of_the_team(database)
    await leave(database)
    await edit(database, ana, message, "bom dia")
    for _ in range(MAX_EDIT_ATTEMPTS):
        async with database.transaction() as session:
            past = datetime.now(UTC) - timedelta(seconds=1)
            await session.execute(update(MessageEdit).values(due_at=past))
        taken = await take(database, message)
        assert taken is not None
        async with database.transaction() as session:
            await edit_later(session, taken, "longe", 60)
    (row,) = await messages_of(database, conversation)
    assert (row.state, row.failure) == ("sent", "a edição não chegou ao cliente (longe)")
    await edit(database, ana, message, "boa tarde")
    again = await take(database, message)
    assert again is not None
    assert taken is not None
    async with database.transaction() as session:
        await edit_failed(session, taken, "tarde demais")  # of the former edit: nothing
        await edit_told(session, again)
    async with database.reading() as session:
        assert (await session.get_one(Message, message.id)).failure == ""


@pytest.mark.parametrize("kind", ["webchat", "telegram"])
async def test_a_note_and_a_chat_page_have_no_provider_to_tell(
    database: Database, kind: str
) -> None:
    conversation, ana, message = await a_message_of_the_team(database, kind)
    async with database.transaction() as session:
        note = await add_note(session, conversation.id, ana, "só nós")
    await edit(database, ana, note, "só nós dois")
    if kind == "webchat":
        await edit(database, ana, message, "bom dia")
    async with database.reading() as session:
        assert (await session.execute(select(MessageEdit))).first() is None


async def test_a_customers_edit_keeps_what_was_said_before(database: Database) -> None:
    conversation = await a_new_conversation(database, "telegram")
    received = await customer_writes(database, conversation, "meu cnpj é 1", provider_id="7")
    for _ in range(2):
        async with database.transaction() as session:
            assert await edit_received(session, conversation, "7", "meu cnpj é 2")
    async with database.transaction() as session:
        assert not await edit_received(session, conversation, "8", "outra")
        assert await edit_received(session, conversation, "7", "  ")  # words cannot vanish
    async with database.reading() as session:
        before = (await session.execute(select(MessageRevision.text))).scalars().all()
        found = await message_at_provider(session, conversation, "7")
    assert before == ["meu cnpj é 1"]
    assert found is not None
    assert (found.id, found.text) == (received.message.id, "meu cnpj é 2")
    assert found.edited_at is not None


async def test_who_ends_an_edit_waits_for_who_holds_the_conversation(database: Database) -> None:
    """In another order the two could wait for each other for ever."""
    conversation, ana, message = await a_message_of_the_team(database)
    await leave(database)
    await edit(database, ana, message, "bom dia")
    taken = await take(database, message)
    assert taken is not None

    async def tell() -> None:
        async with database.transaction() as session:
            await edit_told(session, taken)

    async with database.transaction() as session:
        await lock_conversation(session, conversation.id)
        telling = asyncio.create_task(tell())
        await asyncio.sleep(0.3)
        row = select(MessageEdit).with_for_update(nowait=True)
        assert (await session.execute(row)).first() is not None
    await telling
    async with database.reading() as session:
        assert (await session.execute(select(MessageEdit))).first() is None
