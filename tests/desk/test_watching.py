"""Who only watches a conversation takes nothing from the colleague who has it."""

from desk.conversations.access import mark_seen_by
from desk.conversations.ownership import claim
from desk.db import Database
from desk.team.tables import Role
from tests.desk.building import customer_writes
from tests.desk.waiting import WaitingDesk


async def test_a_supervisor_who_watches_leaves_the_messages_unread_for_the_agent(
    database: Database,
) -> None:
    desk = await WaitingDesk(database).open("ana")
    await desk.join("sueli", Role.SUPERVISOR, ())
    await desk.wait("maria")
    async with database.transaction() as session:
        await claim(session, desk.conversations["maria"].id, desk.users["ana"])
    await customer_writes(database, desk.conversations["maria"], "alguém aí?")
    before = await desk.one("maria")
    seen = []
    for name in ("sueli", "ana"):
        async with database.transaction() as session:
            conversation = await session.get_one(type(before), before.id)
            await mark_seen_by(session, conversation, desk.users[name], before.last_seq)
        seen.append((await desk.one("maria")).agent_seen_seq)
    assert seen == [before.agent_seen_seq, before.last_seq]
    assert (await desk.one("maria")).epoch == before.epoch


async def test_whoever_looks_at_what_waits_has_seen_it(database: Database) -> None:
    desk = await WaitingDesk(database).open("ana")
    await desk.wait("maria")
    await customer_writes(database, desk.conversations["maria"], "alguém aí?")
    async with database.transaction() as session:
        conversation = await session.get_one(
            type(desk.conversations["maria"]), desk.conversations["maria"].id
        )
        await mark_seen_by(session, conversation, desk.users["ana"], conversation.last_seq)
        assert conversation.agent_seen_seq == conversation.last_seq
