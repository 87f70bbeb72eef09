"""Service levels: clocks in business time that survive what happens to conversations."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from desk.conversations.filters import Filters
from desk.conversations.find import lock_conversation
from desk.conversations.levels.follow import CLOCK_KINDS, clocks_of, follow_events
from desk.conversations.levels.kept import promises_kept, walk_judged
from desk.conversations.levels.marking import clocks_to_mark, mark_clock
from desk.conversations.levels.standing import LevelState, most_urgent, standings_of
from desk.conversations.levels.tables import ClockKind, ServiceClock
from desk.conversations.levels.targets import LevelValues, level_of, set_level
from desk.conversations.listing import list_conversations
from desk.conversations.ownership import (
    assign_to_queue,
    claim,
    hand_off,
    release,
    set_priority,
    set_status,
)
from desk.conversations.priority import HIGH, URGENT
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import add_note, post_agent_message
from desk.db import Database
from desk.events.log import BOT, SYSTEM, by_agent, by_contact
from desk.events.tables import Event
from desk.hours.calendars import CalendarDraft, add_calendar, change_calendar
from desk.hours.clock import after_business_seconds, business_seconds
from desk.hours.tables import BusinessCalendar
from desk.states import Status
from desk.team.queue_settings import change_queue, queue_values
from desk.team.tables import Queue, Role
from tests.desk.building import a_queue, customer_writes
from tests.desk.waiting import WaitingDesk

FIRST, NEXT, RESOLUTION = ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE, ClockKind.RESOLUTION
PROMISE = LevelValues(
    first_response_normal=60,
    first_response_urgent=10,
    next_response_normal=30,
    resolution_normal=480,
)
WEEKDAYS = {str(day): [["08:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}


class Service:
    """The queue Suporte with its promise, and the loop that keeps the clocks."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.desk = WaitingDesk(database)
        self._seq = 0
        self.begun = datetime.now(UTC)

    async def open(self, promise: LevelValues = PROMISE) -> "Service":
        await self.desk.open("ana")
        await self.desk.join("sueli", Role.SUPERVISOR, ())
        await self.promise(promise)
        return self

    async def promise(self, promise: LevelValues) -> None:
        async with self.database.transaction() as session:
            await set_level(session, self.desk.queue, promise, SYSTEM)

    async def follow(self) -> None:
        """What the loop does with the events that it has not read yet."""
        async with self.database.transaction() as session:
            query = select(Event).where(Event.seq > self._seq, Event.kind.in_(CLOCK_KINDS))
            events = (await session.execute(query.order_by(Event.seq))).scalars().all()
            await follow_events(session, events)
            self._seq = max([self._seq, *(event.seq for event in events)])

    async def arrives(self, name: str = "maria") -> Conversation:
        """The bot hands a customer over."""
        await self.desk.wait(name)
        await self.follow()
        return self.desk.conversations[name]

    async def answers(self, conversation: Conversation) -> None:
        ana = self.desk.users["ana"]
        async with self.database.transaction() as session:
            await claim(session, conversation.id, ana)
            await post_agent_message(session, conversation.id, ana, text="Oi, já vejo isso.")
        await self.follow()

    async def status(self, conversation: Conversation, status: Status) -> None:
        async with self.database.transaction() as session:
            ana = by_agent(self.desk.users["ana"].id)
            await set_status(session, conversation.id, status, ana)
        await self.follow()

    async def passed(self, conversation: Conversation, minutes: float) -> None:
        """So much time goes by for the clocks that count: all they know lies further back."""
        back = timedelta(minutes=minutes)
        async with self.database.transaction() as session:
            for clock in (await clocks_of(session, conversation.id)).values():
                clock.started_at -= back
                for name in ("counted_from", "due_at", "look_at", "warned_at", "breached_at"):
                    at = getattr(clock, name)
                    if at is not None and clock.counted_from is not None:
                        setattr(clock, name, at - back)

    async def mark(self) -> list[str]:
        """What the loop does when a moment has come; the marks, as kind and clock."""
        async with self.database.reading() as session:
            due = await clocks_to_mark(session)
        for clock_id in due:
            async with self.database.transaction() as session:
                await mark_clock(session, clock_id, CLOCK_KINDS, self._seq)
        return await self.marks()

    async def marks(self) -> list[str]:
        async with self.database.reading() as session:
            query = select(Event).where(Event.kind.like("service_level._%ed"))
            events = (await session.execute(query.order_by(Event.seq))).scalars().all()
        told = [event for event in events if "clock" in event.data]
        return [f"{event.kind.partition('.')[2]} {event.data['clock']}" for event in told]

    async def running(self, conversation: Conversation) -> dict[ClockKind, ServiceClock]:
        async with self.database.reading() as session:
            return await clocks_of(session, conversation.id)

    async def ended(self, conversation: Conversation) -> list[tuple[ClockKind, str]]:
        async with self.database.reading() as session:
            query = select(ServiceClock).where(
                ServiceClock.conversation_id == conversation.id, ServiceClock.ended_at.is_not(None)
            )
            clocks = (await session.execute(query.order_by(ServiceClock.id))).scalars().all()
        return [(clock.kind, clock.outcome) for clock in clocks]

    async def minutes_left(self, conversation: Conversation, kind: ClockKind) -> float:
        due = (await self.running(conversation))[kind].due_at
        assert due is not None
        return round((due - datetime.now(UTC)).total_seconds() / 60, 1)


@pytest.fixture
async def service(database: Database) -> Service:
    return await Service(database).open()


async def test_who_waits_for_a_person_is_promised_an_answer_and_an_end(service: Service) -> None:
    maria = await service.arrives()
    clocks = await service.running(maria)
    assert set(clocks) == {FIRST, RESOLUTION}
    assert clocks[FIRST].target_seconds == 3600
    assert 59 < await service.minutes_left(maria, FIRST) <= 60
    assert (await service.desk.one("maria")).service_due_at == clocks[FIRST].due_at


async def test_the_answer_of_a_person_ends_the_first_clock_and_each_question_starts_another(
    service: Service,
) -> None:
    maria = await service.arrives()
    await service.answers(maria)
    assert await service.ended(maria) == [(FIRST, "met")]
    assert set(await service.running(maria)) == {RESOLUTION}
    for text in ("não entendi", "alô?"):
        await customer_writes(service.database, maria, text)
    await service.follow()
    assert set(await service.running(maria)) == {NEXT, RESOLUTION}
    await service.answers(maria)
    await service.status(maria, Status.RESOLVED)
    assert set(await service.ended(maria)) == {(FIRST, "met"), (NEXT, "met"), (RESOLUTION, "met")}
    assert await service.running(maria) == {}
    assert (await service.desk.one("maria")).service_due_at is None


async def test_a_note_is_no_answer(service: Service) -> None:
    maria = await service.arrives()
    async with service.database.transaction() as session:
        await add_note(session, maria.id, service.desk.users["ana"], "cliente antiga")
    await service.follow()
    assert FIRST in await service.running(maria)


async def test_while_the_bot_has_it_no_clock_runs(service: Service) -> None:
    maria = await service.arrives()
    async with service.database.transaction() as session:
        await release(session, maria.id, by_agent(service.desk.users["sueli"].id))
    await service.follow()
    await customer_writes(service.database, maria, "oi de novo")
    await service.follow()
    assert await service.running(maria) == {}
    assert {outcome for _, outcome in await service.ended(maria)} == {"withdrawn"}


async def test_somebody_is_warned_before_and_it_is_marked_after_once_each(
    service: Service,
) -> None:
    maria = await service.arrives()
    assert await service.mark() == []
    await service.passed(maria, 50)
    assert await service.mark() == ["warned first_response"]
    assert await service.mark() == ["warned first_response"]
    await service.passed(maria, 11)
    assert await service.mark() == ["warned first_response", "breached first_response"]
    assert await service.mark() == ["warned first_response", "breached first_response"]
    async with service.database.reading() as session:
        standing = (await most_urgent(session, [maria.id]))[maria.id]
    assert (standing.kind, standing.state) == (FIRST, LevelState.LATE)
    await service.answers(maria)
    assert await service.ended(maria) == [(FIRST, "missed")]


async def test_an_answer_that_came_in_time_is_not_marked_though_the_loop_reads_it_late(
    service: Service,
) -> None:
    maria = await service.arrives()
    ana = service.desk.users["ana"]
    async with service.database.transaction() as session:
        await claim(session, maria.id, ana)
        await post_agent_message(session, maria.id, ana, text="Oi!")
        await session.execute(
            update(ServiceClock)
            .where(ServiceClock.kind == FIRST)
            .values(look_at=datetime.now(UTC), warned_at=datetime.now(UTC))
        )
    assert await service.mark() == []
    await service.follow()
    assert await service.ended(maria) == [(FIRST, "met")]


async def test_an_answer_after_the_deadline_is_missed_though_nobody_looked_in_between(
    service: Service,
) -> None:
    maria = await service.arrives()
    await service.passed(maria, 75)
    await service.answers(maria)
    assert await service.ended(maria) == [(FIRST, "missed")]
    assert await service.marks() == ["breached first_response"]


async def test_waiting_for_the_customer_stops_the_clocks_and_going_on_resumes_them(
    service: Service,
) -> None:
    maria = await service.arrives()
    await service.answers(maria)
    await service.passed(maria, 100)
    await service.status(maria, Status.WAITING)
    await service.passed(maria, 5000)
    paused = (await service.running(maria))[RESOLUTION]
    assert (paused.due_at, paused.look_at) == (None, None)
    assert round(paused.used_seconds / 60) == 100
    assert (await service.desk.one("maria")).service_due_at is None
    await service.status(maria, Status.IN_SERVICE)
    assert await service.minutes_left(maria, RESOLUTION) == pytest.approx(380, abs=1)


async def test_a_customer_who_writes_while_waiting_is_owed_an_answer(service: Service) -> None:
    maria = await service.arrives()
    await service.status(maria, Status.WAITING)
    assert (await service.running(maria))[FIRST].due_at is None
    await customer_writes(service.database, maria, "mandei os documentos")
    await service.follow()
    clocks = await service.running(maria)
    assert clocks[FIRST].due_at is not None
    assert clocks[RESOLUTION].due_at is None


async def test_where_the_setting_says_so_waiting_counts(service: Service) -> None:
    await service.promise(PROMISE.model_copy(update={"pauses_while_waiting": False}))
    maria = await service.arrives()
    await service.status(maria, Status.WAITING)
    assert (await service.running(maria))[RESOLUTION].due_at is not None


async def test_another_priority_has_its_own_deadline_less_what_was_used(service: Service) -> None:
    maria = await service.arrives()
    await service.passed(maria, 4)
    async with service.database.transaction() as session:
        await set_priority(session, maria.id, URGENT, SYSTEM)
    await service.follow()
    assert await service.minutes_left(maria, FIRST) == pytest.approx(6, abs=0.5)
    assert await service.minutes_left(maria, RESOLUTION) == pytest.approx(476, abs=0.5)
    async with service.database.transaction() as session:
        await set_priority(session, maria.id, HIGH, SYSTEM)
    await service.follow()
    assert await service.minutes_left(maria, FIRST) == pytest.approx(56, abs=0.5)


async def test_another_queue_has_its_own_promise_and_what_was_missed_stays_so(
    service: Service,
) -> None:
    maria = await service.arrives()
    async with service.database.transaction() as session:
        other = await a_queue(session, "financeiro", position=1)
        await set_level(session, other, LevelValues(first_response_normal=90), SYSTEM)
    await service.passed(maria, 70)
    await service.mark()
    async with service.database.transaction() as session:
        await assign_to_queue(session, maria.id, other, SYSTEM)
    await service.follow()
    clocks = await service.running(maria)
    assert clocks[FIRST].breached_at is not None
    assert clocks[FIRST].target_seconds == 90 * 60
    assert await service.minutes_left(maria, FIRST) == pytest.approx(20, abs=0.5)
    assert clocks[RESOLUTION].due_at is None  # The other queue promises no end.


async def test_a_reopened_service_begins_anew(service: Service) -> None:
    maria = await service.arrives()
    await service.answers(maria)
    await service.status(maria, Status.RESOLVED)
    async with service.database.transaction() as session:
        held = await lock_conversation(session, maria.id)
        await hand_off(session, held, BOT, queue_id=service.desk.queue.id, reason="asked")
    await service.follow()
    clocks = await service.running(maria)
    assert set(clocks) == {FIRST, RESOLUTION}
    assert clocks[FIRST].used_seconds == 0
    assert await service.minutes_left(maria, FIRST) > 59


async def test_a_promise_made_later_counts_from_when_the_customer_came(service: Service) -> None:
    await service.promise(LevelValues())
    maria = await service.arrives()
    assert (await service.running(maria))[FIRST].due_at is None
    await service.passed(maria, 20)
    await service.promise(PROMISE)
    await service.follow()
    assert await service.minutes_left(maria, FIRST) == pytest.approx(40, abs=0.5)
    await service.promise(LevelValues())
    await service.follow()
    await service.answers(maria)
    assert await service.ended(maria) == []  # What was not promised is forgotten.


async def test_a_corrected_promise_is_judged_anew(service: Service) -> None:
    await service.promise(LevelValues(first_response_normal=1))
    maria = await service.arrives()
    await service.passed(maria, 5)
    await service.mark()
    await service.promise(PROMISE)
    await service.follow()
    assert (await service.running(maria))[FIRST].breached_at is None
    await service.answers(maria)
    assert await service.ended(maria) == [(FIRST, "met")]


async def test_other_hours_move_the_deadlines_of_who_waits(service: Service) -> None:
    maria = await service.arrives()
    now = datetime.now(UTC)
    closed_today = {str(day): [["00:00", "24:00"]] for day in range(7) if day != now.weekday()}
    async with service.database.transaction() as session:
        draft = CalendarDraft(name="Todo dia", week=closed_today, timezone="UTC")
        calendar = await add_calendar(session, draft, SYSTEM)
        values = await queue_values(session, service.desk.queue)
        changed = values.model_copy(update={"calendar_id": calendar.id})
        queue = await session.get_one(Queue, service.desk.queue.id)
        await change_queue(session, queue, changed, SYSTEM)
    await service.follow()
    due = (await service.running(maria))[FIRST].due_at
    assert due is not None
    assert due.date() > now.date()
    async with service.database.transaction() as session:
        every_day = {str(day): [["00:00", "24:00"]] for day in range(7)}
        draft = CalendarDraft(name="Todo dia", week=every_day, timezone="UTC")
        await change_calendar(session, calendar.id, draft, SYSTEM)
    await service.follow()
    after = (await service.running(maria))[FIRST].due_at
    assert after is not None
    assert after < due


async def test_the_most_urgent_is_first_in_the_list_that_asks_for_it(service: Service) -> None:
    for name in ("um", "dois", "tres"):
        await service.arrives(name)
    await service.passed(service.desk.conversations["dois"], 30)
    await service.answers(service.desk.conversations["um"])
    async with service.database.transaction() as session:
        for name in ("um", "dois", "tres"):
            clocks = await clocks_of(session, service.desk.conversations[name].id)
            due = min(clock.due_at for clock in clocks.values() if clock.due_at)
            await session.execute(
                update(Conversation)
                .where(Conversation.id == service.desk.conversations[name].id)
                .values(service_due_at=due)
            )
    names: list[str] = []
    cursor = None
    while True:
        async with service.database.reading() as session:
            page = await list_conversations(
                session, service.desk.users["sueli"], Filters(sort="deadline"), cursor, 1
            )
        names += [row.contact_name for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == ["dois", "tres", "um"]
    async with service.database.reading() as session:
        late = await list_conversations(
            session, service.desk.users["sueli"], Filters(level="late"), None, 10
        )
        timed = await list_conversations(
            session, service.desk.users["sueli"], Filters(level="any"), None, 10
        )
    assert (len(late.rows), len(timed.rows)) == (0, 3)
    assert timed.rows[0].level is not None


async def test_reports_read_what_was_kept_by_queue_and_priority(service: Service) -> None:
    for name, minutes in (("um", 0), ("dois", 90), ("tres", 10)):
        conversation = await service.arrives(name)
        await service.passed(conversation, minutes)
        await service.answers(conversation)
    now = datetime.now(UTC)
    async with service.database.reading() as session:
        (kept,) = await promises_kept(session, service.begun, now + timedelta(minutes=1))
        judged = [
            each async for each in walk_judged(session, service.begun, now + timedelta(minutes=1))
        ]
        assert await promises_kept(session, now - timedelta(days=9), now - timedelta(days=8)) == []
    assert (kept.kind, kept.queue_id, kept.met, kept.missed) == (
        FIRST,
        service.desk.queue.id,
        2,
        1,
    )
    assert [each.met for each in judged] == [True, False, True]
    assert judged[0].agent_id == service.desk.users["ana"].id


async def test_screens_are_told_when_another_deadline_comes_first(service: Service) -> None:
    maria = await service.arrives()
    await service.answers(maria)
    await service.follow()
    async with service.database.reading() as session:
        query = select(Event).where(Event.kind == "service_level.counted").order_by(Event.seq)
        told = (await session.execute(query)).scalars().all()
    due = (await service.running(maria))[RESOLUTION].due_at
    assert due is not None
    assert [event.conversation_id for event in told] == [maria.id, maria.id]
    assert told[1].data == {"due_at": due.isoformat()}


async def test_without_a_promise_nothing_is_told(service: Service) -> None:
    await service.promise(LevelValues())
    maria = await service.arrives()
    await service.answers(maria)
    async with service.database.reading() as session:
        query = select(Event.seq).where(Event.kind == "service_level.counted")
        assert (await session.execute(query)).first() is None


async def test_the_side_panel_tells_what_runs_before_what_is_over(service: Service) -> None:
    maria = await service.arrives()
    await service.answers(maria)
    async with service.database.reading() as session:
        standings = await standings_of(session, maria.id)
    assert [(each.kind, each.state) for each in standings] == [
        (RESOLUTION, LevelState.RUNNING),
        (FIRST, LevelState.MET),
    ]


async def test_a_promise_is_changed_once_and_told_in_the_log(service: Service) -> None:
    before = await _count_changes(service)
    await service.promise(PROMISE)
    assert await _count_changes(service) == before
    await service.promise(PROMISE.model_copy(update={"first_response_normal": 45}))
    assert await _count_changes(service) == before + 1
    async with service.database.reading() as session:
        values = await level_of(session, service.desk.queue.id)
    assert values.target_seconds(FIRST, HIGH) == 45 * 60


def test_a_higher_priority_is_never_promised_less() -> None:
    with pytest.raises(ValueError, match="não pode ser maior"):
        LevelValues(first_response_normal=10, first_response_urgent=20)


@pytest.mark.parametrize("hours", [0.01, 1, 5, 40, 400])
def test_after_so_many_business_seconds_so_many_have_passed(hours: float) -> None:
    calendar = BusinessCalendar(
        name="Comercial",
        week=WEEKDAYS,
        timezone="America/Sao_Paulo",
        state="SP",
        city="",
        own_holidays=[],
        worked_holidays=[],
    )
    start = datetime(2026, 12, 30, 20, 17, tzinfo=UTC)
    due = after_business_seconds(calendar, start, hours * 3600)
    assert due is not None
    assert business_seconds(calendar, start, due) == pytest.approx(hours * 3600, abs=0.01)
    a_moment_before = due - timedelta(seconds=1)
    assert business_seconds(calendar, start, a_moment_before) < hours * 3600


async def _count_changes(service: Service) -> int:
    async with service.database.reading() as session:
        query = select(Event.seq).where(Event.kind == "service_level.changed")
        return len((await session.execute(query)).all())


async def test_who_leaves_the_queue_was_helped_by_nobody(service: Service) -> None:
    maria = await service.arrives()
    async with service.database.transaction() as session:
        await set_status(session, maria.id, Status.RESOLVED, by_contact(maria.contact_id))
    await service.follow()
    assert {outcome for _, outcome in await service.ended(maria)} == {"withdrawn"}
