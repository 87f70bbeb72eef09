"""The inbox's address: what it says is understood, written alike, and never an error."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from desk.states import Status
from handoff.console.inbox_state import InboxState

ZONE = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    "query",
    [
        "view=queue",
        "view=all&status=open&status=waiting&sort=waiting",
        "view=mine&q=nota+fiscal&queue=2&tag=7",
        "view=team&priority=2&sentiment=negative&unread=1&mentioned=1",
        "view=all&since=2026-01-31&until=2026-02-01&dates=opened",
    ],
)
def test_an_address_is_read_and_written_alike(query: str) -> None:
    assert InboxState.parse(query).query == query


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", "view=queue"),
        ("view=tudo&status=aberto&sort=up", "view=queue"),
        ("view=all&status=open,closed,open", "view=all&status=open&status=closed"),
        ("queue=-1&tag=0&company=99999999999999&channel=²&agent=x", "view=queue"),
        ("since=ontem&until=2026-02-30&dates=opened", "view=queue"),
        ("q=%00+oi+%20", "view=queue&q=oi"),
        ("priority=9&sentiment=1&unread=yes", "view=queue"),
    ],
)
def test_what_is_not_understood_counts_as_not_set(query: str, read: str) -> None:
    assert InboxState.parse(query).query == read


def test_the_last_day_is_a_whole_day_where_the_desk_is() -> None:
    filters = InboxState.parse("since=2026-03-01&until=2026-03-01").filters(ZONE)
    assert filters.since == datetime(2026, 3, 1, tzinfo=ZONE)
    assert filters.until == datetime(2026, 3, 2, tzinfo=ZONE)


def test_the_queue_has_its_own_order_and_a_chosen_one_wins() -> None:
    assert InboxState.parse("view=queue").order == "priority"
    assert InboxState.parse("view=mine").order == "recent"
    assert InboxState.parse("view=queue&sort=recent").order == "recent"


def test_a_filter_can_be_taken_away_and_the_others_stay() -> None:
    state = InboxState.parse("view=all&status=open&q=oi&tag=3")
    assert state.without("tag").query == "view=all&status=open&q=oi"
    assert state.with_statuses(Status.CLOSED).query == "view=all&status=closed&q=oi&tag=3"
    assert state.at("mine").query == "view=mine&status=open&q=oi&tag=3"
    assert state.is_narrowed
    assert not InboxState.parse("view=all&status=open").is_narrowed
