"""The order in a queue: by priority, by hand, by time; customers are told this one."""

import asyncio

import pytest

from desk.conversations.ownership import claim, return_to_queue, set_priority
from desk.conversations.priority import HIGH, URGENT, priority_label
from desk.conversations.queue_order import Place, move_before, move_in_queue
from desk.conversations.requests import queue_outlook
from desk.db import Database
from desk.errors import Conflict, Invalid
from desk.events.log import SYSTEM, by_agent, events_of_conversation
from tests.desk.building import a_queue
from tests.desk.waiting import WaitingDesk


async def move(desk: WaitingDesk, name: str, place: Place) -> None:
    async with desk.database.transaction() as session:
        conversation = await session.get_one(
            type(desk.conversations[name]), desk.conversations[name].id
        )
        await move_in_queue(session, conversation, place, SYSTEM)


@pytest.mark.parametrize(
    ("name", "place", "order"),
    [
        ("c", "top", "cabd"),
        ("c", "up", "acbd"),
        ("b", "down", "acbd"),
        ("a", "bottom", "bcda"),
        ("a", "up", "abcd"),
        ("d", "down", "abcd"),
        ("d", "bottom", "abcd"),
    ],
)
async def test_a_supervisor_moves_somebody_and_all_others_keep_their_order(
    database: Database, name: str, place: Place, order: str
) -> None:
    desk = await WaitingDesk(database).open()
    await desk.wait(*"abcd")
    await move(desk, name, place)
    assert await desk.order() == list(order)
    await desk.wait("new")
    assert await desk.order() == [*order, "new"]


async def test_many_moves_in_a_row_do_what_each_says(database: Database) -> None:
    desk = await WaitingDesk(database).open()
    await desk.wait(*"abcde")
    expected = list("abcde")
    moves: list[tuple[str, Place]] = [
        ("e", "top"), ("b", "bottom"), ("c", "up"), ("a", "down"), ("d", "top"), ("e", "down"),
    ]  # fmt: skip
    for name, place in moves:
        at = expected.index(name)
        expected.remove(name)
        to = {"top": 0, "bottom": len(expected), "up": at - 1, "down": at + 1}[place]
        expected.insert(max(0, to), name)
        await move(desk, name, place)
        assert await desk.order() == expected


async def test_a_row_is_dropped_right_before_another_of_its_priority(database: Database) -> None:
    desk = await WaitingDesk(database).open()
    await desk.wait(*"abcd")
    for name, before, order in (("d", "b", "adbc"), ("a", "c", "dbac")):
        async with database.transaction() as session:
            await move_before(session, await desk.one(name), await desk.one(before), SYSTEM)
        assert await desk.order() == list(order)
    async with database.transaction() as session:
        await set_priority(session, desk.conversations["b"].id, HIGH, SYSTEM)
    with pytest.raises(Invalid, match="mesma prioridade"):
        async with database.transaction() as session:
            await move_before(session, await desk.one("d"), await desk.one("b"), SYSTEM)


async def test_priority_goes_before_any_place_given_by_hand(database: Database) -> None:
    desk = await WaitingDesk(database).open()
    await desk.wait(*"abcd")
    await move(desk, "c", "top")
    for name, priority in (("d", HIGH), ("b", URGENT)):
        async with database.transaction() as session:
            await set_priority(session, desk.conversations[name].id, priority, SYSTEM)
    assert await desk.order() == list("bdca")
    assert [priority_label(each) for each in (-5, 0, 1, 2, 50)] == [
        "Normal", "Normal", "Alta", "Urgente", "Urgente",
    ]  # fmt: skip


async def test_a_place_given_by_hand_ends_with_the_priority_in_which_it_was_given(
    database: Database,
) -> None:
    desk = await WaitingDesk(database).open()
    await desk.wait(*"abc")
    await move(desk, "c", "top")
    for name in "ac":
        async with database.transaction() as session:
            await set_priority(session, desk.conversations[name].id, HIGH, SYSTEM)
    assert await desk.order() == list("acb")


async def test_customers_hear_the_place_that_they_really_have(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana")
    await desk.wait(*"abcd")
    await move(desk, "d", "top")
    async with database.transaction() as session:
        await set_priority(session, desk.conversations["b"].id, URGENT, SYSTEM)
    for position, name in enumerate(await desk.order(), start=1):
        async with database.reading() as session:
            outlook = await queue_outlook(session, await desk.one(name), desk.queue.id)
        assert outlook.position == position, name


async def test_a_place_given_by_hand_holds_for_one_wait_only(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana")
    await desk.wait(*"abc")
    await move(desk, "c", "top")
    ana = desk.users["ana"]
    async with database.transaction() as session:
        await claim(session, desk.conversations["c"].id, ana)
        await return_to_queue(session, desk.conversations["c"].id, by_agent(ana.id))
    assert await desk.order() == list("abc")


async def test_what_no_longer_waits_cannot_be_moved_and_moves_are_kept(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana")
    async with database.transaction() as session:
        other = await a_queue(session, "financeiro", 1)
    await desk.wait(*"abc")
    await desk.wait("elsewhere", queue=other)
    await move(desk, "c", "top")
    async with database.transaction() as session:
        await claim(session, desk.conversations["c"].id, desk.users["ana"])
    with pytest.raises(Conflict):
        await move(desk, "c", "up")
    with pytest.raises(Invalid):
        async with database.transaction() as session:
            await move_before(session, await desk.one("a"), await desk.one("elsewhere"), SYSTEM)
    async with database.reading() as session:
        (event,) = await events_of_conversation(
            session, desk.conversations["c"].id, ["conversation.reordered"]
        )
    assert event.data == {"before": 3, "after": 1}


async def test_two_supervisors_who_reorder_at_once_lose_nobody(
    database: Database, database_url: str
) -> None:
    desk = await WaitingDesk(database).open()
    await desk.wait(*"abcdef")
    elsewhere = WaitingDesk(Database(database_url))
    elsewhere.conversations, elsewhere.queue = desk.conversations, desk.queue
    await asyncio.gather(
        *(
            move(where, name, "top")
            for where, name in zip([desk, elsewhere] * 2, "cdef", strict=True)
        )
    )
    await elsewhere.database.close()
    order = await desk.order()
    assert sorted(order[:4]) == list("cdef")
    assert order[4:] == list("ab")
