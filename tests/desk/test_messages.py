"""Quotes, read marks, second tries and what a message said before."""

import pytest

from desk.conversations.delivery import (
    due_deliveries,
    mark_delivered,
    settle_failed,
    start_sending,
)
from desk.conversations.ownership import claim
from desk.conversations.reading import mark_read_by_contact
from desk.conversations.resending import resend_message
from desk.conversations.revisions import revisions_of
from desk.conversations.tables import Conversation, Message
from desk.conversations.team_messages import delete_message, edit_message, post_agent_message
from desk.conversations.thread import MessageView, Side, latest_messages
from desk.db import Database
from desk.errors import Conflict, NotFound
from desk.events.log import by_agent, by_contact, events_of_conversation
from desk.team.tables import User
from tests.desk.building import (
    a_new_conversation,
    a_user,
    begin_turn,
    bot_answers,
    customer_writes,
    finish_turn,
    messages_of,
)


async def with_ana(database: Database, kind: str = "webchat") -> tuple[Conversation, User]:
    """A conversation that Ana has."""
    conversation = await a_new_conversation(database, kind)
    async with database.transaction() as session:
        ana = await a_user(session)
        await claim(session, conversation.id, ana)
    return conversation, ana


async def ana_says(
    database: Database, conversation: Conversation, ana: User, text: str, quoted: int | None = None
) -> Message:
    async with database.transaction() as session:
        return await post_agent_message(
            session, conversation.id, ana, text=text, reply_to_id=quoted
        )


async def thread(database: Database, conversation: Conversation, side: Side) -> list[MessageView]:
    async with database.reading() as session:
        current = await session.get_one(Conversation, conversation.id)
        return await latest_messages(session, current, side)


async def test_a_quote_shows_who_said_what_on_both_sides(database: Database) -> None:
    conversation, ana = await with_ana(database)
    asked = (await customer_writes(database, conversation, "qual o prazo?")).message
    answer = await ana_says(database, conversation, ana, "dois dias", asked.id)
    await customer_writes(database, conversation, "ótimo", reply_to_id=answer.id)
    for side, brand in (("contact", "Acme"), ("team", "Ana Silva")):
        _, from_ana, thanks = await thread(database, conversation, side)  # type: ignore[arg-type]
        assert from_ana.quote is not None
        assert (from_ana.quote.id, from_ana.quote.text) == (asked.id, "qual o prazo?")
        assert from_ana.quote.direction == "in"
        assert thanks.quote is not None
        assert (thanks.quote.author_name, thanks.quote.text) == (brand, "dois dias")


async def test_a_quote_of_what_one_side_deleted_says_so_there_alone(database: Database) -> None:
    conversation, ana = await with_ana(database)
    said = await ana_says(database, conversation, ana, "senha errada")
    await customer_writes(database, conversation, "como?", reply_to_id=said.id)
    async with database.transaction() as session:
        await delete_message(session, conversation.id, said.id, by_agent(ana.id))
    quotes = {}
    for side in ("contact", "team"):
        view = (await thread(database, conversation, side))[-1]
        assert view.quote is not None
        quotes[side] = (view.quote.deleted, view.quote.text)
    assert quotes == {"contact": (False, "senha errada"), "team": (True, "")}


async def test_what_the_customer_read_is_marked_once_and_no_further_than_they_read(
    database: Database,
) -> None:
    conversation, ana = await with_ana(database)
    await customer_writes(database, conversation, "oi")
    first = await ana_says(database, conversation, ana, "olá")
    second = await ana_says(database, conversation, ana, "tudo bem?")
    news = []
    for seq in (first.seq, first.seq, 1, 10**9):
        async with database.transaction() as session:
            current = await session.get_one(Conversation, conversation.id)
            news.append(await mark_read_by_contact(session, current, seq))
        if seq == 1:
            states = [row.state for row in await messages_of(database, conversation)]
            assert states == ["received", "read", "sent"]
    assert news == [True, False, False, True]
    async with database.transaction() as session:
        await mark_delivered(
            session, {first.id, second.id}
        )  # It comes late and takes nothing back.
        events = await events_of_conversation(session, conversation.id, ["delivery.changed"])
    assert [row.state for row in await messages_of(database, conversation)][1:] == ["read", "read"]
    assert [event.data["state"] for event in events] == ["read", "read"]


async def failed(database: Database, message_id: int) -> None:
    async with database.transaction() as session:
        delivery = await start_sending(session, message_id)
        assert delivery is not None
        await settle_failed(session, delivery, "o cliente bloqueou o canal")


async def test_a_failed_message_is_tried_again_when_somebody_asks(database: Database) -> None:
    conversation, ana = await with_ana(database, "telegram")
    message = await ana_says(database, conversation, ana, "olá")
    with pytest.raises(Conflict):
        async with database.transaction() as session:
            await resend_message(session, conversation.id, message.id, by_agent(ana.id))
    await failed(database, message.id)
    async with database.transaction() as session:
        assert list(await due_deliveries(session)) == []
        await resend_message(session, conversation.id, message.id, by_agent(ana.id))
    async with database.transaction() as session:
        assert list(await due_deliveries(session)) == [message.id]
        (event,) = await events_of_conversation(session, conversation.id, ["message.resent"])
    (row,) = await messages_of(database, conversation)
    assert (row.state, row.failure, row.attempts) == ("pending", "", 0)
    assert (event.actor_id, event.data["message_id"]) == (ana.id, message.id)


async def test_the_bots_failed_answer_is_not_sent_over_a_person(database: Database) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await customer_writes(database, conversation, "oi")
    await finish_turn(database, *(await begin_turn(database, conversation)), "olá!")
    reply = (await messages_of(database, conversation))[-1]
    await failed(database, reply.id)
    async with database.transaction() as session:
        ana = await a_user(session)
        await claim(session, conversation.id, ana)
    with pytest.raises(Conflict):
        async with database.transaction() as session:
            await resend_message(session, conversation.id, reply.id, by_agent(ana.id))


async def test_the_customers_words_and_notes_are_nothing_to_resend(database: Database) -> None:
    conversation, ana = await with_ana(database)
    asked = (await customer_writes(database, conversation, "oi")).message
    for message_id in (asked.id, -1, 2**70, asked.id + 100):
        with pytest.raises(NotFound):
            async with database.transaction() as session:
                await resend_message(session, conversation.id, message_id, by_agent(ana.id))


async def test_the_team_reads_every_earlier_wording_of_its_own_and_the_customers(
    database: Database,
) -> None:
    conversation, ana = await with_ana(database)
    asked = (await customer_writes(database, conversation, "um")).message
    said = await ana_says(database, conversation, ana, "x")
    contact = by_contact(conversation.contact_id)
    for message_id, actor, texts in (
        (asked.id, contact, ["dois", "três"]),
        (said.id, by_agent(ana.id), ["y"]),
    ):
        for text in texts:
            async with database.transaction() as session:
                await edit_message(session, conversation.id, message_id, text, actor)
    async with database.reading() as session:
        earlier = await revisions_of(session, conversation.id, asked.id)
        assert [each.text for each in earlier] == ["um", "dois"]
        assert [each.text for each in await revisions_of(session, conversation.id, said.id)] == [
            "x"
        ]
        with pytest.raises(NotFound):
            await revisions_of(session, conversation.id + 1, asked.id)


async def test_a_conversation_of_the_bot_is_read_as_any_other(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi")
    await bot_answers(database, conversation, "olá!", "qual o seu CNPJ?")
    async with database.transaction() as session:
        current = await session.get_one(Conversation, conversation.id)
        assert await mark_read_by_contact(session, current, current.last_seq)
    views = await thread(database, conversation, "team")
    assert [view.delivery for view in views] == ["received", "read", "read"]
