"""What the team finds and does among tickets: lists by filters, another queue, actions."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from desk.companies.directory import add_company
from desk.contacts.tables import Contact
from desk.conversations.ownership import assign_to_queue
from desk.conversations.tables import Conversation
from desk.conversations.tickets import conversations_of_ticket, link_ticket
from desk.db import Database
from desk.errors import Invalid, NotFound
from desk.events.log import SYSTEM, by_agent
from desk.events.tables import Event
from desk.media.store import store_file
from desk.states import Status
from desk.team.tables import Queue, Role, User
from desk.tickets.acting import act_on_ticket
from desk.tickets.filing import move_ticket, retype_ticket
from desk.tickets.portal import files_of_ticket, whole_story
from desk.tickets.posting import set_ticket_status
from desk.tickets.tables import RequestType, Ticket, TicketAction
from desk.tickets.team import (
    TicketFilters,
    list_tickets,
    visible_ticket,
    visible_ticket_row,
)
from tests.desk.building import a_channel, a_conversation, a_queue, a_user

NOW = datetime.now(UTC)


class Desk:
    """Two queues with a ticket each, and one ticket of no queue."""

    support: Queue
    finance: Queue
    ana: User
    sueli: User
    conversation: Conversation
    tickets: list[Ticket]


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk()
    async with database.transaction() as session:
        made.support = await a_queue(session, "suporte")
        made.finance = await a_queue(session, "financeiro", 1)
        made.ana = await a_user(session, "ana@demo.ponte", queues=["suporte"])
        made.sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        made.conversation = await a_conversation(session, await a_channel(session), name="Maria")
        company = await add_company(session, "11222333000181", "Padaria Estrela")
        other = Contact(name="João Conceição", created_at=NOW)
        session.add(other)
        await session.flush()
        made.tickets = [
            a_ticket(1, "Impressora não imprime", made.conversation.contact_id, made.support),
            a_ticket(2, "Segunda via do boleto", other.id, made.finance, company_id=company.id),
            a_ticket(3, "Dúvida geral", other.id, None),
        ]
        session.add_all(made.tickets)
        await session.flush()
        made.tickets[0].status = Status.RESOLVED
    return made


def a_ticket(count: int, subject: str, contact_id: int, queue: Queue | None, **more: int) -> Ticket:
    return Ticket(
        number=f"2026-{count:06d}",
        subject=subject,
        contact_id=contact_id,
        queue_id=queue.id if queue else None,
        created_at=NOW,
        updated_at=NOW,
        **more,
    )


async def found(database: Database, viewer: User, **filters: object) -> list[str]:
    async with database.reading() as session:
        page = await list_tickets(session, viewer, TicketFilters(**filters))  # type: ignore[arg-type]
        return [row.ticket.number[-1] for row in page.rows]


async def test_an_agent_lists_the_tickets_of_their_queues_and_of_none(
    database: Database, desk: Desk
) -> None:
    assert await found(database, desk.sueli) == ["3", "2", "1"]
    assert await found(database, desk.ana) == ["3", "1"]
    async with database.reading() as session:
        with pytest.raises(NotFound):
            await visible_ticket(session, desk.ana, desk.tickets[1].number)


async def test_filters_narrow_the_list(database: Database, desk: Desk) -> None:
    assert await found(database, desk.sueli, statuses=(Status.RESOLVED,)) == ["1"]
    assert await found(database, desk.sueli, queue_id=desk.finance.id) == ["2"]
    contact_id = desk.tickets[2].contact_id
    assert await found(database, desk.sueli, contact_id=contact_id) == ["3", "2"]
    assert await found(database, desk.sueli, company_id=desk.tickets[1].company_id) == ["2"]
    assert await found(database, desk.sueli, company_id=2**70) == []


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("2026-000002", ["2"]),
        ("#2", ["2"]),
        ("000003", ["3"]),
        ("DUVIDA", ["3"]),
        ("joao conceicao", ["3", "2"]),
        ("boleto padaria", ["2"]),
        ("100%_", []),
        ("  ", ["3", "2", "1"]),
    ],
)
async def test_words_find_numbers_subjects_people_and_companies(
    database: Database, desk: Desk, words: str, numbers: list[str]
) -> None:
    assert await found(database, desk.sueli, words=words) == numbers


async def test_pages_follow_each_other_without_gap_or_repetition(
    database: Database, desk: Desk
) -> None:
    numbers: list[str] = []
    cursor: str | None = None
    async with database.reading() as session:
        for _ in range(3):
            page = await list_tickets(session, desk.sueli, TicketFilters(), cursor, limit=1)
            numbers += [row.ticket.number[-1] for row in page.rows]
            cursor = page.next_cursor
        with pytest.raises(Invalid):
            await list_tickets(session, desk.sueli, TicketFilters(), "abc")
    assert (numbers, cursor) == (["3", "2", "1"], None)


async def test_a_row_carries_the_names(database: Database, desk: Desk) -> None:
    async with database.reading() as session:
        row = await visible_ticket_row(session, desk.sueli, desk.tickets[1].number)
    names = (row.contact_name, row.company_name, row.queue_name, row.type_name)
    assert names == ("João Conceição", "Padaria Estrela", "Financeiro", "")


async def test_another_queue_and_type_are_kept_with_from_and_to(
    database: Database, desk: Desk
) -> None:
    async with database.transaction() as session:
        kind = RequestType(name="Financeiro")
        old = RequestType(name="Antigo", active=False)
        session.add_all([kind, old])
        await session.flush()
        actor, ticket = by_agent(desk.ana.id), desk.tickets[0]
        await move_ticket(session, ticket.id, desk.finance.id, actor)
        await move_ticket(session, ticket.id, desk.finance.id, actor)
        await retype_ticket(session, ticket.id, kind.id, actor)
        for wrong in (old.id, 10**9):
            with pytest.raises(Invalid):
                await retype_ticket(session, ticket.id, wrong, actor)
        with pytest.raises(Invalid):
            await move_ticket(session, ticket.id, 10**9, actor)
        query = select(Event.data).where(Event.kind == "ticket.changed").order_by(Event.seq)
        facts = (await session.execute(query)).scalars().all()
    assert [each["fields"] for each in facts] == [["queue_id"], ["request_type_id"]]
    assert facts[0]["before"] == {"queue_id": desk.support.id}
    assert facts[0]["after"] == {"queue_id": desk.finance.id}


async def test_an_action_has_words_or_files_and_is_posted_once(
    database: Database, desk: Desk, tmp_path: Path
) -> None:
    ticket = desk.tickets[2]
    async with database.transaction() as session:
        for wrong in (" \x00", "x" * 8001):
            with pytest.raises(Invalid):
                await act_on_ticket(session, ticket.id, desk.ana, text=wrong)
        file = await store_file(tmp_path, b"%PDF-1.4", "boleto.pdf", 1000)
        first = await act_on_ticket(
            session, ticket.id, desk.ana, text="", files=[file], request_key="form"
        )
        again = await act_on_ticket(
            session, ticket.id, desk.ana, text="", files=[file], request_key="form"
        )
        assert first.id == again.id
        (kept,) = await files_of_ticket(session, ticket.id)
        assert (kept.action_id, kept.name) == (first.id, "boleto.pdf")
        (told,) = await whole_story(session, ticket.id)
        assert (told.author_name, told.media_count) == ("Ana Silva", 1)
        count = select(func.count(TicketAction.id))
        assert (await session.execute(count)).scalar_one() == 1
    async with database.reading() as session:
        assert (await visible_ticket(session, desk.ana, ticket.number)).status is Status.IN_SERVICE


async def test_a_ticket_leads_to_the_conversations_that_the_viewer_may_see(
    database: Database, desk: Desk
) -> None:
    ticket = desk.tickets[0]
    async with database.transaction() as session:
        await assign_to_queue(session, desk.conversation.id, desk.finance, SYSTEM)
        await link_ticket(session, desk.conversation.id, ticket.id)
        await set_ticket_status(session, ticket.id, Status.OPEN, SYSTEM)
        seen = await conversations_of_ticket(session, desk.sueli, ticket.id)
        assert [each.id for each in seen] == [desk.conversation.id]
        assert await conversations_of_ticket(session, desk.ana, ticket.id) == []
