"""People and queues as admins set them up: nobody is locked out, nothing stays behind."""

import asyncio

import pytest
from sqlalchemy import select

from desk.conversations.ownership import assign_to_queue
from desk.conversations.staff import change_team_member, deactivate_queue, deactivate_user
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.errors import Conflict, Invalid
from desk.events.log import SYSTEM, by_agent
from desk.events.tables import Event
from desk.states import Owner
from desk.team.queue_settings import QueueValues, change_queue, create_queue, move_queue
from desk.team.queues import default_queue, list_queues
from desk.team.tables import Queue, Role, User
from desk.team.user_settings import UserValues, user_by_id, user_values
from desk.team.users import open_login, user_of_login
from tests.desk.building import a_channel, a_conversation, a_queue, a_user, claimed_by, fresh


async def _conversation_in(database: Database, queue: Queue) -> Conversation:
    async with database.transaction() as session:
        channel = await a_channel(session, slug=f"c{queue.id}")
        conversation = await a_conversation(session, channel)
        await assign_to_queue(session, conversation.id, queue, SYSTEM)
    return conversation


async def test_who_goes_gives_back_what_they_hold_and_is_signed_out(database: Database) -> None:
    async with database.transaction() as session:
        queue = await a_queue(session)
        ana = await a_user(session, queues=["suporte"])
        admin = await a_user(session, "admin@demo.ponte", Role.ADMIN)
        token = await open_login(session, ana.id, 1)
    conversation = await _conversation_in(database, queue)
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        leaver = await user_by_id(session, ana.id)
        assert await deactivate_user(session, leaver, by_agent(admin.id)) == 1
    now = await fresh(database, conversation)
    assert (now.owner, now.queue_id, now.assignee_id) == (Owner.QUEUE, queue.id, None)
    async with database.reading() as session:
        assert await user_of_login(session, token) is None


async def test_who_becomes_a_designer_gives_back_what_they_hold(database: Database) -> None:
    async with database.transaction() as session:
        queue = await a_queue(session)
        ana = await a_user(session, queues=["suporte"])
        admin = await a_user(session, "admin@demo.ponte", Role.ADMIN)
    conversation = await _conversation_in(database, queue)
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        user = await user_by_id(session, ana.id)
        stored = await user_values(session, user)
        values = UserValues.model_validate(stored.model_dump() | {"role": Role.DESIGNER})
        await change_team_member(session, user, values, by_agent(admin.id))
    assert (await fresh(database, conversation)).owner is Owner.QUEUE


async def test_two_admins_who_demote_each_other_at_once_do_not_both_succeed(
    database: Database,
) -> None:
    async with database.transaction() as session:
        one = await a_user(session, "um@demo.ponte", Role.ADMIN)
        two = await a_user(session, "dois@demo.ponte", Role.ADMIN)

    async def demote(actor: User, target: User) -> bool:
        try:
            async with database.transaction() as session:
                user = await user_by_id(session, target.id)
                stored = await user_values(session, user)
                values = UserValues.model_validate(stored.model_dump() | {"role": Role.AGENT})
                await change_team_member(session, user, values, by_agent(actor.id))
        except Invalid:
            return False
        return True

    done = await asyncio.gather(demote(one, two), demote(two, one))
    assert sorted(done) == [False, True]
    async with database.reading() as session:
        query = select(User.id).where(User.role == Role.ADMIN)
        assert len((await session.execute(query)).all()) == 1


async def test_a_closed_queues_conversations_move_and_agents_keep_theirs(
    database: Database,
) -> None:
    async with database.transaction() as session:
        old, other = await a_queue(session), await a_queue(session, "financeiro", 1)
        ana = await a_user(session, queues=["suporte"])
        channel = await a_channel(session)
        waits, held = [
            await a_conversation(session, channel, visitor) for visitor in ("waits", "held")
        ]
        for each in (waits, held):
            await assign_to_queue(session, each.id, old, SYSTEM)
    await claimed_by(database, held, ana)
    async with database.transaction() as session:
        queue, target = await session.get_one(Queue, old.id), await session.get_one(Queue, other.id)
        with pytest.raises(Conflict, match="2 conversa"):
            await deactivate_queue(session, queue, SYSTEM)
        assert await deactivate_queue(session, queue, SYSTEM, target) == 2
        with pytest.raises(Invalid):
            await deactivate_queue(session, target, SYSTEM, queue)  # it is closed itself
    assert (await fresh(database, waits)).queue_id == other.id
    now = await fresh(database, held)
    assert (now.queue_id, now.assignee_id) == (other.id, ana.id)
    async with database.reading() as session:
        first = await default_queue(session)
    assert first is not None
    assert first.id == other.id


async def test_the_last_queue_stays_open(database: Database) -> None:
    async with database.transaction() as session:
        queue = await a_queue(session)
        with pytest.raises(Conflict, match="última"):
            await deactivate_queue(session, queue, SYSTEM)


async def test_queues_are_moved_and_named_and_each_change_is_told_once(database: Database) -> None:
    actor = by_agent(7)
    async with database.transaction() as session:
        for name in ("Vendas", "Pós-venda", "Ação & Reação"):
            await create_queue(session, QueueValues(name=name), actor)
        last = (await list_queues(session))[-1]
        assert last.slug == "acao-reacao"
        await move_queue(session, last, -5, actor)
        await change_queue(session, last, QueueValues(name="Ação"), actor)
        await change_queue(session, last, QueueValues(name="Ação"), actor)
        with pytest.raises(Invalid):
            await change_queue(session, last, QueueValues(name="VENDAS"), actor)
    async with database.reading() as session:
        assert [each.name for each in await list_queues(session)] == ["Ação", "Vendas", "Pós-venda"]
        query = select(Event).where(Event.kind == "queue.changed").order_by(Event.seq)
        told = [event.data["fields"] for event in (await session.execute(query)).scalars()]
    assert told == [["position"], ["name"]]
