"""Customers hear by themselves what the team did on their tickets, once, where they can answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from desk.channels.tables import Channel
from desk.conversations.find import lock_conversation
from desk.conversations.merging import merge_proven
from desk.conversations.ownership import claim
from desk.conversations.tables import Conversation, Message
from desk.conversations.tickets import link_ticket
from desk.conversations.turns import NEWS_TICKET
from desk.db import Database
from desk.events.log import by_agent, by_contact
from desk.states import Status
from desk.tickets.opening import open_ticket
from desk.tickets.posting import post_ticket_action, set_ticket_status
from desk.tickets.tables import Ticket
from handoff.pulse import Pulse
from handoff.ticket_news import TicketNewsTeller
from handoff.words import Words
from tests.desk.building import (
    a_channel,
    a_conversation,
    a_new_conversation,
    a_user,
    begin_turn,
    customer_writes,
    finish_turn,
    messages_of,
)

PATIENCE_SECONDS = 15.0


async def a_ticket(database: Database) -> tuple[Conversation, Ticket]:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ticket = await open_ticket(
            session,
            contact_id=conversation.contact_id,
            company_id=None,
            subject="Impressora",
            description="",
            request_type_id=None,
        )
        await link_ticket(session, conversation.id, ticket.id)
    return conversation, ticket


@contextlib.asynccontextmanager
async def a_teller(database: Database) -> AsyncIterator[Pulse]:
    """The running loop; it has begun when this is entered."""
    pulse = Pulse(database)
    teller = TicketNewsTeller(database, pulse, Words.load())
    await teller.begin()
    task = asyncio.create_task(teller.run())
    try:
        yield pulse
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def told(database: Database, conversation: Conversation, count: int) -> list[Message]:
    """What the customer was told, once it is ``count`` messages."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            out = [
                each
                for each in await messages_of(database, conversation)
                if each.direction == "out"
            ]
            if len(out) >= count:
                return out
            await asyncio.sleep(0.02)


async def agent_posts(database: Database, ticket: Ticket, text: str) -> None:
    async with database.transaction() as session:
        ana = await a_user(session, email=f"ana{len(text)}@demo.ponte")
        await post_ticket_action(
            session, ticket.id, author_kind="agent", text=text, author_user_id=ana.id
        )


async def test_an_agents_action_is_told_with_a_way_to_answer(database: Database) -> None:
    conversation, ticket = await a_ticket(database)
    async with a_teller(database) as pulse:
        await agent_posts(database, ticket, "Trocamos o cabo")
        pulse.beat("events")
        (action,) = await told(database, conversation, 1)
    assert "Trocamos o cabo" in action.text
    assert ticket.number in action.text
    assert ticket.number in action.buttons[0]["payload"]


async def test_the_answer_to_news_is_known_to_be_about_that_ticket(database: Database) -> None:
    conversation, ticket = await a_ticket(database)
    async with a_teller(database) as pulse:
        await agent_posts(database, ticket, "Trocamos o cabo")
        pulse.beat("events")
        await told(database, conversation, 1)
    await customer_writes(database, conversation, "responder")
    lease, turn = await begin_turn(database, conversation)
    assert turn.data[NEWS_TICKET] == ticket.number
    await finish_turn(database, lease, turn, "O que quer acrescentar?")
    await customer_writes(database, conversation, "já funciona")
    _, later = await begin_turn(database, conversation)
    assert NEWS_TICKET not in later.data


async def test_what_the_customer_did_is_not_told_to_the_customer(database: Database) -> None:
    conversation, ticket = await a_ticket(database)
    async with a_teller(database) as pulse:
        async with database.transaction() as session:
            await post_ticket_action(session, ticket.id, author_kind="contact", text="ainda não")
            actor = by_contact(conversation.contact_id)
            await set_ticket_status(session, ticket.id, Status.RESOLVED, actor)
        await agent_posts(database, ticket, "Vamos olhar")
        pulse.beat("events")
        first, *_ = await told(database, conversation, 1)
    assert "Vamos olhar" in first.text


async def test_while_a_person_has_the_conversation_the_news_are_theirs_to_tell(
    database: Database,
) -> None:
    conversation, ticket = await a_ticket(database)
    other, other_ticket = await a_second_ticket(database)
    async with a_teller(database) as pulse:
        async with database.transaction() as session:
            bia = await a_user(session, email="bia@demo.ponte")
            await claim(session, conversation.id, bia)
        await agent_posts(database, ticket, "primeiro")
        await agent_posts(database, other_ticket, "depois dele")
        pulse.beat("events")
        await told(database, other, 1)
    assert await messages_of(database, conversation) == []


async def test_nothing_is_told_twice_over_a_restart(database: Database) -> None:
    conversation, ticket = await a_ticket(database)
    async with a_teller(database) as pulse:
        await agent_posts(database, ticket, "Trocamos o cabo")
        pulse.beat("events")
        await told(database, conversation, 1)
    async with a_teller(database) as pulse:
        async with database.transaction() as session:
            await set_ticket_status(session, ticket.id, Status.RESOLVED, by_agent(1))
        pulse.beat("events")
        *_, last = await told(database, conversation, 2)
    assert "Resolvido" in last.text
    assert len(await messages_of(database, conversation)) == 2


async def a_second_ticket(database: Database) -> tuple[Conversation, Ticket]:
    async with database.transaction() as session:
        channel = await a_channel(session, slug="outro")
        conversation = await a_conversation(session, channel, visitor="other")
        ticket = await open_ticket(
            session,
            contact_id=conversation.contact_id,
            company_id=None,
            subject="Tela",
            description="",
            request_type_id=None,
        )
        await link_ticket(session, conversation.id, ticket.id)
    return conversation, ticket


async def test_after_a_merge_the_news_reach_the_chat_that_the_contact_used_last(
    database: Database,
) -> None:
    old, ticket = await a_ticket(database)
    await customer_writes(database, old, "abri este chamado")
    async with database.transaction() as session:
        new = await a_conversation(
            session, await a_channel(session, slug="novo"), visitor="new browser"
        )
    await customer_writes(database, new, "sou eu, de outro navegador")
    async with database.transaction() as session:
        held = await lock_conversation(session, new.id)
        await merge_proven(session, held, ticket.contact_id, by_contact(held.contact_id))
    async with a_teller(database) as pulse:
        await agent_posts(database, ticket, "Trocamos o cabo")
        pulse.beat("events")
        (news,) = await told(database, new, 1)
    assert "Trocamos o cabo" in news.text
    assert [each for each in await messages_of(database, old) if each.direction == "out"] == []


async def test_a_chat_whose_channel_was_switched_off_gets_no_news(database: Database) -> None:
    old, ticket = await a_ticket(database)
    await customer_writes(database, old, "oi")
    async with database.transaction() as session:
        channel = await a_channel(session, slug="novo")
        new = await a_conversation(session, channel, visitor="new browser")
        new.contact_id = ticket.contact_id
    await customer_writes(database, new, "oi de novo")
    async with database.transaction() as session:
        (await session.get_one(Channel, channel.id)).enabled = False
    async with a_teller(database) as pulse:
        await agent_posts(database, ticket, "Trocamos o cabo")
        pulse.beat("events")
        assert await told(database, old, 1)
