"""Periods: what may be asked, what it is compared with, and days on which clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.errors import Invalid
from desk.reports.periods import Period, bars_of, fitting, read_period

TODAY = date(2026, 11, 28)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        ("abc", "", "since"),
        ("2026-02-30", "", "since"),
        ("", "20260131", "until"),
        ("2026-05-02", "2026-05-01", "until"),
        ("1999-12-31", "2000-01-31", "since"),
        ("2001-01-01", "2026-01-01", "until"),
    ],
)
def test_a_period_that_is_none_is_refused_where_it_came_in(
    since: str, until: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_period(since, until, TODAY)
    assert refused.value.field == field


def test_thirty_days_until_today_are_the_default() -> None:
    assert read_period("", "", TODAY) == Period(date(2026, 10, 30), TODAY)
    assert read_period("2027-01-05", "", TODAY) == Period(date(2027, 1, 5), date(2027, 1, 5))


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
        (("2026-01-01", "2026-12-31"), ("2025-01-01", "2025-12-31")),
        (("2026-01-01", "2026-03-31"), ("2025-10-01", "2025-12-31")),
        (("2026-03-02", "2026-03-08"), ("2026-02-23", "2026-03-01")),
    ],
)
def test_whole_months_are_compared_with_months_other_days_with_as_many(
    period: tuple[str, str], before: tuple[str, str]
) -> None:
    asked = Period(*(date.fromisoformat(day) for day in period))
    assert asked.before == Period(*(date.fromisoformat(day) for day in before))


def test_a_day_on_which_clocks_change_has_its_own_length() -> None:
    since, until = Period(date(2018, 2, 17), date(2018, 2, 17)).bounds(SAO_PAULO)
    assert until - since == timedelta(hours=25)
    since, until = Period(date(2018, 11, 4), date(2018, 11, 4)).bounds(SAO_PAULO)
    assert until - since == timedelta(hours=23)
    assert since == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_a_long_period_has_coarser_bars() -> None:
    year = Period(date(2020, 1, 1), date(2024, 12, 31))
    assert fitting("day", year) == "week"
    assert fitting("", year) == "year"
    assert len(bars_of(year, "month")) == 60
    assert fitting("agent", year) == "agent"
