"""Queues that give their conversations by themselves: in order, in turn, within capacity, once."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from desk.conversations.assignment import assign_next, queues_that_assign
from desk.conversations.idle import GONE_SECONDS, idle_conversations, return_idle
from desk.conversations.load import loads_of
from desk.conversations.ownership import (
    assign_to_agent,
    claim,
    hand_off,
    release,
    set_priority,
    set_status,
)
from desk.conversations.priority import URGENT
from desk.conversations.tables import Conversation, Message
from desk.conversations.team_messages import post_agent_message
from desk.db import Database
from desk.errors import Conflict
from desk.events.log import BOT, SYSTEM, by_agent, events_of_conversation
from desk.events.tables import Event
from desk.states import Owner, Status
from desk.team.presence import set_presence
from desk.team.tables import Assignment, Presence, Queue, Role
from tests.desk.building import customer_writes
from tests.desk.waiting import WaitingDesk

ROUND_ROBIN, LEAST_BUSY = Assignment.ROUND_ROBIN, Assignment.LEAST_BUSY


async def assign_all(database: Database, queue: Queue) -> int:
    """As the loop does; how many were given."""
    given = 0
    while True:
        try:
            async with database.transaction() as session:
                if await assign_next(session, queue.id) is None:
                    return given
            given += 1
        except Conflict:
            continue


async def holders(desk: WaitingDesk, names: str) -> list[str]:
    return [await desk.holder(name) for name in names]


async def test_round_robin_gives_in_queue_order_to_each_in_turn(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana", "bruno", assignment=ROUND_ROBIN)
    await desk.wait(*"abcd")
    async with database.transaction() as session:
        await set_priority(session, desk.conversations["d"].id, URGENT, SYSTEM)
    assert await assign_all(database, desk.queue) == 4
    assert await holders(desk, "dabc") == ["ana", "bruno", "ana", "bruno"]
    await desk.wait("e")
    await assign_all(database, desk.queue)
    assert await desk.holder("e") == "ana"


async def test_the_least_busy_gets_the_next_and_among_equals_the_longest_unasked(
    database: Database,
) -> None:
    desk = await WaitingDesk(database).open("ana", "bruno", assignment=LEAST_BUSY)
    await desk.wait(*"abc")
    for name in "ab":
        async with database.transaction() as session:
            await claim(session, desk.conversations[name].id, desk.users["ana"])
    await assign_all(database, desk.queue)
    assert await desk.holder("c") == "bruno"
    await desk.wait("d", "e")
    await assign_all(database, desk.queue)
    assert await holders(desk, "de") == ["bruno", "ana"]


async def test_a_gift_is_a_change_of_owner_by_a_rule_and_the_bot_is_silent_from_then_on(
    database: Database,
) -> None:
    desk = await WaitingDesk(database).open("ana", assignment=ROUND_ROBIN)
    await desk.wait("a")
    epoch = (await desk.one("a")).epoch
    await assign_all(database, desk.queue)
    now = await desk.one("a")
    assert (now.owner, now.epoch, now.status) == (Owner.AGENT, epoch + 1, Status.OPEN)
    assert now.waiting_since is not None  # the customer still waits for an answer
    async with database.reading() as session:
        *_, event = await events_of_conversation(session, now.id, ["conversation.owner_changed"])
    assert event.actor_kind == "rule"
    assert event.data == {
        "before": "queue",
        "after": "agent",
        "epoch": now.epoch,
        "reason": "auto_assigned",
        "assignee_id": desk.users["ana"].id,
    }


async def test_nobody_gets_more_than_their_capacity_until_something_is_done(
    database: Database,
) -> None:
    desk = await WaitingDesk(database).open("ana", assignment=ROUND_ROBIN, capacity=2)
    await desk.wait(*"abcd")
    ana = desk.users["ana"]
    assert await assign_all(database, desk.queue) == 2
    async with database.transaction() as session:  # waits for documents: no longer in hand
        await set_status(session, desk.conversations["a"].id, Status.WAITING, by_agent(ana.id))
    assert await assign_all(database, desk.queue) == 1
    async with database.transaction() as session:
        await set_status(session, desk.conversations["b"].id, Status.RESOLVED, by_agent(ana.id))
        assert await loads_of(session, [ana.id, 404]) == {ana.id: 1, 404: 0}
    assert await assign_all(database, desk.queue) == 1
    assert await holders(desk, "abcd") == ["ana", "bot", "ana", "ana"]


@pytest.mark.parametrize("reason", ["away", "offline", "inactive", "elsewhere", "designer"])
async def test_who_is_not_there_or_not_of_the_queue_gets_nothing(
    database: Database, reason: str
) -> None:
    desk = await WaitingDesk(database).open(assignment=ROUND_ROBIN)
    role = Role.DESIGNER if reason == "designer" else Role.AGENT
    queues = () if reason == "elsewhere" else ("suporte",)
    ana = await desk.join("ana", role, queues, online=reason != "offline")
    await desk.join("sueli", Role.SUPERVISOR, ())  # sees all queues, is a member of none
    if reason == "inactive":
        await desk.set_user("ana", active=False)
    if reason == "away":
        async with database.transaction() as session:
            await set_presence(session, ana.id, Presence.AWAY, by_agent(ana.id))
    await desk.wait("a")
    assert await assign_all(database, desk.queue) == 0
    assert await desk.holder("a") == "queue"


async def test_manual_and_closed_queues_give_nothing_by_themselves(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana")
    await desk.wait("a")
    for values in ({}, {"assignment": ROUND_ROBIN, "active": False}):
        async with database.transaction() as session:
            queue = await session.get_one(Queue, desk.queue.id)
            for name, value in values.items():
                setattr(queue, name, value)
        async with database.reading() as session:
            assert await queues_that_assign(session) == []
        assert await assign_all(database, desk.queue) == 0


async def test_what_the_bot_says_about_the_queue_goes_out_before_somebody_has_it(
    database: Database,
) -> None:
    desk = await WaitingDesk(database).open("ana", assignment=ROUND_ROBIN)
    await desk.wait("a", "b")
    async with database.transaction() as session:
        first = await desk.one("a")
        session.add(
            said := Message(
                conversation_id=first.id,
                channel_id=first.channel_id,
                external_chat="a",
                seq=900,
                direction="out",
                author_kind="bot",
                text="Você é a 1ª da fila.",
                state="pending",
                created_at=first.last_message_at,
            )
        )
        await session.flush()
    assert await assign_all(database, desk.queue) == 1
    assert await holders(desk, "ab") == ["queue", "ana"]
    async with database.transaction() as session:
        (await session.get_one(Message, said.id)).state = "sent"
    assert await assign_all(database, desk.queue) == 1


async def test_two_processes_at_once_give_each_conversation_once_and_nobody_too_many(
    database: Database, database_url: str
) -> None:
    desk = await WaitingDesk(database).open(
        "ana", "bruno", "carla", assignment=LEAST_BUSY, capacity=3
    )
    names = [f"c{number}" for number in range(12)]
    await desk.wait(*names)
    elsewhere = Database(database_url)
    given = await asyncio.gather(
        *(assign_all(process, desk.queue) for process in (database, elsewhere) * 2)
    )
    given.append(await assign_all(database, desk.queue))  # who was just held is looked at again
    await elsewhere.close()
    assert sum(given) == 9
    counted = Counter([await desk.holder(name) for name in names])
    assert counted == {"ana": 3, "bruno": 3, "carla": 3, "queue": 3}
    for name in names:
        async with database.reading() as session:
            events = await events_of_conversation(
                session, desk.conversations[name].id, ["conversation.owner_changed"]
            )
        assert [each.data["reason"] for each in events][1:] in ([], ["auto_assigned"])


async def test_an_agent_who_claims_while_it_is_given_does_not_share_it(
    database: Database, database_url: str
) -> None:
    desk = await WaitingDesk(database).open("ana", "bruno", assignment=ROUND_ROBIN)
    elsewhere = Database(database_url)
    for number in range(5):
        name = f"c{number}"
        await desk.wait(name)
        before = (await desk.one(name)).epoch

        async def try_claim(which: str = name) -> None:
            try:
                async with elsewhere.transaction() as session:
                    await claim(session, desk.conversations[which].id, desk.users["bruno"])
            except Conflict:
                pass

        await asyncio.gather(assign_all(database, desk.queue), try_claim())
        now = await desk.one(name)
        assert (now.owner, now.epoch) == (Owner.AGENT, before + 1)
    await elsewhere.close()


async def returned(desk: WaitingDesk) -> list[str]:
    """As the loop does; the customers who went back to the queue."""
    names = {each.id: name for name, each in desk.conversations.items()}
    async with desk.database.reading() as session:
        idle = await idle_conversations(session)
    back = []
    for conversation_id in idle:
        async with desk.database.transaction() as session:
            if await return_idle(session, conversation_id):
                back.append(names[conversation_id])
    return back


async def long_ago(desk: WaitingDesk, name: str, minutes: float) -> None:
    """Lets the customer wait, and the agent have it, since so long ago."""
    await desk.waited(name, minutes)
    since = (await desk.one(name)).waiting_since
    async with desk.database.transaction() as session:
        await session.execute(
            update(Event)
            .where(Event.conversation_id == desk.conversations[name].id)
            .values(at=since)
        )


async def test_who_lets_a_customer_wait_loses_the_conversation_to_a_colleague(
    database: Database,
) -> None:
    desk = await WaitingDesk(database).open("ana", "bruno", assignment=LEAST_BUSY, idle_minutes=10)
    await desk.wait("a", "b")
    await assign_all(database, desk.queue)
    assert await holders(desk, "ab") == ["ana", "bruno"]
    await long_ago(desk, "a", 9)
    assert await returned(desk) == []
    await long_ago(desk, "a", 11)
    assert await returned(desk) == ["a"]
    async with database.reading() as session:
        *_, event = await events_of_conversation(
            session, desk.conversations["a"].id, ["conversation.owner_changed"]
        )
    assert (event.actor_kind, event.data["reason"]) == ("rule", "idle")
    assert event.data["former_assignee_id"] == desk.users["ana"].id
    await assign_all(database, desk.queue)  # ana has less to do now, but let it wait
    assert await desk.holder("a") == "bruno"
    assert await returned(desk) == []  # the colleague has the whole time


async def test_nobody_else_being_there_it_goes_to_the_same_one_again(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana", assignment=ROUND_ROBIN, idle_minutes=5)
    await desk.wait("a")
    await assign_all(database, desk.queue)
    await long_ago(desk, "a", 6)
    assert await returned(desk) == ["a"]
    assert await assign_all(database, desk.queue) == 1
    assert await desk.holder("a") == "ana"


async def set_aside_before_they_wrote(desk: WaitingDesk, name: str) -> None:
    await desk.waited(name, 30)
    conversation = await desk.one(name)
    async with desk.database.transaction() as session:
        await session.execute(
            update(Conversation)
            .where(Conversation.id == conversation.id)
            .values(status_since=conversation.waiting_since)
        )
    await desk.waited(name, 6)


async def test_who_answered_set_it_aside_or_is_asked_nothing_keeps_it(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana", idle_minutes=5)
    await desk.wait("answered", "aside", "wrote_again", "bots")
    ana = desk.users["ana"]
    for name in ("answered", "aside", "wrote_again"):
        async with database.transaction() as session:
            await claim(session, desk.conversations[name].id, ana)
        await long_ago(desk, name, 60)
    async with database.transaction() as session:
        await post_agent_message(session, desk.conversations["answered"].id, ana, text="Oi!")
        for name in ("aside", "wrote_again"):
            status = Status.WAITING
            await set_status(session, desk.conversations[name].id, status, by_agent(ana.id))
        await release(session, desk.conversations["bots"].id, SYSTEM)
    await customer_writes(database, desk.conversations["bots"], "oi")
    assert await returned(desk) == []
    await set_aside_before_they_wrote(desk, "wrote_again")
    assert await returned(desk) == ["wrote_again"]


async def test_an_agent_who_left_is_waited_for_only_shortly(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana", idle_minutes=60)
    await desk.join("bruno", online=False)
    await desk.wait("a", "b", "c")
    for name, agent in (("a", "ana"), ("b", "bruno")):
        async with database.transaction() as session:
            await assign_to_agent(session, desk.conversations[name].id, desk.users[agent], SYSTEM)
        await long_ago(desk, name, 10)
    assert await returned(desk) == []
    gone = timedelta(seconds=GONE_SECONDS + 1)
    await desk.set_user("ana", last_seen_at=datetime.now(UTC) - gone)
    assert await returned(desk) == ["a"]  # bruno never left: he was given it while away


async def test_a_queue_that_asks_for_nothing_takes_nothing_back(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana")
    await desk.wait("a")
    async with database.transaction() as session:
        await claim(session, desk.conversations["a"].id, desk.users["ana"])
    await long_ago(desk, "a", 9999)
    assert await returned(desk) == []


async def test_a_handed_off_conversation_is_given_like_any_other(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana", assignment=LEAST_BUSY)
    await desk.wait("a")
    async with database.transaction() as session:
        conversation = await release(session, desk.conversations["a"].id, SYSTEM)
        await hand_off(session, conversation, BOT, queue_id=desk.queue.id, reason="asked")
    assert await assign_all(database, desk.queue) == 1
