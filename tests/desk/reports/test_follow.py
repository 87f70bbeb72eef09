"""The reports are kept behind the log: what the desk records, restarts, several processes."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from desk.conversations.history import conversation_history
from desk.conversations.ownership import claim, return_to_queue, set_status
from desk.conversations.ratings import rate_service
from desk.conversations.tables import Conversation, Rating
from desk.conversations.tagging import tag_conversation, untag_conversation
from desk.conversations.team_messages import post_agent_message
from desk.conversations.turns import hold_turn, more_or_done
from desk.db import Database
from desk.demo import seed_demo
from desk.demo_history.write import write_demo_history
from desk.errors import Conflict
from desk.events.log import by_agent
from desk.events.tables import Event
from desk.reports.catalogue import REPORTS
from desk.reports.measures import OPENED
from desk.reports.periods import Period
from desk.reports.read import read_report, read_total
from desk.reports.rebuild import CURSOR, begin_reports, forget_reports
from desk.reports.tables import ReportCell, ReportService, ReportServiceTag
from desk.states import Owner, Status
from desk.tags.tables import Tag
from desk.team.tables import Role
from handoff.pulse import Pulse
from handoff.report_keeper import ReportKeeper
from tests.desk.building import (
    a_new_conversation,
    a_user,
    begin_turn,
    bot_answers,
    customer_writes,
    fresh,
    worked_off,
)

ZONE = ZoneInfo("America/Sao_Paulo")


def around_today() -> Period:
    today = datetime.now(UTC).astimezone(ZONE).date()
    return Period(today - timedelta(days=2), today + timedelta(days=1))


async def counted(database: Database) -> list[ReportService]:
    """The services once the loop has counted the whole log."""
    keeper = ReportKeeper(database, Pulse(database), ZONE)
    await keeper.begin()
    await worked_off(database, keeper)
    async with database.reading() as session:
        query = select(ReportService).order_by(ReportService.id)
        return list((await session.execute(query)).scalars())


async def a_whole_service(database: Database) -> Conversation:
    """Asked, taken, answered, returned, taken again, tagged, resolved, rated, asked once more."""
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session, "ana@demo.ponte", Role.SUPERVISOR)
        tag = Tag(name="VIP", folded="vip", created_at=datetime.now(UTC))
        session.add(tag)
    await customer_writes(database, conversation, "Preciso de ajuda")
    await bot_answers(database, conversation, "Vou ver.")
    async with database.transaction() as session:
        await claim(session, conversation.id, ana)
    await customer_writes(database, conversation, "Alguém aí?")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await more_or_done(session, await hold_turn(session, lease, turn))
    async with database.transaction() as session:
        await post_agent_message(session, conversation.id, ana, text="Oi!")
    async with database.transaction() as session:
        await return_to_queue(session, conversation.id, by_agent(ana.id))
    async with database.transaction() as session:
        await claim(session, conversation.id, ana)
    async with database.transaction() as session:
        held = await session.get_one(Conversation, conversation.id)
        await tag_conversation(session, held, tag, by_agent(ana.id))
        await set_status(session, conversation.id, Status.WAITING, by_agent(ana.id))
    async with database.transaction() as session:
        await set_status(session, conversation.id, Status.RESOLVED, by_agent(ana.id))
    async with database.transaction() as session:
        held = await session.get_one(Conversation, conversation.id)
        await rate_service(session, held, None, 1)
        await rate_service(session, held, None, 5)  # Corrected: one service has one rating.
        assert len((await session.execute(select(Rating))).scalars().all()) == 1
    await bot_answers(database, conversation, "Obrigada!")
    await customer_writes(database, conversation, "Voltou o problema")
    await bot_answers(database, conversation, "Vamos ver.")
    async with database.transaction() as session:
        held = await session.get_one(Conversation, conversation.id)
        await untag_conversation(session, held, tag, by_agent(ana.id))
    return conversation


async def test_what_the_desk_does_is_what_the_reports_count(database: Database) -> None:
    conversation = await a_whole_service(database)
    first, second = await counted(database)
    assert (first.number, second.number) == (1, 2)
    assert (first.status, first.score, first.transfers) == (Status.RESOLVED, 5, 0)
    assert (first.handoff_reason, first.agent_id) == ("team", 1)
    assert first.first_response_at is not None
    # Taken straight from the bot it returned to the first queue: the event names it.
    assert first.queue_id == (await fresh(database, conversation)).queue_id is not None
    assert (second.status, second.handed_off_at, second.agent_id) == (Status.OPEN, None, None)
    async with database.reading() as session:
        history = await conversation_history(session, conversation)
        tags = (await session.execute(select(ReportServiceTag))).scalars().all()
        assert [each.service_id for each in tags] == [first.id]
        named = {
            "open": ("open_ms", "conversation.created"),
            "waiting": ("waiting_ms", "conversation.status_changed"),
        }
        for status, (column, kind) in named.items():
            entry = next(
                each
                for each in history
                if each.event.kind == kind
                and each.event.data.get("after", each.event.data.get("status")) == status
            )
            assert abs(getattr(first, column) / 1000 - entry.seconds) < 0.01
        total = await read_total(session, REPORTS["services"], around_today(), {}, ZONE)
        assert total == {"opened": 2, "reopened": 1, "resolved": 1, "closed": 0}
        assert (await fresh(database, conversation)).owner is Owner.BOT


async def test_several_processes_and_a_restart_count_each_event_once(database: Database) -> None:
    await a_whole_service(database)
    keepers = [ReportKeeper(database, Pulse(database), ZONE) for _ in range(3)]
    await asyncio.gather(*(keeper.begin() for keeper in keepers))
    await asyncio.gather(*(keeper.step() for keeper in keepers))
    await counted(database)
    async with database.reading() as session:
        opened = select(ReportCell.number).where(
            ReportCell.dimension == "all", ReportCell.measure == OPENED
        )
        assert sum((await session.execute(opened)).scalars()) == 2


async def test_the_reports_can_be_counted_anew(database: Database) -> None:
    await a_whole_service(database)
    before = [(each.number, each.open_ms) for each in await counted(database)]
    async with database.transaction() as session:
        await forget_reports(session)
    async with database.reading() as session:
        assert (await session.execute(select(ReportCell).limit(1))).first() is None
    assert [(each.number, each.open_ms) for each in await counted(database)] == before


async def test_an_empty_desk_has_empty_reports(database: Database) -> None:
    async with database.transaction() as session:
        await begin_reports(session)
        await begin_reports(session)
    assert CURSOR == "reports"
    async with database.reading() as session:
        for report in REPORTS.values():
            for by in ("day", "hour", "company", "tag"):
                table = await read_report(session, report, around_today(), by, {}, ZONE)
                assert not any(any(row.values.values()) for row in table.rows)
                filtered = await read_report(
                    session, report, around_today(), by, {"company": 1}, ZONE
                )
                assert not any(filtered.total.values())


async def test_the_history_of_the_demo_is_as_if_it_had_happened(database: Database) -> None:
    now = datetime.now(UTC)
    async with database.transaction() as session:
        await seed_demo(session, "senha-da-demo")
    async with database.transaction() as session:
        await write_demo_history(session, now, ZONE, days=9)
    services = await counted(database)
    newest = {each.conversation_id: each for each in services}
    async with database.reading() as session:
        talks = (await session.execute(select(Conversation))).scalars().all()
        events = (await session.execute(select(Event).order_by(Event.seq))).scalars().all()
        for talk in talks:
            service = newest[talk.id]
            assert service.status is talk.status
            assert service.channel_id == talk.channel_id
            assert (service.ended_at is None) == (talk.status.value not in ("resolved", "closed"))
            history = await conversation_history(session, talk)
            assert history[-1].event.at <= now
    assert len(newest) == len(talks) > 20
    assert all(one.at <= two.at for one, two in pairwise(events))
    async with database.transaction() as session:
        with pytest.raises(Conflict, match="Já há conversas"):
            await write_demo_history(session, now, ZONE, days=9)
