"""The tables of transitions."""

import pytest

from desk.states import (
    ACTIVE,
    CONVERSATION_STATUS_AFTER,
    ENDED,
    MANUAL_STATUS_CHANGES,
    OWNER_AFTER,
    STATUS_LABELS,
    TICKET_STATUS_AFTER,
    Owner,
    Status,
)


def test_every_status_has_a_name_and_is_active_or_ended() -> None:
    assert set(STATUS_LABELS) == {status.value for status in Status}
    assert set(Status) == ACTIVE | ENDED
    assert not ACTIVE & ENDED


@pytest.mark.parametrize("status", Status)
def test_anybody_may_set_any_other_status_by_hand(status: Status) -> None:
    assert MANUAL_STATUS_CHANGES[status] == set(Status) - {status}


@pytest.mark.parametrize("table", [CONVERSATION_STATUS_AFTER, TICKET_STATUS_AFTER])
def test_what_changes_by_itself_changes(table: dict[tuple[str, Status], Status]) -> None:
    assert all(before is not after for (_, before), after in table.items())


@pytest.mark.parametrize("status", sorted(ENDED))
def test_a_customer_who_writes_opens_what_had_ended(status: Status) -> None:
    assert CONVERSATION_STATUS_AFTER["contact_wrote", status] is Status.OPEN
    assert TICKET_STATUS_AFTER["contact_acted", status] is Status.OPEN


def test_only_a_first_answer_puts_a_conversation_in_service() -> None:
    into_service = [
        key for key, after in CONVERSATION_STATUS_AFTER.items() if after is Status.IN_SERVICE
    ]
    assert into_service == [("agent_replied", Status.OPEN)]


@pytest.mark.parametrize(
    ("happening", "owners"),
    [
        ("hand_off", {Owner.BOT}),
        ("claim", {Owner.BOT, Owner.QUEUE}),  # never from another agent
        ("assign", set(Owner)),
        ("return", {Owner.AGENT}),
        ("move", set(Owner)),
        ("release", {Owner.QUEUE, Owner.AGENT}),
    ],
)
def test_an_owner_changes_only_from_these(happening: str, owners: set[Owner]) -> None:
    assert {before for (name, before) in OWNER_AFTER if name == happening} == owners
