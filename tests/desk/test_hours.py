"""When a queue is open, and how long that was."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.db import Database
from desk.errors import Conflict, Invalid
from desk.events.log import SYSTEM, by_agent
from desk.hours.calendars import (
    CalendarDraft,
    add_calendar,
    calendar_of_queue,
    change_calendar,
    list_calendars,
    remove_calendar,
)
from desk.hours.clock import business_seconds, is_open, next_opening
from desk.hours.holidays import holidays_between, optional_days
from desk.hours.tables import BusinessCalendar
from tests.desk.building import a_queue, recorded_after

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
WORKDAYS = {str(day): [["08:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}


def a_calendar(**values: object) -> BusinessCalendar:
    """Monday to Friday, eight to six with an hour for lunch, in São Paulo."""
    plain: dict[str, object] = {
        "name": "Comercial",
        "timezone": "America/Sao_Paulo",
        "state": "",
        "city": "",
        "week": WORKDAYS,
        "own_holidays": [],
        "worked_holidays": [],
    }
    return BusinessCalendar(**(plain | values))


def at(day: str, clock: str = "00:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=SAO_PAULO)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2026-03-02", "07:59", False),
        ("2026-03-02", "08:00", True),
        ("2026-03-02", "12:00", False),
        ("2026-03-02", "13:00", True),
        ("2026-03-02", "18:00", False),
        ("2026-03-07", "10:00", False),
        ("2026-09-07", "10:00", False),  # a national holiday on a Monday
    ],
)
def test_a_calendar_is_open_in_its_spans_and_on_no_holiday(
    day: str, clock: str, expected: bool
) -> None:
    assert is_open(a_calendar(), at(day, clock)) is expected


def test_without_a_calendar_it_is_always_open() -> None:
    start = at("2026-12-25", "03:00")
    assert is_open(None, start)
    assert next_opening(None, start) == start
    assert business_seconds(None, start, start + timedelta(hours=2)) == 7200


def test_state_and_city_add_their_own_holidays() -> None:
    revolution, anniversary = at("2026-07-09", "10:00"), at("2027-01-25", "10:00")
    assert is_open(a_calendar(), revolution)
    assert not is_open(a_calendar(state="SP"), revolution)
    assert is_open(a_calendar(state="SP"), anniversary)
    assert not is_open(a_calendar(state="SP", city="São Paulo"), anniversary)


def test_a_calendar_adds_holidays_and_works_on_others() -> None:
    own = [{"date": "03-02", "name": "Padroeira"}, {"date": "2026-03-03", "name": "Inventário"}]
    calendar = a_calendar(own_holidays=own, worked_holidays=["2026-09-07"])
    assert not is_open(calendar, at("2026-03-02", "10:00"))
    assert not is_open(calendar, at("2026-03-03", "10:00"))
    assert is_open(calendar, at("2027-03-03", "10:00"))
    assert is_open(calendar, at("2026-09-07", "10:00"))
    told = holidays_between(calendar, date(2026, 3, 1), date(2026, 9, 30))
    assert [(each.day.isoformat(), each.is_own) for each in told if each.is_own] == [
        ("2026-03-02", True),
        ("2026-03-03", True),
    ]
    assert [each.day.isoformat() for each in told if each.is_worked] == ["2026-09-07"]


def test_days_that_no_law_closes_can_be_offered() -> None:
    assert optional_days(2026)[date(2026, 2, 17)] == "Carnaval"


def test_the_next_opening_skips_night_weekend_and_holidays() -> None:
    calendar = a_calendar()
    assert next_opening(calendar, at("2026-03-02", "12:30")) == at("2026-03-02", "13:00")
    assert next_opening(calendar, at("2026-03-06", "19:00")) == at("2026-03-09", "08:00")
    assert next_opening(calendar, at("2026-09-04", "20:00")) == at("2026-09-08", "08:00")
    assert next_opening(calendar, at("2026-12-31", "20:00")) == at("2027-01-04", "08:00")
    open_now = at("2026-03-02", "09:17")
    assert next_opening(calendar, open_now) == open_now


def test_a_calendar_that_never_opens_has_no_next_opening() -> None:
    assert next_opening(a_calendar(week={}), at("2026-03-02", "09:00")) is None


def test_midnight_may_end_a_day_and_begin_the_next() -> None:
    calendar = a_calendar(week={"0": [["22:00", "24:00"]], "1": [["00:00", "02:00"]]})
    start = at("2026-03-02", "20:00")
    assert business_seconds(calendar, start, start + timedelta(days=1)) == 4 * 3600
    assert is_open(calendar, at("2026-03-03", "00:00"))


def test_seconds_count_to_the_second_and_not_backwards() -> None:
    calendar = a_calendar()
    start = at("2026-03-02", "11:59") + timedelta(seconds=30)
    assert business_seconds(calendar, start, at("2026-03-02", "13:01")) == 30 + 60
    assert business_seconds(calendar, start, start - timedelta(hours=1)) == 0


ZONES = ("America/Sao_Paulo", "America/Noronha", "America/New_York", "Australia/Lord_Howe", "UTC")
spans = st.lists(st.integers(0, 96), min_size=2, max_size=4, unique=True).map(sorted)


def _day(text: str) -> datetime:
    """Midnight without a zone, as the strategies want it."""
    return datetime.fromisoformat(text)


def _week(days: dict[str, list[int]]) -> dict[str, list[list[str]]]:
    def clock(quarter: int) -> str:
        return f"{quarter // 4:02}:{quarter % 4 * 15:02}"

    return {
        day: [[clock(a), clock(b)] for a, b in zip(marks[::2], marks[1::2], strict=False)]
        for day, marks in days.items()
    }


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    week=st.dictionaries(st.sampled_from("0123456"), spans, min_size=1).map(_week),
    # Brazil changed its clocks at midnight until 2019.
    start=st.one_of(
        st.datetimes(_day("2018-10-30"), _day("2018-11-08")),
        st.datetimes(_day("2019-02-12"), _day("2019-02-20")),
        st.datetimes(_day("2025-12-20"), _day("2026-01-10")),
        st.datetimes(_day("2026-03-05"), _day("2026-04-08")),
    ),
    minutes=st.integers(0, 6000),
)
def test_the_seconds_are_those_that_a_clock_on_the_wall_would_count(
    zone: str, week: dict[str, list[list[str]]], start: datetime, minutes: int
) -> None:
    calendar = a_calendar(timezone=zone, week=week, own_holidays=[{"date": "03-08", "name": "x"}])
    begin = start.replace(second=0, microsecond=0, tzinfo=UTC)
    shut = {each.day for each in holidays_between(calendar, date(2018, 1, 1), date(2026, 12, 31))}
    local = ZoneInfo(zone)
    counted, first_open = 0, None
    for minute in range(minutes):
        instant = (begin + timedelta(minutes=minute)).astimezone(local)
        clock = f"{instant:%H:%M}"
        todays = [] if instant.date() in shut else week.get(str(instant.weekday()), [])
        if any(opens <= clock < closes for opens, closes in todays):
            counted += 60
            first_open = first_open or instant
        assert is_open(calendar, instant) is any(a <= clock < b for a, b in todays)
    assert business_seconds(calendar, begin, begin + timedelta(minutes=minutes)) == counted
    if first_open is not None:
        assert next_opening(calendar, begin) == first_open


@given(
    start=st.datetimes(_day("2025-01-01"), _day("2027-01-01"), timezones=st.just(UTC)),
    parts=st.lists(st.floats(0, 40 * 86400), min_size=1, max_size=5),
)
def test_the_parts_of_a_span_add_up_to_the_whole(start: datetime, parts: list[float]) -> None:
    calendar, total, begin = a_calendar(state="SP"), 0.0, start
    for seconds in parts:
        end = begin + timedelta(seconds=seconds)
        total += business_seconds(calendar, begin, end)
        begin = end
    assert business_seconds(calendar, start, begin) == pytest.approx(total, abs=0.01)


def a_draft(**values: object) -> CalendarDraft:
    return CalendarDraft(**({"name": "Comercial", "week": WORKDAYS} | values))  # type: ignore[arg-type]


async def test_a_calendar_is_added_changed_and_removed_and_the_log_says_so(
    database: Database,
) -> None:
    actor = by_agent(7)
    async with database.transaction() as session:
        made = await add_calendar(session, a_draft(name="  Comercial  "), actor)
    async with database.transaction() as session:
        await change_calendar(session, made.id, a_draft(state="SP", city="São Paulo"), actor)
        await change_calendar(session, made.id, a_draft(state="SP", city="São Paulo"), actor)
    async with database.transaction() as session:
        (found,) = await list_calendars(session)
        assert (found.name, found.city) == ("Comercial", "São Paulo")
        await remove_calendar(session, made.id, actor)
    async with database.reading() as session:
        events = await recorded_after(session, 0)
        assert await list_calendars(session) == []
    assert [event.kind for event in events] == [
        "calendar.created",
        "calendar.changed",
        "calendar.removed",
    ]
    assert events[1].data["fields"] == ["city", "state"]
    assert events[1].data["after"] == {"city": "São Paulo", "state": "SP"}


async def test_a_calendar_that_a_queue_keeps_stays(database: Database) -> None:
    async with database.transaction() as session:
        queue = await a_queue(session)
        assert await calendar_of_queue(session, queue.id) is None
        made = await add_calendar(session, a_draft(), SYSTEM)
        queue.calendar_id = made.id
        await session.flush()
        found = await calendar_of_queue(session, queue.id)
        assert found is not None
        assert found.id == made.id
        with pytest.raises(Conflict, match="Suporte"):
            await remove_calendar(session, made.id, SYSTEM)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": "  "}),
        ("timezone", {"timezone": "America/Atlantida"}),
        ("timezone", {"timezone": "../etc/passwd"}),
        ("state", {"state": "XX"}),
        ("city", {"state": "SP", "city": "Campinas"}),
        ("city", {"state": "RJ", "city": "São Paulo"}),
        ("week", {"week": {}}),
        ("week", {"week": {"7": [["08:00", "09:00"]]}}),
        ("week", {"week": {"0": [["09:00", "08:00"]]}}),
        ("week", {"week": {"0": [["8", "9"]]}}),
        ("week", {"week": {"0": [["08:00", "24:30"]]}}),
        ("week", {"week": {"0": [["08:00", "10:00"], ["09:00", "11:00"]]}}),
        ("week", {"week": {"0": [["08:00"]]}}),
        ("own_holidays", {"own_holidays": [{"date": "02-30", "name": "x"}]}),
        ("own_holidays", {"own_holidays": [{"date": "03-10", "name": " "}]}),
        ("worked_holidays", {"worked_holidays": ["09-07"]}),
        ("worked_holidays", {"worked_holidays": ["2026-02-29"]}),
    ],
)
async def test_what_makes_no_calendar_is_refused_where_it_was_typed(
    database: Database, field: str, values: dict[str, object]
) -> None:
    async with database.transaction() as session:
        with pytest.raises(Invalid) as refused:
            await add_calendar(session, a_draft(**values), SYSTEM)
    assert refused.value.field == field


async def test_two_calendars_have_two_names(database: Database) -> None:
    async with database.transaction() as session:
        await add_calendar(session, a_draft(), SYSTEM)
        with pytest.raises(Invalid) as refused:
            await add_calendar(session, a_draft(name="comercial"), SYSTEM)
    assert refused.value.field == "name"


def test_a_year_costs_little_however_often_it_is_asked_about() -> None:
    calendar = a_calendar(state="SP", city="São Paulo")
    start, end = at("2025-06-01"), at("2026-06-01")
    whole = business_seconds(calendar, start, end)
    assert 240 * 9 * 3600 < whole < 256 * 9 * 3600
    began = datetime.now(UTC)
    for hours in range(2000):
        business_seconds(calendar, start + timedelta(hours=hours), end)
    assert (datetime.now(UTC) - began).total_seconds() < 2
