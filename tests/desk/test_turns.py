"""Turns: replies, requests and the end of a message in one transaction, or not at all."""

import pytest
from sqlalchemy import select

from desk.conversations.leases import Lease, LeaseLost
from desk.conversations.ownership import claim, release, set_priority, set_status
from desk.conversations.requests import (
    queue_outlook,
    request_handoff,
    request_status,
    request_stay_ended,
)
from desk.conversations.tables import Conversation, ConversationTicket, TurnRequest
from desk.conversations.tickets import link_ticket
from desk.conversations.turns import (
    Reply,
    TurnEnd,
    end_turn,
    hold_turn,
    next_turn,
    offered_payloads,
)
from desk.db import Database
from desk.events.log import by_agent
from desk.media.store import StoredFile
from desk.states import Owner, Status
from desk.team.tables import Queue
from desk.tickets.opening import open_ticket
from desk.tickets.tables import RequestType, Ticket
from tests.desk.building import (
    a_new_conversation,
    a_queue,
    a_user,
    begin_turn,
    bot_answers,
    claimed_by,
    customer_writes,
    finish_turn,
    fresh,
    messages_of,
)


async def resolved(database: Database) -> Conversation:
    """A conversation that ended and whose bot has said goodbye."""
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "sair")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_status(session, conversation, turn.message_id, "resolved")
    await finish_turn(database, lease, turn, "Até logo!")
    return conversation


async def all_tickets(database: Database) -> list[Ticket]:
    async with database.reading() as session:
        return list((await session.execute(select(Ticket).order_by(Ticket.id))).scalars())


async def test_messages_are_worked_one_by_one_in_their_order(database: Database) -> None:
    conversation = await a_new_conversation(database)
    for text in ("um", "dois", "três"):
        await customer_writes(database, conversation, text)
    lease, turn = await begin_turn(database, conversation)
    worked = [turn.text]
    while await finish_turn(database, lease, turn, f"re: {turn.text}"):
        async with database.reading() as session:
            following = await next_turn(session, conversation.id)
        assert following is not None
        turn = following
        worked.append(turn.text)
    assert worked == ["um", "dois", "três"]
    texts = [row.text for row in await messages_of(database, conversation)]
    assert texts == ["um", "dois", "três", "re: um", "re: dois", "re: três"]


async def test_a_turn_carries_its_files_in_order(database: Database) -> None:
    conversation = await a_new_conversation(database)
    files = tuple(StoredFile(str(n) * 64, "image/png", f"{n}.png", n) for n in (3, 1, 2))
    await customer_writes(database, conversation, "fotos", files=files)
    _, turn = await begin_turn(database, conversation)
    assert [(file["name"], file["size"], file["mime"]) for file in turn.attachments] == [
        ("3.png", 3, "image/png"),
        ("1.png", 1, "image/png"),
        ("2.png", 2, "image/png"),
    ]


async def test_replies_of_an_older_epoch_are_recorded_and_never_delivered(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await customer_writes(database, conversation, "oi")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_handoff(session, conversation, turn.message_id, reason="asked")
        await request_status(session, conversation, turn.message_id, "closed")
    await claimed_by(database, conversation, ana)
    await finish_turn(database, lease, turn, "Olá! Sou a assistente.")
    rows = await messages_of(database, conversation)
    assert [(row.text, row.state) for row in rows] == [
        ("oi", "done"),
        ("Olá! Sou a assistente.", "suppressed"),
    ]
    now = await fresh(database, conversation)
    assert (now.owner, now.assignee_id, now.status) == (Owner.AGENT, ana.id, Status.OPEN)


async def test_an_answer_from_before_a_person_came_and_went_is_suppressed_too(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await customer_writes(database, conversation, "oi")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await claim(session, conversation.id, ana)
        await release(session, conversation.id, by_agent(ana.id))
    await finish_turn(database, lease, turn, "tarde")
    states = {row.text: row.state for row in await messages_of(database, conversation)}
    assert states["tarde"] == "suppressed"


async def test_a_lost_lease_writes_nothing_at_all(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "oi")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_handoff(session, conversation, turn.message_id, reason="asked")
    other = Lease(lease.conversation_id, "another", inherited=False)
    with pytest.raises(LeaseLost):
        await finish_turn(database, other, turn, "Olá!")
    now = await fresh(database, conversation)
    assert (now.owner, now.last_seq) == (Owner.BOT, 1)
    await finish_turn(database, lease, turn, "Olá!")
    assert (await fresh(database, conversation)).owner is Owner.QUEUE


async def test_what_an_action_asked_for_is_applied_once(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "pessoa, por favor")
    lease, turn = await begin_turn(database, conversation)
    for _ in range(2):  # a repeated turn asks again
        async with database.transaction() as session:
            outlook = await request_handoff(
                session, conversation, turn.message_id, reason="asked", summary="impressora"
            )
    assert (outlook.queue_name, outlook.position, outlook.agents_online) == ("Suporte", 1, 0)
    assert outlook.expected_wait_minutes is None
    assert (await fresh(database, conversation)).owner is Owner.BOT  # only asked for
    await finish_turn(database, lease, turn, "Chamei uma pessoa.")
    now = await fresh(database, conversation)
    assert (now.owner, now.epoch, now.summary) == (Owner.QUEUE, 2, "impressora")
    assert now.waiting_since is not None
    async with database.reading() as session:
        assert (await session.execute(select(TurnRequest))).first() is None
    (ticket,) = await all_tickets(database)
    assert outlook.ticket_number == ticket.number


async def test_a_handoff_goes_to_the_queue_of_the_requests_nature(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        financeiro = await a_queue(session, "financeiro", 1)
        nature = RequestType(name="Financeiro", queue_id=financeiro.id)
        session.add(nature)
        await session.flush()
    await customer_writes(database, conversation, "boleto errado, quero uma pessoa")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_handoff(
            session,
            conversation,
            turn.message_id,
            reason="asked",
            request_type_id=nature.id,
            subject="Boleto errado",
        )
    await finish_turn(database, lease, turn)
    assert (await fresh(database, conversation)).queue_id == financeiro.id
    (ticket,) = await all_tickets(database)
    assert (ticket.subject, ticket.queue_id) == ("Boleto errado", financeiro.id)


async def test_a_handoff_uses_the_active_ticket_of_the_conversation(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        for status in (Status.OPEN, Status.RESOLVED):
            ticket = await open_ticket(
                session,
                contact_id=conversation.contact_id,
                company_id=None,
                subject=status.value,
                description="",
                request_type_id=None,
            )
            ticket.status = status
            await link_ticket(session, conversation.id, ticket.id)
            await link_ticket(session, conversation.id, ticket.id)
    await customer_writes(database, conversation, "pessoa")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        outlook = await request_handoff(session, conversation, turn.message_id, reason="asked")
    await finish_turn(database, lease, turn)
    tickets = await all_tickets(database)
    assert len(tickets) == 2
    assert outlook.ticket_number == tickets[0].number
    async with database.reading() as session:
        assert len((await session.execute(select(ConversationTicket))).all()) == 2


async def test_a_new_message_reopens_what_had_ended(database: Database) -> None:
    conversation = await resolved(database)
    assert (await fresh(database, conversation)).status is Status.RESOLVED
    await customer_writes(database, conversation, "outra coisa")
    await bot_answers(database, conversation, "Sim?")
    assert (await fresh(database, conversation)).status is Status.OPEN


async def test_thanks_and_ratings_do_not_reopen(database: Database) -> None:
    conversation = await resolved(database)
    await customer_writes(database, conversation, "obrigada")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_stay_ended(session, conversation, turn.message_id)
    await finish_turn(database, lease, turn, "De nada!")
    assert (await fresh(database, conversation)).status is Status.RESOLVED


async def test_the_news_of_an_end_does_not_reopen(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
        await claim(session, conversation.id, ana)
        await set_status(session, conversation.id, Status.RESOLVED, by_agent(ana.id))
    await bot_answers(database, conversation, "De 1 a 5, como foi?")
    assert (await fresh(database, conversation)).status is Status.RESOLVED


async def test_a_bot_that_failed_hands_over_with_an_apology_of_the_desk(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await customer_writes(database, conversation, "oi")
    lease, turn = await begin_turn(database, conversation)
    await finish_turn(database, lease, turn, "Desculpe.", failed=True, failure="status 500")
    now = await fresh(database, conversation)
    assert now.owner is Owner.QUEUE
    assert len(await all_tickets(database)) == 1
    rows = await messages_of(database, conversation)
    assert [(row.author_kind, row.text, row.state) for row in rows[1:]] == [
        ("system", "Desculpe.", "pending")
    ]


async def test_the_news_that_the_bot_could_not_take_call_nobody(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
        await claim(session, conversation.id, ana)
        await release(session, conversation.id, by_agent(ana.id))
    lease, turn = await begin_turn(database, conversation)
    await finish_turn(database, lease, turn, failed=True, failure="status 500")
    assert (await fresh(database, conversation)).owner is Owner.BOT
    assert await all_tickets(database) == []


async def test_only_buttons_that_were_shown_count_as_offered(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    for payload, is_late in (("/affirm", False), ("/deny", True)):
        await customer_writes(database, conversation, "oi")
        lease, turn = await begin_turn(database, conversation)
        if is_late:
            await claimed_by(database, conversation, ana)
        async with database.transaction() as session:
            buttons = [{"title": "Botão", "payload": payload}]
            await end_turn(session, lease, turn, TurnEnd([Reply("Certo?", buttons)]))
    async with database.reading() as session:
        assert await offered_payloads(session, conversation.id) == {"/affirm"}


async def test_a_message_is_not_left_to_a_person_who_has_just_gone(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, conversation, ana)
    await customer_writes(database, conversation, "ainda aí?")
    lease, turn = await begin_turn(database, conversation)
    assert turn.owner is Owner.AGENT
    async with database.transaction() as session:
        await release(session, conversation.id, by_agent(ana.id))
    async with database.transaction() as session:
        held = await hold_turn(session, lease, turn)
        assert held.owner is Owner.BOT
    first, *_ = await messages_of(database, conversation)
    assert first.state == "received"  # for the bot


async def test_the_place_in_a_queue_counts_priority_and_time(database: Database) -> None:
    waiting = []
    for kind in ("a", "b", "c"):
        conversation = await a_new_conversation(database, kind)
        await customer_writes(database, conversation, "pessoa")
        lease, turn = await begin_turn(database, conversation)
        async with database.transaction() as session:
            outlook = await request_handoff(session, conversation, turn.message_id, reason="asked")
        await finish_turn(database, lease, turn)
        waiting.append((conversation, outlook.position))
    assert [position for _, position in waiting] == [1, 2, 3]
    last = waiting[2][0]
    async with database.transaction() as session:
        ana = await a_user(session, queues=["suporte"])
        await set_priority(session, last.id, 10, by_agent(ana.id))
        ana.last_seen_at = (await session.get_one(Conversation, last.id)).last_message_at
    positions = []
    for conversation, _ in waiting:
        async with database.reading() as session:
            now = await session.get_one(Conversation, conversation.id)
            outlook = await queue_outlook(session, now, now.queue_id)
        positions.append((outlook.position, outlook.expected_wait_minutes))
    assert positions == [(2, 10), (3, 15), (1, 5)]
    async with database.reading() as session:
        assert (await session.execute(select(Queue.slug))).scalars().all() == ["suporte"]
