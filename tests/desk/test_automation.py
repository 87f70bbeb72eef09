"""What happens by itself, and what an admin has switched off."""

import pytest

from desk.configuration.groups import Automation
from desk.configuration.values import save_configuration
from desk.conversations.ownership import set_status
from desk.conversations.requests import request_handoff, request_status
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import add_note, post_agent_message
from desk.conversations.ticket_news import tell_news
from desk.db import Database
from desk.events.log import SYSTEM, by_agent, events_of_conversation
from desk.states import Status
from desk.tickets.opening import open_ticket
from desk.tickets.posting import post_ticket_action, set_ticket_status
from desk.tickets.tables import Ticket
from tests.desk.building import (
    a_new_conversation,
    a_user,
    begin_turn,
    bot_answers,
    claimed_by,
    customer_writes,
    finish_turn,
    fresh,
)


async def switch_off(database: Database, *names: str) -> None:
    async with database.transaction() as session:
        await save_configuration(session, Automation(**dict.fromkeys(names, False)), SYSTEM)


async def ended(database: Database, status: Status = Status.RESOLVED) -> Conversation:
    """A conversation that a person has ended and whose bot has said so."""
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        await set_status(session, conversation.id, status, by_agent(ana.id))
    await bot_answers(database, conversation, "Que nota você dá?")
    return conversation


async def a_ticket(database: Database) -> Ticket:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        return await open_ticket(
            session,
            contact_id=conversation.contact_id,
            company_id=None,
            subject="Impressora",
            description="",
            request_type_id=None,
        )


@pytest.mark.parametrize("on", [True, False])
async def test_an_agents_answer_puts_a_service_in_service_unless_switched_off(
    database: Database, on: bool
) -> None:
    if not on:
        await switch_off(database, "in_service_when_agent_replies")
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        await post_agent_message(session, conversation.id, ana, text="Olá!")
    expected = Status.IN_SERVICE if on else Status.OPEN
    assert (await fresh(database, conversation)).status is expected


@pytest.mark.parametrize("on", [True, False])
async def test_a_customers_message_reopens_unless_switched_off(
    database: Database, on: bool
) -> None:
    conversation = await ended(database)
    if not on:
        await switch_off(database, "reopen_when_contact_writes")
    await customer_writes(database, conversation, "voltou a falhar")
    await bot_answers(database, conversation, "Entendi.")
    found = await fresh(database, conversation)
    assert found.status is (Status.OPEN if on else Status.RESOLVED)
    assert (found.reopened_at is not None) is on


async def test_who_reopened_is_the_customer(database: Database) -> None:
    conversation = await ended(database)
    await customer_writes(database, conversation, "voltou a falhar")
    await bot_answers(database, conversation, "Entendi.")
    async with database.reading() as session:
        kinds = ["conversation.status_changed"]
        *_, last = await events_of_conversation(session, conversation.id, kinds)
    assert (last.actor_kind, last.actor_id) == ("contact", conversation.contact_id)


async def test_a_reopened_service_is_marked_until_an_agent_answers(database: Database) -> None:
    conversation = await ended(database)
    await customer_writes(database, conversation, "voltou a falhar")
    await bot_answers(database, conversation, "Entendi.")
    async with database.transaction() as session:
        bia = await a_user(session, "bia@demo.ponte")
    await claimed_by(database, conversation, bia)
    async with database.transaction() as session:
        await add_note(session, conversation.id, bia, "de novo")
    assert (await fresh(database, conversation)).reopened_at is not None
    async with database.transaction() as session:
        await post_agent_message(session, conversation.id, bia, text="Olá!")
    assert (await fresh(database, conversation)).reopened_at is None


async def test_a_reopened_service_that_ends_again_is_marked_no_more(database: Database) -> None:
    conversation = await ended(database, Status.CLOSED)
    await customer_writes(database, conversation, "voltou a falhar")
    await bot_answers(database, conversation, "Entendi.")
    await customer_writes(database, conversation, "sair")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_status(session, conversation, turn.message_id, "resolved")
    await finish_turn(database, lease, turn, "Até logo!")
    found = await fresh(database, conversation)
    assert (found.status, found.reopened_at) == (Status.RESOLVED, None)


async def test_asking_for_a_person_reopens_whatever_is_switched_off(database: Database) -> None:
    conversation = await ended(database)
    await switch_off(database, "reopen_when_contact_writes")
    await customer_writes(database, conversation, "quero uma pessoa")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_handoff(session, conversation, turn.message_id, reason="customer_asked")
    await finish_turn(database, lease, turn, "Certo.")
    found = await fresh(database, conversation)
    assert found.status is Status.OPEN
    assert found.reopened_at is not None


async def test_a_service_that_never_ended_is_not_reopened(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi")
    await bot_answers(database, conversation, "Olá!")
    assert (await fresh(database, conversation)).reopened_at is None


@pytest.mark.parametrize("on", [True, False])
async def test_a_tickets_status_follows_who_acts_unless_switched_off(
    database: Database, on: bool
) -> None:
    if not on:
        names = ("ticket_in_service_when_agent_acts", "ticket_reopens_when_contact_acts")
        await switch_off(database, *names)
    ticket = await a_ticket(database)
    statuses = []
    async with database.transaction() as session:
        await post_ticket_action(session, ticket.id, author_kind="agent", text="Vendo.")
        statuses.append((await session.get_one(Ticket, ticket.id)).status)
        await set_ticket_status(session, ticket.id, Status.RESOLVED, SYSTEM)
        await post_ticket_action(session, ticket.id, author_kind="contact", text="Ainda não.")
        statuses.append((await session.get_one(Ticket, ticket.id)).status)
    expected = [Status.IN_SERVICE, Status.OPEN] if on else [Status.OPEN, Status.RESOLVED]
    assert statuses == expected


async def test_news_of_tickets_are_not_told_where_admins_do_not_want_it(
    database: Database,
) -> None:
    ticket = await a_ticket(database)
    conversation = await a_new_conversation(database, "telegram")
    async with database.transaction() as session:
        held = await session.get_one(Conversation, conversation.id)
        held.contact_id = ticket.contact_id
    await customer_writes(database, conversation, "oi")
    async with database.transaction() as session:
        assert await tell_news(session, ticket, "Novidade", [])
    await switch_off(database, "tell_customers_of_ticket_news")
    async with database.transaction() as session:
        assert not await tell_news(session, ticket, "Novidade", [])
