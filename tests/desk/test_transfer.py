"""Who may give a conversation to whom: agents their own, supervisors any, to who can work it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from desk.conversations.board import read_board
from desk.conversations.ownership import claim, release
from desk.conversations.transfer import (
    give_back,
    give_to_bot,
    targets_for,
    transfer_to_agent,
    transfer_to_queue,
)
from desk.db import Database
from desk.errors import ClaimedByOther, Conflict, DeskError, Invalid, NotAllowed
from desk.events.log import SYSTEM, events_of_conversation
from desk.states import Owner
from desk.team.presence import Standing
from desk.team.tables import Queue, Role
from tests.desk.building import a_queue
from tests.desk.waiting import WaitingDesk


async def the_desk(database: Database) -> WaitingDesk:
    """Ana and Beto serve Suporte, Fabio serves Financeiro, Sueli supervises; Maria waits."""
    desk = await WaitingDesk(database).open("ana", "beto")
    async with database.transaction() as session:
        await a_queue(session, "financeiro", 1)
    await desk.join("fabio", queues=["financeiro"])
    await desk.join("sueli", Role.SUPERVISOR, ())
    await desk.wait("maria")
    return desk


async def financeiro(desk: WaitingDesk) -> Queue:
    async with desk.database.reading() as session:
        return await session.get_one(Queue, desk.queue.id + 1)


async def held_by(desk: WaitingDesk, name: str) -> None:
    async with desk.database.transaction() as session:
        await claim(session, desk.conversations["maria"].id, desk.users[name])


async def give(desk: WaitingDesk, giver: str, taker: str) -> None:
    async with desk.database.transaction() as session:
        conversation = await desk.one("maria")
        await transfer_to_agent(session, conversation, desk.users[giver], desk.users[taker])


async def reasons(desk: WaitingDesk) -> list[tuple[str, int | None]]:
    async with desk.database.reading() as session:
        events = await events_of_conversation(
            session, desk.conversations["maria"].id, ["conversation.owner_changed"]
        )
    return [(each.data["reason"], each.data.get("former_assignee_id")) for each in events]


async def test_an_agent_gives_what_is_theirs_to_a_colleague_of_the_queue(
    database: Database,
) -> None:
    desk = await the_desk(database)
    await held_by(desk, "ana")
    await give(desk, "ana", "beto")
    assert await desk.holder("maria") == "beto"
    with pytest.raises(NotAllowed, match="com outra pessoa"):
        await give(desk, "ana", "beto")
    await give(desk, "sueli", "ana")
    await give(desk, "sueli", "ana")  # again is no change
    assert await desk.holder("maria") == "ana"
    ana, beto = desk.users["ana"].id, desk.users["beto"].id
    assert await reasons(desk) == [
        ("move", None),
        ("claim", None),
        ("assign", ana),
        ("assign", beto),
    ]


async def test_nothing_is_given_to_who_cannot_work_the_queue(database: Database) -> None:
    desk = await the_desk(database)
    await desk.join("daniela", Role.DESIGNER)
    gone = await desk.join("gustavo")
    await held_by(desk, "ana")
    for taker in ("fabio", "daniela"):
        with pytest.raises(Invalid, match="não atende a fila Suporte") as refused:
            await give(desk, "ana", taker)
        assert refused.value.field == "agent"
    gone.active = False
    with pytest.raises(Invalid):
        await give(desk, "sueli", "gustavo")
    await give(desk, "ana", "sueli")  # supervisors work every queue
    assert await desk.holder("maria") == "sueli"


async def test_a_supervisor_takes_over_and_an_agent_cannot(database: Database) -> None:
    desk = await the_desk(database)
    await held_by(desk, "ana")
    with pytest.raises(ClaimedByOther, match="Ana"):
        await give(desk, "beto", "beto")
    epoch = (await desk.one("maria")).epoch
    for _ in range(2):
        await give(desk, "sueli", "sueli")
    assert await desk.holder("maria") == "sueli"
    assert (await desk.one("maria")).epoch == epoch + 1
    assert (await reasons(desk))[-1] == ("take_over", desk.users["ana"].id)


async def test_what_waits_is_moved_by_any_agent_who_sees_it_but_given_only_by_supervisors(
    database: Database,
) -> None:
    desk = await the_desk(database)
    with pytest.raises(NotAllowed, match="Assuma a conversa"):
        await give(desk, "ana", "beto")
    async with database.transaction() as session:
        target = await financeiro(desk)
        await transfer_to_queue(session, await desk.one("maria"), desk.users["ana"], target)
    assert (await desk.one("maria")).queue_id == target.id
    with pytest.raises(Conflict, match="já está na fila Financeiro"):
        async with database.transaction() as session:
            await transfer_to_queue(session, await desk.one("maria"), desk.users["sueli"], target)
    await give(desk, "sueli", "fabio")
    assert await desk.holder("maria") == "fabio"


async def test_a_closed_queue_takes_nothing_new(database: Database) -> None:
    desk = await the_desk(database)
    await held_by(desk, "ana")
    target = await financeiro(desk)
    target.active = False
    with pytest.raises(Invalid, match="desativada"):
        async with database.transaction() as session:
            await transfer_to_queue(session, await desk.one("maria"), desk.users["ana"], target)


async def test_only_who_has_it_or_a_supervisor_gives_it_back(database: Database) -> None:
    desk = await the_desk(database)
    await held_by(desk, "ana")
    steps: list[tuple[str, type[DeskError] | None]] = [
        ("beto", NotAllowed), ("ana", None), ("ana", Conflict),
    ]  # fmt: skip
    for name, refusal in steps:
        if refusal:
            with pytest.raises(refusal):
                async with database.transaction() as session:
                    await give_back(session, await desk.one("maria"), desk.users[name])
        else:
            async with database.transaction() as session:
                await give_back(session, await desk.one("maria"), desk.users[name])
    assert await desk.holder("maria") == "queue"


async def test_only_who_has_it_or_a_supervisor_lets_the_bot_go_on(database: Database) -> None:
    desk = await the_desk(database)
    await held_by(desk, "ana")
    with pytest.raises(NotAllowed):
        async with database.transaction() as session:
            await give_to_bot(session, await desk.one("maria"), desk.users["beto"])
    async with database.transaction() as session:
        await give_to_bot(session, await desk.one("maria"), desk.users["sueli"])
    assert await desk.holder("maria") == "bot"


async def test_what_was_taken_straight_from_the_bot_is_on_the_board_and_returns_to_a_queue(
    database: Database,
) -> None:
    desk = await the_desk(database)
    async with database.transaction() as session:
        conversation = await release(session, desk.conversations["maria"].id, SYSTEM)
        conversation.queue_id = None
    await held_by(desk, "sueli")
    for name, expected in (("sueli", [conversation.id]), ("ana", [])):
        async with database.reading() as session:
            board = await read_board(session, desk.users[name], datetime.now(UTC), ZoneInfo("UTC"))
        assert [row.id for row in board.without_queue] == expected
    async with database.transaction() as session:
        await give_back(session, await desk.one("maria"), desk.users["sueli"])
    now = await desk.one("maria")
    assert (now.owner, now.queue_id) == (Owner.QUEUE, desk.queue.id)


async def test_who_is_there_and_has_least_to_do_is_offered_first(database: Database) -> None:
    desk = await the_desk(database)
    await desk.join("olga", online=False)
    await desk.wait("outro")
    await held_by(desk, "ana")
    async with database.transaction() as session:
        await claim(session, desk.conversations["outro"].id, desk.users["beto"])
    async with database.reading() as session:
        found = await targets_for(session, desk.users["ana"], await desk.one("maria"))
        nothing = await targets_for(session, desk.users["beto"], await desk.one("maria"))
    assert [(each.name.split()[0], each.standing, each.load) for each in found.agents] == [
        ("Sueli", Standing.AVAILABLE, 0),
        ("Beto", Standing.AVAILABLE, 1),
        ("Olga", Standing.OFFLINE, 0),
    ]
    assert [queue.slug for queue in found.queues] == ["suporte", "financeiro"]
    assert (nothing.agents, nothing.queues) == ([], [])
