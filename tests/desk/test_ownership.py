"""The ownership ledger: one owner, an epoch that rises, and a bot that is never heard late."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from desk.conversations.ownership import (
    HUMAN_FINISHED,
    assign_to_agent,
    assign_to_queue,
    claim,
    release,
    return_to_queue,
    set_priority,
    set_status,
)
from desk.conversations.requests import request_handoff, request_status
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.errors import ClaimedByOther, Conflict, NotFound
from desk.events.log import BOT, by_agent, events_of_conversation
from desk.states import Owner, Status
from desk.team.tables import User
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


async def two_agents(database: Database) -> tuple[User, User]:
    async with database.transaction() as session:
        return await a_user(session, "ana@demo.ponte"), await a_user(session, "bruno@demo.ponte")


async def handed_off(database: Database, kind: str = "webchat") -> Conversation:
    """A conversation whose bot has just handed it off, with its words."""
    conversation = await a_new_conversation(database, kind)
    await customer_writes(database, conversation, "quero falar com uma pessoa")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_handoff(session, conversation, turn.message_id, reason="asked")
    await finish_turn(database, lease, turn, "Você é a 1ª da fila.")
    return await fresh(database, conversation)


async def test_of_two_agents_who_claim_at_once_one_wins(
    database: Database, database_url: str
) -> None:
    conversation = await handed_off(database)
    agents = await two_agents(database)
    elsewhere = Database(database_url)

    async def try_claim(process: Database, user: User) -> str:
        try:
            return str((await claimed_by(process, conversation, user)).assignee_id)
        except ClaimedByOther as error:
            return error.agent_name

    results = await asyncio.gather(
        *(try_claim(process, user) for process in (database, elsewhere) for user in agents)
    )
    await elsewhere.close()
    now = await fresh(database, conversation)
    winner, loser = agents if now.assignee_id == agents[0].id else agents[::-1]
    assert sorted(results) == sorted([str(winner.id)] * 2 + [winner.name] * 2)
    assert loser.name not in results
    assert now.owner is Owner.AGENT
    assert now.epoch == conversation.epoch + 1
    async with database.reading() as session:
        changes = await events_of_conversation(
            session, conversation.id, ["conversation.owner_changed"]
        )
    assert [event.data["reason"] for event in changes] == ["asked", "claim"]


async def test_who_claims_again_changes_nothing(database: Database) -> None:
    conversation = await a_new_conversation(database)
    ana, _ = await two_agents(database)
    first = await claimed_by(database, conversation, ana)
    again = await claimed_by(database, conversation, ana)
    assert again.epoch == first.epoch


async def test_what_does_not_exist_cannot_be_claimed(database: Database) -> None:
    ana, _ = await two_agents(database)
    with pytest.raises(NotFound):
        async with database.transaction() as session:
            await claim(session, 404, ana)


async def test_every_change_of_owner_raises_the_epoch_and_is_kept(database: Database) -> None:
    conversation = await a_new_conversation(database)
    ana, bruno = await two_agents(database)
    async with database.transaction() as session:
        financeiro = await a_queue(session, "financeiro", 1)
    steps: list[tuple[Callable[..., Awaitable[Conversation]], tuple[object, ...], Owner]] = [
        (claim, (ana,), Owner.AGENT),
        (assign_to_agent, (bruno, by_agent(ana.id)), Owner.AGENT),
        (return_to_queue, (by_agent(bruno.id),), Owner.QUEUE),
        (assign_to_queue, (financeiro, by_agent(ana.id)), Owner.QUEUE),
        (claim, (bruno,), Owner.AGENT),
        (release, (by_agent(bruno.id),), Owner.BOT),
        (assign_to_queue, (financeiro, by_agent(ana.id)), Owner.QUEUE),
        (release, (by_agent(ana.id),), Owner.BOT),
    ]
    for number, (change, arguments, owner) in enumerate(steps, start=2):
        async with database.transaction() as session:
            changed = await change(session, conversation.id, *arguments)
        assert (changed.owner, changed.epoch) == (owner, number)
    async with database.reading() as session:
        events = await events_of_conversation(
            session, conversation.id, ["conversation.owner_changed"]
        )
    assert [event.data["epoch"] for event in events] == list(range(2, 10))
    assert [event.data["after"] for event in events] == [owner.value for *_, owner in steps]
    assert {event.actor_id for event in events} == {ana.id, bruno.id}


async def test_what_the_table_does_not_list_is_refused(database: Database) -> None:
    conversation = await a_new_conversation(database)
    ana, _ = await two_agents(database)
    for change in (return_to_queue, release):
        with pytest.raises(Conflict):
            async with database.transaction() as session:
                await change(session, conversation.id, by_agent(ana.id))
    assert (await fresh(database, conversation)).epoch == conversation.epoch


async def test_a_claim_suppresses_what_the_bot_has_not_sent_yet(database: Database) -> None:
    conversation = await a_new_conversation(database, "telegram")
    ana, _ = await two_agents(database)
    await customer_writes(database, conversation, "oi")
    await bot_answers(database, conversation, "Olá!", "Qual é o CNPJ?")
    assert [row.state for row in await messages_of(database, conversation)][1:] == ["pending"] * 2
    await claimed_by(database, conversation, ana)
    states = [row.state for row in await messages_of(database, conversation)]
    assert states[1:] == ["suppressed"] * 2


@pytest.mark.parametrize(("kind", "state"), [("webchat", "sent"), ("telegram", "pending")])
async def test_the_words_of_a_handoff_go_out(database: Database, kind: str, state: str) -> None:
    conversation = await handed_off(database, kind)
    assert conversation.owner is Owner.QUEUE
    rows = await messages_of(database, conversation)
    assert [(row.text, row.state) for row in rows[1:]] == [("Você é a 1ª da fila.", state)]


async def test_a_release_tells_the_bot_how_it_ended_in_the_same_transaction(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    ana, _ = await two_agents(database)
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        await set_status(
            session, conversation.id, Status.RESOLVED, by_agent(ana.id), "trocou a senha"
        )
    now = await fresh(database, conversation)
    assert (now.owner, now.status) == (Owner.BOT, Status.RESOLVED)
    assert now.work_due_at is not None
    (row,) = await messages_of(database, conversation)
    assert (row.kind, row.direction, row.state, row.text) == (
        "internal",
        "in",
        "received",
        HUMAN_FINISHED,
    )
    assert row.data == {
        "outcome": "resolved",
        "summary": "trocou a senha",
        "status": "resolved",
    }
    _, turn = await begin_turn(database, conversation)
    assert turn.kind == "internal"


async def test_an_agent_ends_what_the_bot_has_without_telling_the_bot(database: Database) -> None:
    conversation = await a_new_conversation(database)
    ana, _ = await two_agents(database)
    async with database.transaction() as session:
        await set_status(session, conversation.id, Status.CLOSED, by_agent(ana.id))
    now = await fresh(database, conversation)
    assert (now.owner, now.epoch, now.status) == (Owner.BOT, 1, Status.CLOSED)
    assert await messages_of(database, conversation) == []


async def test_a_person_who_gets_an_ended_conversation_gets_it_open(database: Database) -> None:
    ana, bruno = await two_agents(database)
    for give in ("claim", "assign", "move"):
        conversation = await a_new_conversation(database, f"kind-{give}")
        async with database.transaction() as session:
            await set_status(session, conversation.id, Status.RESOLVED, by_agent(ana.id))
            if give == "claim":
                await claim(session, conversation.id, ana)
            elif give == "assign":
                await assign_to_agent(session, conversation.id, bruno, by_agent(ana.id))
            else:
                queue = await a_queue(session, "comercial", 5)
                await assign_to_queue(session, conversation.id, queue, by_agent(ana.id))
        assert (await fresh(database, conversation)).status is Status.OPEN, give


async def test_every_status_is_kept_with_who_when_and_how_long(database: Database) -> None:
    conversation = await a_new_conversation(database)
    ana, _ = await two_agents(database)
    for status in (Status.WAITING, Status.IN_SERVICE, Status.IN_SERVICE, Status.RESOLVED):
        async with database.transaction() as session:
            await set_status(session, conversation.id, status, by_agent(ana.id))
    async with database.reading() as session:
        events = await events_of_conversation(
            session, conversation.id, ["conversation.status_changed"]
        )
    assert [(event.data["before"], event.data["after"]) for event in events] == [
        ("open", "waiting"),
        ("waiting", "in_service"),
        ("in_service", "resolved"),
    ]
    assert all(event.data["seconds_before"] >= 0 for event in events)
    assert {(event.actor_kind, event.actor_id) for event in events} == {("agent", ana.id)}


async def test_a_priority_is_kept_with_what_it_was(database: Database) -> None:
    conversation = await a_new_conversation(database)
    ana, _ = await two_agents(database)
    async with database.transaction() as session:
        await set_priority(session, conversation.id, 5, by_agent(ana.id))
    async with database.reading() as session:
        (event,) = await events_of_conversation(
            session, conversation.id, ["conversation.priority_changed"]
        )
    assert event.data == {"before": 0, "after": 5}


async def test_a_conversation_handed_off_again_is_nobodys_until_someone_claims_it(
    database: Database,
) -> None:
    conversation = await handed_off(database)
    ana, _ = await two_agents(database)
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        await release(session, conversation.id, by_agent(ana.id))
    assert (await fresh(database, conversation)).assignee_id == ana.id  # whom a rating is for
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_handoff(session, conversation, turn.message_id, reason="asked")
    await finish_turn(database, lease, turn)
    now = await fresh(database, conversation)
    assert (now.owner, now.assignee_id) == (Owner.QUEUE, None)


async def test_a_bot_that_resolves_stays_the_owner(database: Database) -> None:
    conversation = await a_new_conversation(database)
    await customer_writes(database, conversation, "sair")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_status(session, conversation, turn.message_id, "resolved")
    await finish_turn(database, lease, turn, "Até logo!")
    now = await fresh(database, conversation)
    assert (now.owner, now.status, now.epoch) == (Owner.BOT, Status.RESOLVED, 1)
    async with database.reading() as session:
        (event,) = await events_of_conversation(
            session, conversation.id, ["conversation.status_changed"]
        )
    assert event.actor_kind == BOT.kind
