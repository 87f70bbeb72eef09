"""Lists: who sees which conversations, in pages that neither skip nor repeat."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from desk.companies.directory import add_company
from desk.contacts.portal_access import HIDDEN
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.access import mark_seen_by_team, visible_conversation
from desk.conversations.listing import (
    Filters,
    count_views,
    list_conversations,
    read_cursor,
)
from desk.conversations.ownership import assign_to_agent, assign_to_queue, claim, set_status
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.errors import Invalid, NotFound
from desk.events.log import by_agent
from desk.states import Status
from desk.team.tables import Queue, Role, User
from desk.tickets.opening import open_ticket
from tests.desk.building import (
    a_channel,
    a_conversation,
    a_queue,
    a_user,
    bot_answers,
    customer_writes,
    fresh,
)


class Office:
    """Two queues, their agents, a supervisor, and a conversation in each place."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.users: dict[str, User] = {}
        self.conversations: dict[str, Conversation] = {}
        self.queues: dict[str, Queue] = {}

    async def open(self) -> "Office":
        async with self.database.transaction() as session:
            for slug in ("suporte", "financeiro"):
                self.queues[slug] = await a_queue(session, slug)
            for name, role, queues in (
                ("ana", Role.AGENT, ["suporte"]),
                ("bruno", Role.AGENT, ["financeiro"]),
                ("sueli", Role.SUPERVISOR, []),
                ("davi", Role.DESIGNER, []),
            ):
                self.users[name] = await a_user(session, f"{name}@demo.ponte", role, queues)
            channel = await a_channel(session)
            for name in ("suporte", "financeiro", "bot", "ana"):
                self.conversations[name] = await a_conversation(session, channel, name, name)
            sueli = by_agent(self.users["sueli"].id)
            for slug in self.queues:
                conversation = self.conversations[slug]
                await assign_to_queue(session, conversation.id, self.queues[slug], sueli)
            await assign_to_agent(session, self.conversations["ana"].id, self.users["ana"], sueli)
        return self

    async def names(self, user: str, **filters: object) -> list[str]:
        async with self.database.reading() as session:
            page = await list_conversations(
                session,
                self.users[user],
                Filters(**filters),  # type: ignore[arg-type]
            )
        return sorted(row.contact_name for row in page.rows)


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
        view: await office.names("sueli", view=view)
        for view in ("queue", "mine", "team", "bot", "ended")
    }
    assert views == {
        "queue": ["suporte"],
        "mine": ["financeiro"],
        "team": ["ana"],
        "bot": [],
        "ended": ["bot"],
    }
    async with office.database.reading() as session:
        counts = await count_views(session, office.users["sueli"])
    assert counts == {view: len(names) for view, names in views.items()}


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


async def test_a_search_finds_people_words_and_numbers_as_they_are_written(
    office: Office,
) -> None:
    database, conversations = office.database, office.conversations
    await customer_writes(database, conversations["suporte"], "desconto de 100% na NF_2 \\o/")
    await customer_writes(database, conversations["bot"], "desconto de 1000 na NFX2")
    async with database.transaction() as session:
        contact = await session.get_one(Contact, conversations["financeiro"].contact_id)
        contact.email = "maria@padaria.com.br"
        ticket = await open_ticket(
            session,
            contact_id=conversations["ana"].contact_id,
            company_id=None,
            subject="x",
            description="",
            request_type_id=None,
        )
    for q, found in (
        ("100%", ["suporte"]),
        ("NF_2", ["suporte"]),
        ("\\o/", ["suporte"]),
        ("DESCONTO", ["bot", "suporte"]),
        ("%", ["suporte"]),
        ("_", ["suporte"]),
        ("maria@padaria", ["financeiro"]),
        ("Finan", ["financeiro"]),
        (f"#{ticket.number}", ["ana"]),
        ("nada disso", []),
        ("meia \ud83d e nul \x00", []),
    ):
        assert await office.names("sueli", q=q) == found, q
    assert await office.names("bruno", q="desconto") == []


async def test_pages_neither_skip_nor_repeat_conversations_of_the_same_moment(
    database: Database,
) -> None:
    now = datetime.now(UTC)
    async with database.transaction() as session:
        sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        channel = await a_channel(session)
        made = [(await a_conversation(session, channel, f"v{n}")).id for n in range(11)]
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
                newcomer = await a_conversation(session, channel, "newcomer")
    assert seen == sorted(made, reverse=True)
    assert newcomer.id not in seen


CURSORS = (
    "abc",
    "é",
    "\ud83d",
    "e30=",  # {}
    "WyJvaSIsIDFd",  # ["oi", 1]
    "WyIyMDI2LTAxLTAxIiwgIjEiXQ==",  # an id that is a text
    "WyIyMDI2LTAxLTAxIiwgMWU5OTldCg==",  # an endless id
)


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_cursor(cursor)
    assert refused.value.field == "cursor"


async def test_those_who_wait_are_listed_by_priority_then_time(office: Office) -> None:
    async with office.database.transaction() as session:
        await session.execute(
            update(Conversation)
            .where(Conversation.id == office.conversations["financeiro"].id)
            .values(priority=3)
        )
    async with office.database.reading() as session:
        page = await list_conversations(
            session, office.users["sueli"], Filters(view="queue", sort="waiting")
        )
    assert [row.contact_name for row in page.rows] == ["financeiro", "suporte"]
    assert page.next_cursor is None


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
    assert (await fresh(database, conversation)).agent_seen_seq == 2
