"""The loops behind levels and rules: restarted, doubled, begun late, each thing happens once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update

from desk.conversations.levels.tables import ClockKind, ServiceClock
from desk.conversations.levels.targets import LevelValues, set_level
from desk.conversations.ownership import claim, set_status
from desk.conversations.rules.settings import RuleValues, create_rule, switch_rule
from desk.conversations.rules.tables import RuleFiring, RuleTimer
from desk.conversations.tables import Conversation, Message
from desk.conversations.team_messages import post_agent_message
from desk.db import Database
from desk.events.cursors import read_cursor
from desk.events.log import SYSTEM, by_agent
from desk.events.tables import Event
from desk.states import Status
from handoff.pulse import Pulse
from handoff.rules import Rules
from handoff.service_levels import ServiceLevels
from tests.desk.building import a_new_conversation, customer_writes, worked_off
from tests.desk.waiting import WaitingDesk

ZONE = ZoneInfo("America/Sao_Paulo")
PROMISE = LevelValues(first_response_normal=60, resolution_normal=480)
REMIND = RuleValues(name="Lembrar", status=Status.WAITING, amount=1, unit="hours", message="Oi?")


async def a_desk(database: Database) -> WaitingDesk:
    desk = await WaitingDesk(database).open("ana")
    async with database.transaction() as session:
        await set_level(session, desk.queue, PROMISE, SYSTEM)
    return desk


async def levels_of(database: Database) -> ServiceLevels:
    """The loop of a process that starts."""
    loop = ServiceLevels(database, Pulse(database))
    await loop.begin()
    return loop


async def rules_of(database: Database) -> Rules:
    loop = Rules(database, Pulse(database), ZONE)
    await loop.begin()
    return loop


async def clocks(database: Database) -> list[tuple[str, str]]:
    async with database.reading() as session:
        query = select(ServiceClock.kind, ServiceClock.outcome).order_by(ServiceClock.id)
        return [(row.kind.value, row.outcome) for row in await session.execute(query)]


async def count_of(database: Database, kind: str) -> int:
    async with database.reading() as session:
        query = select(func.count(Event.seq)).where(Event.kind == kind)
        return (await session.execute(query)).scalar_one()


async def test_who_waited_when_clocks_came_has_one_from_when_they_began_to_wait(
    database: Database,
) -> None:
    desk = await a_desk(database)
    await desk.wait("maria")
    await desk.waited("maria", 20)
    first, second = await levels_of(database), await levels_of(database)
    await worked_off(database, first, second)
    assert sorted(await clocks(database)) == [("first_response", ""), ("resolution", "")]
    async with database.reading() as session:
        query = select(ServiceClock).where(ServiceClock.kind == ClockKind.FIRST_RESPONSE)
        clock = (await session.execute(query)).scalar_one()
    assert clock.due_at is not None
    left = clock.due_at - datetime.now(UTC)
    assert timedelta(minutes=39) < left <= timedelta(minutes=40)


async def test_what_happened_while_no_process_ran_is_counted_as_it_happened(
    database: Database,
) -> None:
    desk = await a_desk(database)
    await worked_off(database, await levels_of(database))
    await desk.wait("maria")
    maria = desk.conversations["maria"]
    async with database.transaction() as session:
        await claim(session, maria.id, desk.users["ana"])
        await post_agent_message(session, maria.id, desk.users["ana"], text="Oi!")
    async with database.transaction() as session:  # Both lie three hours back, a minute apart.
        back = timedelta(hours=3)
        for event in (await session.execute(select(Event))).scalars().all():
            event.at -= back
    await worked_off(database, await levels_of(database), await levels_of(database))
    assert sorted(await clocks(database)) == [("first_response", "met"), ("resolution", "")]
    assert await count_of(database, "service_level.breached") == 0


async def test_two_processes_mark_a_deadline_once(database: Database) -> None:
    desk = await a_desk(database)
    loops = await levels_of(database), await levels_of(database)
    await desk.wait("maria")
    await worked_off(database, *loops)
    past = datetime.now(UTC) - timedelta(minutes=1)
    async with database.transaction() as session:
        await session.execute(
            update(ServiceClock)
            .where(ServiceClock.kind == ClockKind.FIRST_RESPONSE)
            .values(due_at=past, look_at=past)
        )
    await worked_off(database, *loops)
    await worked_off(database, await levels_of(database))
    assert await count_of(database, "service_level.breached") == 1


async def test_what_customers_say_to_the_bot_costs_no_write(database: Database) -> None:
    await a_desk(database)
    loop = await levels_of(database)
    await worked_off(database, loop)
    conversation = await a_new_conversation(database, "local")
    async with database.reading() as session:
        before = await read_cursor(session, ServiceLevels.cursor)
    for number in range(5):
        await customer_writes(database, conversation, f"pergunta {number}")
    await worked_off(database, loop)
    async with database.reading() as session:
        assert await read_cursor(session, ServiceLevels.cursor) == before
    assert await clocks(database) == []


async def test_a_rule_acts_once_though_two_processes_look_and_one_is_restarted(
    database: Database,
) -> None:
    desk = await a_desk(database)
    loops = await rules_of(database), await rules_of(database)
    async with database.transaction() as session:
        rule = await create_rule(session, REMIND, SYSTEM)
        await switch_rule(session, rule, True, SYSTEM)
    await desk.wait("maria")
    maria = desk.conversations["maria"]
    async with database.transaction() as session:
        await claim(session, maria.id, desk.users["ana"])
        await set_status(session, maria.id, Status.WAITING, by_agent(desk.users["ana"].id))
    await worked_off(database, *loops)
    past = datetime.now(UTC) - timedelta(hours=2)
    async with database.transaction() as session:
        await session.execute(update(Conversation).values(status_since=past))
        await session.execute(update(RuleTimer).values(since=past, due_at=past))
    await worked_off(database, *loops)
    await worked_off(database, await rules_of(database))
    async with database.reading() as session:
        assert (await session.execute(select(func.count(RuleFiring.id)))).scalar_one() == 1
        query = select(Message.text).where(Message.author_kind == "system")
        assert (await session.execute(query)).scalars().all() == ["Oi?"]


async def test_a_rule_switched_on_looks_at_every_conversation_batch_by_batch(
    database: Database,
) -> None:
    desk = await a_desk(database)
    names = [f"cliente {number}" for number in range(12)]
    await desk.wait(*names)
    async with database.transaction() as session:
        await session.execute(update(Conversation).values(status=Status.WAITING))
    loop = await rules_of(database)
    async with database.transaction() as session:
        rule = await create_rule(session, REMIND, SYSTEM)
        await switch_rule(session, rule, True, SYSTEM)
    await worked_off(database, loop)
    async with database.reading() as session:
        assert (
            await session.execute(select(func.count()).select_from(RuleTimer))
        ).scalar_one() == 12
