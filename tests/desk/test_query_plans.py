"""Lists and searches walk indexes on both databases, however many conversations there are."""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.sending import due_campaigns
from desk.channels.receipts import unread_receipts
from desk.conversations.delivery import due_deliveries
from desk.conversations.filters import Filters
from desk.conversations.levels.marking import clocks_to_mark
from desk.conversations.listing import count_views, list_conversations, still_listed
from desk.conversations.rules.fire import due_timers
from desk.db import Database
from desk.states import Status
from desk.webhooks.sending import due_endpoints
from tests.desk.office import Office
from tests.desk.test_listing import copy_conversation

NOW = datetime.now(UTC)
WHOLE_TABLES = re.compile(
    r"(?:SCAN|Seq Scan on) "
    r"(?:conversations|messages|message_words|contact_words|contacts)\b(?! USING)"
)
# The few rows that branches gave are sorted to be merged; no branch itself is.
SORTED = re.compile(r"(?:SCAN|SEARCH) conversations [^\n]*\nUSE TEMP B-TREE FOR ORDER BY")
Statement = tuple[str, Any]

LISTS = {
    "all": Filters(),
    "open": Filters(statuses=(Status.OPEN,)),
    "closed": Filters(statuses=(Status.CLOSED,)),
    "several statuses": Filters(statuses=(Status.RESOLVED, Status.CLOSED)),
    "queue": Filters(view="queue", sort="priority"),
    "mine": Filters(view="mine"),
    "mine, ended": Filters(view="mine", statuses=(Status.RESOLVED,)),
    "team": Filters(view="team"),
    "bot": Filters(view="bot"),
    "longest wait": Filters(sort="waiting"),
    "by priority": Filters(sort="priority"),
    "due first": Filters(sort="deadline"),
    "with a deadline": Filters(level="any"),
    "late": Filters(level="late"),
    "a queue": Filters(queue_id=1),
    "an agent": Filters(assignee_id=1),
    "a channel": Filters(channel_id=1),
    "a company": Filters(company_id=1),
    "a tag": Filters(tag_id=1),
    "urgent": Filters(priority=2),
    "dissatisfied": Filters(sentiment=-1),
    "unread": Filters(unread=True),
    "mentioned": Filters(mentioned=True),
    "dates": Filters(since=NOW - timedelta(days=2), until=NOW - timedelta(days=1)),
    "opened": Filters(opened=True, since=NOW - timedelta(days=2), until=NOW - timedelta(days=1)),
    "search": Filters(q="boleto venc"),
    "search by number": Filters(q="#123", statuses=(Status.OPEN,)),
}
IN_ORDER = ("all", "open", "closed", "several statuses", "a queue", "an agent", "a channel")
"""Lists that can be half of the table: they are walked, never sorted."""


@pytest.fixture
async def office(database: Database) -> Office:
    office = await Office(database).open()
    async with database.transaction() as session:
        for original in office.conversations.values():
            await copy_conversation(session, original, 300)
    async with database.transaction() as session:
        await session.execute(text("ANALYZE" if not database.is_sqlite else "SELECT 1"))
    return office


@contextmanager
def statements_of(database: Database) -> Iterator[list[Statement]]:
    """Every statement that is run meanwhile, with its parameters."""
    seen: list[Statement] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def plan_of(database: Database, statement: Statement) -> str:
    """What the database would do; PostgreSQL reads a small table whole unless told not to."""
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    async with database.engine.connect() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = await connection.exec_driver_sql(explain + statement[0], statement[1])
        return "\n".join(str(row[-1]) for row in rows)


async def test_no_list_reads_a_whole_table(office: Office) -> None:
    for name, filters in LISTS.items():
        for user in ("sueli", "ana"):
            viewer = office.users[user]
            with statements_of(office.database) as statements:
                async with office.database.reading() as session:
                    page = await list_conversations(session, viewer, filters, limit=2)
                    if page.next_cursor:
                        await list_conversations(session, viewer, filters, page.next_cursor, 2)
                    await still_listed(session, viewer, filters, ["a", "b"])
            assert len(statements) < 30
            for statement in statements:
                plan = await plan_of(office.database, statement)
                assert not WHOLE_TABLES.search(plan), f"{name}, {user}\n{statement[0]}\n{plan}"


async def test_what_may_be_half_of_the_table_is_walked_in_order(office: Office) -> None:
    database = office.database
    if not database.is_sqlite:
        return  # PostgreSQL has statistics, and sorts a small table because it is small.
    for name in IN_ORDER:
        for user in ("sueli", "ana"):
            with statements_of(database) as statements:
                async with database.reading() as session:
                    await list_conversations(session, office.users[user], LISTS[name], limit=2)
            walks = [each for each in statements if "ORDER BY conversations.last_mess" in each[0]]
            assert walks
            for statement in walks:
                plan = await plan_of(database, statement)
                assert not SORTED.search(plan), f"{name}\n{plan}"


async def test_counting_is_one_statement_and_reads_indexes(office: Office) -> None:
    for user in ("sueli", "ana"):
        with statements_of(office.database) as statements:
            async with office.database.reading() as session:
                await count_views(session, office.users[user], "team")
        assert len(statements) <= 2
        for statement in statements:
            plan = await plan_of(office.database, statement)
            assert not WHOLE_TABLES.search(plan), f"{user}\n{statement[0]}\n{plan}"


@pytest.mark.parametrize(
    ("look", "index"),
    [
        (due_deliveries, "ix_messages_outbox_id"),
        (unread_receipts, "ix_receipts_received_id"),
        (clocks_to_mark, "ix_service_clocks_look_at"),
        (due_timers, "ix_rule_timers_due_at"),
        (due_campaigns, "ix_campaigns_next_at"),
        (due_endpoints, "ix_webhook_deliveries_due_at"),
    ],
)
async def test_what_loops_ask_each_second_reads_only_what_waits(
    database: Database,
    look: Callable[[AsyncSession], Awaitable[object]],
    index: str,
) -> None:
    with statements_of(database) as statements:
        async with database.reading() as session:
            await look(session)
    (statement,) = statements
    assert index in await plan_of(database, statement)
