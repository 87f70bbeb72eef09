"""The audit log: found by kind, person and day, page by page."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from desk.db import Database
from desk.events.audit import KINDS, AuditFilters, list_audit, walk_audit
from desk.events.changes import Changes, apply_changes, record_changes
from desk.events.log import BOT, by_agent, record_event
from desk.events.tables import Event
from tests.desk.building import a_user

NOW = datetime.now(UTC)
ROOT = Path(__file__).parents[2]
_RECORDED = re.compile(r'record_(?:event|changes|many)\(\s*session,\s*"([a-z_]+\.[a-z_]+)"')
# What the machine or a customer does by itself: seen in the conversation, nothing to account for.
NOBODYS_DEED = {
    "bot.failed",
    "contact.code_sent",
    "conversation.mood_changed",
    "conversation.rated",
    "conversation.rating_commented",
    "delivery.changed",
    "message.created",
    "message.edit_failed",
    "note.mention_seen",
    "ticket.rated",
}


async def _fill(database: Database) -> None:
    """Ten days, oldest first: each day a tag of person 1, a queue of 2, a hundred noises."""
    async with database.transaction() as session:
        for day in range(10):
            await record_event(session, "tag.created", by_agent(1), id=day)
            await record_event(session, "queue.changed", by_agent(2), id=day)
            for _ in range(20):
                await record_event(session, "message.created", BOT)
        for seq in range(1, 221):
            at = NOW - timedelta(days=9 - (seq - 1) // 22)
            await session.execute(update(Event).where(Event.seq == seq).values(at=at))


async def test_what_nobody_did_is_left_out_and_pages_go_on_without_a_gap(
    database: Database,
) -> None:
    await _fill(database)
    seen, cursor = [], None
    async with database.reading() as session:
        for _ in range(4):
            page = await list_audit(session, AuditFilters(), cursor, limit=6)
            seen += [event.seq for event in page.rows]
            cursor = page.next_cursor
    assert cursor is None
    assert len(seen) == 20
    assert seen == sorted(set(seen), reverse=True)


async def test_days_kinds_and_people_narrow_it(database: Database) -> None:
    await _fill(database)
    since, until = NOW - timedelta(days=4, hours=1), NOW - timedelta(days=1, hours=1)
    async with database.reading() as session:
        days = await list_audit(session, AuditFilters(since=since, until=until))
        tags = await list_audit(session, AuditFilters(kinds=["tag.created"]))
        theirs = await list_audit(session, AuditFilters(user_id=2, since=since))
        all_of_it = [event.seq async for event in walk_audit(session, AuditFilters(user_id=1))]
    assert {event.data["id"] for event in days.rows} == {5, 6, 7}
    assert len(tags.rows) == 10
    assert [event.data["id"] for event in theirs.rows] == [9, 8, 7, 6, 5]
    assert len(all_of_it) == 10


async def test_a_change_tells_values_but_not_those_about_people(database: Database) -> None:
    async with database.transaction() as session:
        ana = await a_user(session)
        changes = apply_changes(ana, {"name": "Ana Maria", "capacity": 3, "active": True})
        await record_changes(
            session, "user.changed", by_agent(1), ana.id, changes, personal=["name"]
        )
        await record_changes(session, "user.changed", by_agent(1), ana.id, Changes())
        page = await list_audit(session, AuditFilters(kinds=["user.changed"]))
    (event,) = page.rows
    assert event.data["fields"] == ["capacity", "name"]
    assert (event.data["before"], event.data["after"]) == ({"capacity": 8}, {"capacity": 3})


def test_every_kind_of_event_is_in_the_log_or_known_to_be_none_of_its() -> None:
    recorded = {
        kind
        for folder in ("desk", "handoff", "actions")
        for path in (ROOT / folder).rglob("*.py")
        for kind in _RECORDED.findall(path.read_text("utf-8"))
    }
    assert len(recorded) > 30
    assert recorded - KINDS - NOBODYS_DEED == set()
