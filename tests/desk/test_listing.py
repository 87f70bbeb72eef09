"""Lists: who sees which conversations, in pages that neither skip nor repeat."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.directory import add_company
from desk.contacts.portal_access import HIDDEN
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.access import mark_seen_by_team, visible_conversation
from desk.conversations.filters import SMALL, Filters
from desk.conversations.listing import (
    MOST_COUNTED,
    count_views,
    list_conversations,
    still_listed,
)
from desk.conversations.ownership import claim, set_status
from desk.conversations.sections import read_place, sections_of
from desk.conversations.tables import Conversation, ConversationTag
from desk.conversations.tagging import tag_conversation
from desk.conversations.team_messages import add_note
from desk.db import Database
from desk.errors import Invalid, NotFound
from desk.events.log import by_agent
from desk.states import Status
from desk.tags.tables import Tag
from desk.team.tables import Role
from tests.desk.building import (
    a_channel,
    a_conversation,
    a_used_conversation,
    a_user,
    bot_answers,
    customer_writes,
    fresh,
)
from tests.desk.office import Office

NOW = datetime.now(UTC)
ENDED = (Status.RESOLVED, Status.CLOSED)


@pytest.fixture
async def office(database: Database) -> Office:
    return await Office(database).open()


async def test_an_agent_sees_its_queues_and_its_own_and_a_supervisor_all(office: Office) -> None:
    assert await office.names("ana") == ["ana", "suporte"]
    assert await office.names("bruno") == ["financeiro"]
    assert await office.names("davi") == []
    assert await office.names("sueli") == ["ana", "bot", "financeiro", "suporte"]
    for user, visible in (("bruno", {"financeiro"}), ("sueli", set(office.conversations))):
        for name, conversation in office.conversations.items():
            async with office.database.reading() as session:
                look = visible_conversation(session, office.users[user], conversation.public_id)
                if name in visible:
                    assert (await look).id == conversation.id
                else:
                    with pytest.raises(NotFound):
                        await look


async def test_views_show_and_count_the_same(office: Office) -> None:
    async with office.database.transaction() as session:
        sueli = office.users["sueli"]
        await claim(session, office.conversations["financeiro"].id, sueli)
        await set_status(session, office.conversations["bot"].id, Status.CLOSED, by_agent(sueli.id))
    views = {
        view: await office.names("sueli", view=view) for view in ("queue", "mine", "team", "bot")
    }
    assert views == {"queue": ["suporte"], "mine": ["financeiro"], "team": ["ana"], "bot": []}
    statuses = {status.value: await office.names("sueli", statuses=(status,)) for status in Status}
    assert statuses["closed"] == ["bot"]
    async with office.database.reading() as session:
        counts = await count_views(session, office.users["sueli"])
        own = await count_views(session, office.users["ana"], "queue")
    assert counts == {key: len(names) for key, names in (views | statuses).items()}
    assert (own["queue"], own["mine"], own["open"], own["closed"]) == (1, 1, 1, 0)


async def test_what_an_agent_resolved_stays_among_their_own(office: Office) -> None:
    async with office.database.transaction() as session:
        conversation = office.conversations["ana"]
        ana = office.users["ana"]
        await set_status(session, conversation.id, Status.RESOLVED, by_agent(ana.id))
    assert await office.names("ana", view="mine") == []
    assert await office.names("ana", view="mine", statuses=ENDED) == ["ana"]
    assert await office.names("sueli", view="team", statuses=ENDED) == ["ana"]
    assert await office.names("bruno", view="team", statuses=ENDED) == []


async def test_counting_ends_at_a_bound(database: Database) -> None:
    async with database.transaction() as session:
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        first = await a_used_conversation(session, await a_channel(session), "first")
        await copy_conversation(session, first, MOST_COUNTED + 20)
    async with database.reading() as session:
        counts = await count_views(session, sueli)
    assert (counts["bot"], counts["open"], counts["closed"]) == (MOST_COUNTED, MOST_COUNTED, 0)


async def test_filters_narrow_what_is_visible(office: Office) -> None:
    database, conversations = office.database, office.conversations
    async with database.transaction() as session:
        company = await add_company(session, "11222333000181", "Padaria Estrela LTDA")
        session.add(
            ContactCompany(
                contact_id=conversations["bot"].contact_id,
                company_id=company.id,
                created_at=datetime.now(UTC),
            )
        )
        await set_status(session, conversations["suporte"].id, Status.WAITING, by_agent(1))
    assert await office.names("sueli", company_id=company.id) == ["bot"]
    assert await office.names("sueli", statuses=(Status.WAITING,)) == ["suporte"]
    assert await office.names("sueli", statuses=(Status.WAITING, Status.OPEN)) == [
        "ana",
        "bot",
        "financeiro",
        "suporte",
    ]
    assert await office.names("sueli", queue_id=office.queues["suporte"].id) == ["suporte"]
    assert await office.names("ana", queue_id=office.queues["financeiro"].id) == []
    assert await office.names("sueli", assignee_id=office.users["ana"].id) == ["ana"]
    assert await office.names("sueli", channel_id=999) == []


async def test_more_filters_narrow_it_further_and_each_other(office: Office) -> None:
    database, conversations = office.database, office.conversations
    sueli, ana = office.users["sueli"], office.users["ana"]
    async with database.transaction() as session:
        tag = Tag(name="VIP", folded="vip", created_at=NOW)
        session.add(tag)
        await session.flush()
        for name in ("ana", "bot"):
            await tag_conversation(session, conversations[name], tag, by_agent(sueli.id))
        await add_note(session, conversations["ana"].id, sueli, "veja isto", mentions=[ana.id])
        for name, values in (
            ("suporte", {"priority": 2, "sentiment": -1}),
            ("ana", {"sentiment": 1, "created_at": NOW - timedelta(days=40)}),
            ("bot", {"last_message_at": NOW - timedelta(days=30)}),
        ):
            await session.execute(
                update(Conversation)
                .where(Conversation.id == conversations[name].id)
                .values(**values)
            )
    await customer_writes(database, conversations["suporte"], "alguém aí?")
    await customer_writes(database, conversations["bot"], "oi")
    month_ago = NOW - timedelta(days=35)
    for user, filters, found in (
        ("sueli", {"tag_id": tag.id}, ["ana", "bot"]),
        ("ana", {"tag_id": tag.id}, ["ana"]),
        ("sueli", {"tag_id": tag.id, "view": "bot"}, ["bot"]),
        ("sueli", {"tag_id": tag.id + 1}, []),
        ("sueli", {"priority": 2}, ["suporte"]),
        ("sueli", {"priority": 0}, ["ana", "bot", "financeiro"]),
        ("sueli", {"sentiment": -1}, ["suporte"]),
        ("bruno", {"sentiment": -1}, []),
        ("sueli", {"unread": True}, ["suporte"]),
        ("sueli", {"unread": True, "view": "team"}, []),
        ("bruno", {"unread": True}, []),
        ("ana", {"mentioned": True}, ["ana"]),
        ("sueli", {"mentioned": True}, []),
        ("sueli", {"until": month_ago, "opened": True}, ["ana"]),
        ("sueli", {"since": month_ago, "opened": True}, ["bot", "financeiro", "suporte"]),
        ("sueli", {"until": month_ago}, []),
        ("sueli", {"tag_id": tag.id, "until": month_ago, "opened": True}, ["ana"]),
        ("sueli", {"tag_id": tag.id, "sentiment": -1}, []),
    ):
        assert await office.names(user, **filters) == found, (user, filters)


async def test_what_names_many_conversations_is_walked_and_still_exact(office: Office) -> None:
    database = office.database
    async with database.transaction() as session:
        tag = Tag(name="Geral", folded="geral", created_at=NOW)
        session.add(tag)
        await session.flush()
        made = await copy_conversation(session, office.conversations["bot"], SMALL + 10)
        await session.execute(
            insert(ConversationTag),
            [{"conversation_id": each, "tag_id": tag.id, "created_at": NOW} for each in made],
        )
    async with database.reading() as session:
        filters = Filters(tag_id=tag.id)
        page = await list_conversations(session, office.users["sueli"], filters, limit=3)
        opened = Filters(opened=True, since=NOW - timedelta(days=1))
        everything = await list_conversations(session, office.users["sueli"], opened, limit=3)
    assert [row.id for row in page.rows] == sorted(made, reverse=True)[:3]
    assert len(everything.rows) == 3
    assert await office.names("ana", tag_id=tag.id) == []


async def test_pages_neither_skip_nor_repeat_conversations_of_the_same_moment(
    database: Database,
) -> None:
    now = datetime.now(UTC)
    async with database.transaction() as session:
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        channel = await a_channel(session)
        made = [(await a_used_conversation(session, channel, f"v{n}")).id for n in range(11)]
        await session.execute(update(Conversation).values(last_message_at=now))
    seen: list[int] = []
    cursor: str | None = None
    while True:
        async with database.reading() as session:
            page = await list_conversations(session, sueli, Filters(), cursor, limit=4)
        seen += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
        if len(seen) == 4:  # somebody writes while we turn the page
            async with database.transaction() as session:
                newcomer = await a_used_conversation(session, channel, "newcomer")
    assert seen == sorted(made, reverse=True)
    assert newcomer.id not in seen


CURSORS = (
    "abc",
    "é",
    "\ud83d",
    "e30=",  # {}
    "WyJvaSIsIDFd",  # ["oi", 1]
    "WyIyMDI2LTAxLTAxIiwgIjEiXQ==",  # a time and an id, as older versions wrote them
    "WzAsIjIwMjYtMDEtMDEiLCIxIl0",  # [0, "2026-01-01", "1"]: an id that is a text
    "WzAsIjIwMjYtMDEtMDEiLDFlOTk5XQ",  # an endless id
    "WzEsIjIwMjYtMDEtMDEiLDFd",  # a section that this list has not
    "WzAsMSwxXQ",  # [0, 1, 1]: a number for a time
    "WzAsMV0",  # [0, 1]: nothing but an id
)


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_place(cursor, sections_of(Filters()))
    assert refused.value.field == "cursor"


async def test_a_customer_who_came_back_stands_on_top_of_the_open_ones(office: Office) -> None:
    async with office.database.transaction() as session:
        await session.execute(update(Conversation).values(last_message_at=NOW))
        await session.execute(
            update(Conversation)
            .where(Conversation.id == office.conversations["suporte"].id)
            .values(last_message_at=NOW - timedelta(days=2), reopened_at=NOW)
        )
    names = await office.in_order("sueli", statuses=(Status.OPEN,))
    assert names == ["suporte", "ana", "bot", "financeiro"]
    assert (await office.in_order("sueli"))[-1] == "suporte"


async def test_who_waits_longest_comes_first_and_who_does_not_wait_last(office: Office) -> None:
    async with office.database.transaction() as session:
        for name, hours, priority, rank in (
            ("suporte", 1, 0, 0),
            ("financeiro", 3, 0, 1),
            ("ana", 2, 2, 0),
            ("bot", None, 1, 0),
        ):
            since = None if hours is None else NOW - timedelta(hours=hours)
            await session.execute(
                update(Conversation)
                .where(Conversation.id == office.conversations[name].id)
                .values(waiting_since=since, priority=priority, queue_rank=rank)
            )
    for size in (1, 2, 3, 50):
        waiting = await office.in_order("sueli", size, sort="waiting")
        assert waiting == ["financeiro", "ana", "suporte", "bot"]
        by_priority = await office.in_order("sueli", size, sort="priority")
        assert by_priority == ["ana", "financeiro", "suporte", "bot"]
    assert await office.in_order("ana", sort="waiting") == ["ana", "suporte"]
    assert await office.in_order("ana", view="queue", sort="priority") == ["suporte"]


SORTS = ("recent", "waiting", "priority")


@pytest.mark.parametrize("sort", SORTS)
async def test_every_order_can_be_paged_through_with_many_alike(office: Office, sort: str) -> None:
    async with office.database.transaction() as session:
        made = await copy_conversation(session, office.conversations["suporte"], 7)
        made += await copy_conversation(session, office.conversations["bot"], 7)
        await session.execute(update(Conversation).values(last_message_at=NOW))
        waiting = Conversation.waiting_since.is_not(None)
        await session.execute(update(Conversation).where(waiting).values(waiting_since=NOW))
    for user, expected in (("sueli", 18), ("ana", 9)):
        names = await office.in_order(user, 3, sort=sort)
        assert len(names) == expected
        assert names == await office.in_order(user, 100, sort=sort)


async def test_a_row_beyond_the_first_page_is_asked_whether_it_still_belongs_there(
    office: Office,
) -> None:
    ids = [each.public_id for each in office.conversations.values()]
    async with office.database.reading() as session:
        for user, names in (("sueli", {"suporte", "financeiro"}), ("ana", {"suporte"})):
            rows = await still_listed(session, office.users[user], Filters(view="queue"), ids)
            assert {row.contact_name for row in rows} == names
        assert await still_listed(session, office.users["sueli"], Filters(), ["unknown"]) == []


async def test_a_row_tells_what_is_unread_and_hides_passwords(office: Office) -> None:
    database, conversation = office.database, office.conversations["bot"]
    await customer_writes(database, conversation, "qual é a senha?")
    placeholder = "⟦senha:00000000-0000-4000-8000-000000000000⟧"
    await bot_answers(database, conversation, "x" * 190 + placeholder)

    async def row() -> tuple[bool, str]:
        async with database.reading() as session:
            page = await list_conversations(session, office.users["sueli"], Filters(view="bot"))
        return page.rows[0].unread, page.rows[0].last_text

    unread, last_text = await row()
    assert unread
    assert last_text == "x" * 190 + HIDDEN
    async with database.transaction() as session:
        current = await session.get_one(Conversation, conversation.id)
        await mark_seen_by_team(session, current, 999)
    assert not (await row())[0]
    assert (await fresh(database, conversation)).agent_seen_seq == 3


async def copy_conversation(session: AsyncSession, original: Conversation, count: int) -> list[int]:
    """Conversations like another, of contacts of the same name."""
    contact = await session.get_one(Contact, original.contact_id)
    columns = {each.key: getattr(original, each.key) for each in Conversation.__table__.columns}
    made: list[int] = []
    first = (await session.execute(select(func.max(Conversation.id)))).scalar_one() + 1
    contacts = (await session.execute(select(func.max(Contact.id)))).scalar_one() + 1
    people = [{"id": contacts + n, "name": contact.name, "created_at": NOW} for n in range(count)]
    rows = [
        columns
        | {
            "id": first + n,
            "public_id": uuid.uuid4().hex,
            "contact_id": contacts + n,
            "external_chat": uuid.uuid4().hex,
        }
        for n in range(count)
    ]
    await session.execute(insert(Contact), people)
    await session.execute(insert(Conversation), rows)
    made += range(first, first + count)
    return made


async def test_who_merely_opened_a_chat_is_in_no_list(office: Office) -> None:
    async with office.database.transaction() as session:
        channel = await a_channel(session, slug="loja")
        opened = await a_conversation(session, channel, "calada", "calada")
    for view in ("", "bot"):
        assert "calada" not in await office.names("sueli", view=view)
    async with office.database.reading() as session:
        counts = await count_views(session, office.users["sueli"])
    before = counts["bot"]
    await customer_writes(office.database, opened, "oi")
    for view in ("", "bot"):
        assert "calada" in await office.names("sueli", view=view)
    async with office.database.reading() as session:
        counts = await count_views(session, office.users["sueli"])
    assert counts["bot"] == before + 1
