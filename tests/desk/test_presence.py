"""Who is there: consoles give signs of life, people say that they are away."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from desk.db import Database
from desk.errors import NotFound
from desk.events.log import by_agent
from desk.team.presence import (
    ONLINE_SECONDS,
    PRESENCE_CHANGED,
    Standing,
    count_agents_online,
    mark_seen,
    note_who_left,
    set_presence,
    somebody_left,
    standing_of,
)
from desk.team.tables import Presence, Queue, Role, User
from desk.team.users import close_login, open_login
from tests.desk.building import a_queue, a_user, recorded_after


async def ana_of(database: Database, **values: object) -> User:
    async with database.transaction() as session:
        await a_queue(session)
        ana = await a_user(session, queues=["suporte"])
        for name, value in values.items():
            setattr(ana, name, value)
        return ana


async def seen(database: Database, user: User) -> None:
    async with database.transaction() as session:
        await mark_seen(session, user.id)


async def silent_since(database: Database, user: User, seconds: float) -> None:
    """Nothing was heard of their consoles for so long."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    async with database.transaction() as session:
        await session.execute(update(User).where(User.id == user.id).values(last_seen_at=at))


async def standing(database: Database, user: User) -> Standing:
    async with database.reading() as session:
        return standing_of(await session.get_one(User, user.id), datetime.now(UTC))


async def told(database: Database) -> list[tuple[str, str, str]]:
    async with database.reading() as session:
        events = await recorded_after(session, 0, [PRESENCE_CHANGED])
    return [(each.actor_kind, each.data["before"], each.data["after"]) for each in events]


async def test_whoever_opens_a_console_is_there_and_it_is_told_once(database: Database) -> None:
    ana = await ana_of(database)
    assert await standing(database, ana) is Standing.OFFLINE
    for _ in range(3):  # as from three tabs
        await seen(database, ana)
    assert await standing(database, ana) is Standing.AVAILABLE
    assert await told(database) == [("agent", "offline", "available")]


async def test_a_reload_is_no_leaving_and_a_closed_console_is_one_once(database: Database) -> None:
    ana = await ana_of(database)
    await seen(database, ana)
    await silent_since(database, ana, ONLINE_SECONDS - 10)
    async with database.transaction() as session:
        assert not await somebody_left(session)
    await silent_since(database, ana, ONLINE_SECONDS + 1)
    for expected in ([ana.id], []):  # a second process notes nothing more
        async with database.transaction() as session:
            assert await somebody_left(session) is bool(expected)
            assert await note_who_left(session) == expected
    await seen(database, ana)
    assert [after for *_, after in await told(database)] == ["available", "offline", "available"]


async def test_whoever_says_away_is_not_counted_on(database: Database) -> None:
    ana = await ana_of(database)
    await seen(database, ana)
    async with database.reading() as session:
        queue_id = (await session.execute(select(Queue.id))).scalar_one()
        assert await count_agents_online(session, queue_id) == 1
    async with database.transaction() as session:
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        await set_presence(session, ana.id, Presence.AWAY, by_agent(sueli.id))
    async with database.transaction() as session:
        await set_presence(session, ana.id, Presence.AWAY, by_agent(ana.id))  # no change
        assert await count_agents_online(session, queue_id) == 0
    assert await standing(database, ana) is Standing.AWAY
    assert (await told(database))[1:] == [("agent", "available", "away")]


async def test_nobody_says_it_for_who_is_no_longer_of_the_team(database: Database) -> None:
    ana = await ana_of(database, active=False)
    for user_id in (ana.id, 404):
        with pytest.raises(NotFound):
            async with database.transaction() as session:
                await set_presence(session, user_id, Presence.AWAY, by_agent(ana.id))


async def test_who_signs_out_of_the_last_browser_is_offline_at_once(database: Database) -> None:
    ana = await ana_of(database)
    await seen(database, ana)
    async with database.transaction() as session:
        first, second = [await open_login(session, ana.id, 1) for _ in range(2)]
    for token, expected in ((first, Standing.AVAILABLE), (second, Standing.OFFLINE)):
        async with database.transaction() as session:
            await close_login(session, token)
        assert await standing(database, ana) is expected
    assert [after for *_, after in await told(database)] == ["available", "offline"]
