"""Delivery: per chat in order, taken by one, given up or repeated as the rows say."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from desk.channels.tables import Channel
from desk.conversations.delivery import (
    MAX_ATTEMPTS,
    Delivery,
    due_deliveries,
    mark_delivered,
    settle_failed,
    settle_later,
    settle_sent,
    start_sending,
)
from desk.conversations.find import lock_conversation
from desk.conversations.ownership import hand_off, release_to_bot
from desk.conversations.tables import Conversation, Message
from desk.db import Database
from desk.events.log import BOT, events_of_conversation
from tests.desk.building import (
    a_conversation,
    a_new_conversation,
    a_user,
    bot_answers,
    claimed_by,
    customer_writes,
    messages_of,
)


async def a_chat_with(database: Database, *replies: str) -> Conversation:
    """A Telegram conversation in which the bot has said these and none has left yet."""
    conversation = await a_new_conversation(database, "telegram")
    await customer_writes(database, conversation, "oi")
    await bot_answers(database, conversation, *replies)
    return conversation


async def due(database: Database) -> Sequence[int]:
    async with database.reading() as session:
        return await due_deliveries(session)


async def take(database: Database, message_id: int) -> Delivery | None:
    async with database.transaction() as session:
        return await start_sending(session, message_id)


async def take_first(database: Database) -> Delivery:
    delivery = await take(database, (await due(database))[0])
    assert delivery is not None
    return delivery


async def make_due(database: Database) -> None:
    """As if all waits were over."""
    async with database.transaction() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(
            update(Message).where(Message.due_at.is_not(None)).values(due_at=past)
        )


async def states(database: Database, conversation: Conversation) -> list[str]:
    return [row.state for row in await messages_of(database, conversation) if row.seq > 1]


async def test_a_chat_gets_its_messages_one_after_the_other(database: Database) -> None:
    conversation = await a_chat_with(database, "um", "dois", "três")
    sent = []
    for _ in range(3):
        assert len(await due(database)) == 1
        delivery = await take_first(database)
        assert await due(database) == []  # nothing overtakes what is on its way
        async with database.transaction() as session:
            await settle_sent(session, delivery, f"tg-{delivery.text}")
        sent.append(delivery.text)
    assert sent == ["um", "dois", "três"]
    assert await due(database) == []
    rows = await messages_of(database, conversation)
    assert [row.provider_id for row in rows[1:]] == ["tg-um", "tg-dois", "tg-três"]


async def test_a_chat_that_waits_does_not_hold_up_another(database: Database) -> None:
    await a_chat_with(database, "um", "dois")
    async with database.transaction() as session:
        (channel,) = (await session.execute(select(Channel))).scalars()
        other = await a_conversation(session, channel, "other")
    await customer_writes(database, other, "oi")
    await bot_answers(database, other, "Olá!")
    waiting = await take_first(database)
    async with database.transaction() as session:
        await settle_later(session, waiting, "429", 60)
    (only,) = await due(database)
    delivery = await take(database, only)
    assert delivery is not None
    assert delivery.conversation_id == other.id


async def test_two_processes_do_not_send_the_same_message(
    database: Database, database_url: str
) -> None:
    await a_chat_with(database, "um")
    (message_id,) = await due(database)
    elsewhere = Database(database_url)
    taken = await asyncio.gather(
        *(take(process, message_id) for process in (database, elsewhere) * 3)
    )
    await elsewhere.close()
    assert len([delivery for delivery in taken if delivery is not None]) == 1


async def test_what_a_chat_page_fetches_is_never_due(database: Database) -> None:
    conversation = await a_new_conversation(database, "webchat")
    await customer_writes(database, conversation, "oi")
    await bot_answers(database, conversation, "Olá!")
    assert await due(database) == []
    assert await states(database, conversation) == ["sent"]


async def test_a_message_interrupted_on_its_way_goes_once_more_and_says_so(
    database: Database,
) -> None:
    conversation = await a_chat_with(database, "um", "dois")
    await take_first(database)
    assert await due(database) == []
    await make_due(database)  # the process died, its minute is over
    delivery = await take_first(database)
    assert (delivery.text, delivery.attempts) == ("um", 2)
    async with database.transaction() as session:
        await settle_sent(session, delivery, "tg-1")
    rows = await messages_of(database, conversation)
    assert [row.data.get("perhaps_repeated", False) for row in rows[1:]] == [True, False]


async def test_a_message_that_was_refused_for_now_is_not_marked_as_repeated(
    database: Database,
) -> None:
    conversation = await a_chat_with(database, "um")
    delivery = await take_first(database)
    async with database.transaction() as session:
        await settle_later(session, delivery, "Too Many Requests", 30)
    row = (await messages_of(database, conversation))[1]
    assert (row.state, row.failure) == ("pending", "Too Many Requests")
    assert await due(database) == []
    await make_due(database)
    again = await take_first(database)
    assert again.attempts == 2
    async with database.transaction() as session:
        await settle_sent(session, again, "tg-1")
    row = (await messages_of(database, conversation))[1]
    assert (row.state, row.failure, row.data) == ("sent", "", {})


async def test_after_too_many_tries_it_has_failed_with_the_last_reason(
    database: Database,
) -> None:
    conversation = await a_chat_with(database, "um", "dois")
    for _ in range(MAX_ATTEMPTS):
        await make_due(database)
        delivery = await take_first(database)
        assert delivery.text == "um"
        async with database.transaction() as session:
            await settle_later(session, delivery, "Bad Gateway", 1)
    row = (await messages_of(database, conversation))[1]
    assert (row.state, row.failure) == ("failed", "Bad Gateway")
    assert (await take_first(database)).text == "dois"


async def test_a_failure_keeps_its_reason_and_lets_the_next_go(database: Database) -> None:
    conversation = await a_chat_with(database, "um", "dois")
    async with database.transaction() as session:
        delivery = await start_sending(session, (await due(database))[0])
        assert delivery is not None
        await settle_failed(session, delivery, "Forbidden: bot was blocked by the user")
    row = (await messages_of(database, conversation))[1]
    assert (row.state, row.failure) == ("failed", "Forbidden: bot was blocked by the user")
    assert len(await due(database)) == 1


async def test_a_bots_message_that_must_be_sent_again_is_not_once_a_person_has_the_conversation(
    database: Database,
) -> None:
    conversation = await a_chat_with(database, "um", "dois")
    delivery = await take_first(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        await settle_later(session, delivery, "Too Many Requests", 1)
    await make_due(database)
    for message_id in await due(database):
        assert await take(database, message_id) is None
    assert await states(database, conversation) == ["suppressed", "suppressed"]


async def test_what_was_fetched_is_delivered_and_told_once(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi")
    await bot_answers(database, conversation, "um", "dois")
    rows = await messages_of(database, conversation)
    for _ in range(2):
        async with database.transaction() as session:
            await mark_delivered(session, {row.id for row in rows})
    assert [row.state for row in await messages_of(database, conversation)] == [
        "done",
        "delivered",
        "delivered",
    ]
    async with database.reading() as session:
        events = await events_of_conversation(session, conversation.id, ["delivery.changed"])
    assert len(events) == 1


async def test_a_number_that_the_provider_used_before_does_not_send_for_ever(
    database: Database,
) -> None:
    conversation = await a_chat_with(database, "um", "dois")
    for _ in range(2):
        delivery = await take_first(database)
        async with database.transaction() as session:
            await settle_sent(session, delivery, "the same")
    rows = await messages_of(database, conversation)
    assert [(row.state, row.provider_id) for row in rows[1:]] == [
        ("sent", "the same"),
        ("sent", None),
    ]


async def test_a_message_whose_sender_always_dies_is_given_up(database: Database) -> None:
    conversation = await a_chat_with(database, "um", "dois")
    for _ in range(MAX_ATTEMPTS):
        await take_first(database)
        await make_due(database)
    assert await take(database, (await due(database))[0]) is None
    row = (await messages_of(database, conversation))[1]
    assert (row.state, row.attempts) == ("failed", MAX_ATTEMPTS)
    assert (await take_first(database)).text == "dois"


async def test_the_bots_word_about_the_queue_goes_out_while_the_customer_waits(
    database: Database,
) -> None:
    conversation = await a_chat_with(database, "você é a 3ª da fila")
    async with database.transaction() as session:
        held = await lock_conversation(session, conversation.id)
        await hand_off(session, held, BOT, queue_id=held.queue_id, reason="asked")
    assert await take(database, (await due(database))[0]) is not None


async def test_what_the_bot_said_before_a_service_is_not_sent_after_it(database: Database) -> None:
    conversation = await a_chat_with(database, "você é a 3ª da fila")
    async with database.transaction() as session:
        held = await lock_conversation(session, conversation.id)
        await hand_off(session, held, BOT, queue_id=held.queue_id, reason="asked")
        await release_to_bot(session, held, BOT, outcome="released")
    assert await take(database, (await due(database))[0]) is None
    assert await states(database, conversation) == ["suppressed", "received"]
