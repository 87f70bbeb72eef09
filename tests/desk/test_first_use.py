"""What an empty screen tells each person to do."""

from desk.conversations.first_use import FirstUse, read_first_use
from desk.db import Database
from desk.team.tables import Role
from tests.desk.building import a_channel, a_conversation, a_queue, a_used_conversation, a_user


async def test_before_anybody_wrote_a_web_chat_to_try_is_named(database: Database) -> None:
    async with database.transaction() as session:
        await a_queue(session)
        ana = await a_user(session, queues=("suporte",))
        assert (await read_first_use(session, ana)).webchat == ""
        channel = await a_channel(session, slug="loja")
        seen = await read_first_use(session, ana)
        assert (seen.nobody_has_written, seen.webchat) == (True, "loja")
        await a_conversation(session, channel)  # Opened, without a word.
        assert (await read_first_use(session, ana)).nobody_has_written
        await a_used_conversation(session, channel)
        assert await read_first_use(session, ana) == FirstUse()


async def test_an_agent_without_a_queue_is_told_so(database: Database) -> None:
    async with database.transaction() as session:
        await a_queue(session)
        bruno = await a_user(session, "bruno@demo.ponte")
        assert (await read_first_use(session, bruno)).serves_no_queue
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        assert not (await read_first_use(session, sueli)).serves_no_queue


async def test_queues_without_anybody_active_are_named_to_who_can_see_all(
    database: Database,
) -> None:
    async with database.transaction() as session:
        for position, slug in enumerate(("suporte", "financeiro", "antiga")):
            await a_queue(session, slug, position)
        ana = await a_user(session, queues=("suporte",))
        admin = await a_user(session, "admin@demo.ponte", Role.ADMIN)
        antiga = await a_queue(session, "parada", 3)
        antiga.active = False
        seen = await read_first_use(session, admin)
        assert (seen.unserved_queues, seen.may_set_up) == (("Financeiro", "Antiga"), True)
        assert (await read_first_use(session, ana)).unserved_queues == ()
        ana.active = False
        await session.flush()
        assert (await read_first_use(session, admin)).unserved_queues[0] == "Suporte"
