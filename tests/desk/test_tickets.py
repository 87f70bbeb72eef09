"""Tickets: numbers without gaps, a status that follows what happens, one's own alone."""

import asyncio
import re
from datetime import UTC, datetime

import pytest

from desk.companies.directory import add_company
from desk.contacts.tables import Contact
from desk.conversations.handoff_tickets import end_handoff_tickets, ticket_for_handoff
from desk.conversations.tickets import link_ticket
from desk.db import Database
from desk.errors import Invalid, NotFound
from desk.events.log import SYSTEM
from desk.media.store import StoredFile, add_media
from desk.states import Status
from desk.tickets.directory import find_ticket, last_action, mark_seen, ticket_story, tickets_of
from desk.tickets.opening import open_ticket
from desk.tickets.posting import Author, post_ticket_action, set_ticket_status
from desk.tickets.request_types import offered_in_chat
from desk.tickets.tables import RequestType, Ticket
from tests.desk.building import a_new_conversation, a_queue, a_user


async def a_contact(database: Database, name: str = "Maria Souza") -> int:
    async with database.transaction() as session:
        contact = Contact(name=name, created_at=datetime.now(UTC))
        session.add(contact)
        await session.flush()
        return contact.id


async def opens(database: Database, contact_id: int, subject: str = "Impressora") -> Ticket:
    async with database.transaction() as session:
        return await open_ticket(
            session,
            contact_id=contact_id,
            company_id=None,
            subject=subject,
            description="não imprime",
            request_type_id=None,
        )


async def test_tickets_opened_at_once_get_numbers_without_gaps(
    database: Database, database_url: str
) -> None:
    contact_id = await a_contact(database)
    elsewhere = Database(database_url)
    tickets = await asyncio.gather(
        *(opens(process, contact_id) for process in (database, elsewhere) * 5)
    )
    await elsewhere.close()
    year = datetime.now(UTC).year
    assert sorted(each.number for each in tickets) == [f"{year}-{n:06d}" for n in range(1, 11)]


async def test_a_number_that_was_not_used_is_given_again(database: Database) -> None:
    contact_id = await a_contact(database)
    async with database.transaction() as session:
        await open_ticket(
            session,
            contact_id=contact_id,
            company_id=None,
            subject="x",
            description="",
            request_type_id=None,
        )
        await session.rollback()
    assert re.fullmatch(r"\d{4}-000001", (await opens(database, contact_id)).number)


async def test_a_ticket_needs_a_subject_and_keeps_it_in_one_line(database: Database) -> None:
    contact_id = await a_contact(database)
    with pytest.raises(Invalid):
        await opens(database, contact_id, " \n ")
    ticket = await opens(database, contact_id, " Impressora \n parou " + "x" * 300)
    assert ticket.subject.startswith("Impressora parou xxx")
    assert len(ticket.subject) == 200


async def test_a_contact_finds_its_own_tickets_by_any_form_of_the_number(
    database: Database,
) -> None:
    maria, joao = await a_contact(database), await a_contact(database, "João")
    ticket = await opens(database, maria)
    await opens(database, joao)
    year, count = ticket.number.split("-")
    async with database.reading() as session:
        for number in (ticket.number, "#" + ticket.number, "1", "#1", f" # {count} ", "000001"):
            found = await find_ticket(session, maria, number)
            assert found is not None, number
            assert found.id == ticket.id
            assert await find_ticket(session, joao, number) is None
        for number in (f"{int(year) - 1}-000001", "2", "", "%", "____-000001", "²", "9" * 30):
            assert await find_ticket(session, maria, number) is None, number


async def test_active_tickets_come_before_ended_ones_newest_first(database: Database) -> None:
    contact_id = await a_contact(database)
    tickets = [await opens(database, contact_id, str(number)) for number in range(4)]
    async with database.transaction() as session:
        await set_ticket_status(session, tickets[3].id, Status.RESOLVED, SYSTEM)
    async with database.reading() as session:
        listed = await tickets_of(session, contact_id)
        assert [each.subject for each in listed] == ["2", "1", "0", "3"]
        assert len(await tickets_of(session, contact_id, limit=2)) == 2


@pytest.mark.parametrize(
    ("author", "before", "after"),
    [
        ("agent", Status.OPEN, Status.IN_SERVICE),
        ("agent", Status.WAITING, Status.WAITING),
        ("contact", Status.WAITING, Status.IN_SERVICE),
        ("contact", Status.RESOLVED, Status.OPEN),
        ("contact", Status.OPEN, Status.OPEN),
        ("bot", Status.RESOLVED, Status.RESOLVED),
    ],
)
async def test_an_action_moves_the_status_as_the_table_says(
    database: Database, author: str, before: Status, after: Status
) -> None:
    ticket = await opens(database, await a_contact(database))
    async with database.transaction() as session:
        ana = await a_user(session)
        await set_ticket_status(session, ticket.id, before, SYSTEM)
        await post_ticket_action(
            session,
            ticket.id,
            author_kind=author,  # type: ignore[arg-type]
            text="olá",
            author_user_id=ana.id if author == "agent" else None,
        )
    async with database.reading() as session:
        assert (await session.get_one(Ticket, ticket.id)).status is after


async def test_the_story_tells_whose_what_and_what_is_new(database: Database) -> None:
    ticket = await opens(database, await a_contact(database))
    async with database.transaction() as session:
        ana = await a_user(session)
        files = [
            (await add_media(session, StoredFile(str(n) * 64, "image/png", f"{n}.png", 1))).id
            for n in range(2)
        ]
        await post_ticket_action(
            session, ticket.id, author_kind="contact", text=" foto ", media_ids=[*files, files[0]]
        )
        await mark_seen(session, ticket.id)
    async with database.transaction() as session:
        await post_ticket_action(
            session, ticket.id, author_kind="agent", text="troque o cabo", author_user_id=ana.id
        )
    async with database.reading() as session:
        story = await ticket_story(session, ticket.id)
        assert [(each.author_name, each.text) for each in story] == [
            ("Maria Souza", "foto"),
            ("Ana Silva", "troque o cabo"),
        ]
        assert story[0].media_count == 2
        seen_at = (await session.get_one(Ticket, ticket.id)).contact_seen_at
        new = await ticket_story(session, ticket.id, since=seen_at)
        assert [each.text for each in new] == ["troque o cabo"]
        last = await last_action(session, ticket.id)
        assert last is not None
        assert last.text == "troque o cabo"


async def test_nothing_is_posted_on_a_ticket_that_does_not_exist(database: Database) -> None:
    with pytest.raises(NotFound):
        async with database.transaction() as session:
            await post_ticket_action(session, 404, author_kind="bot", text="x")


async def test_a_chat_offers_synthetic_types_that_take_part_in_menu_order(
    database: Database,
) -> None:
    async with database.transaction() as session:
        for position, (name, synthetic, takes_part) in enumerate(
            [("C", True, True), ("B", False, True), ("D", True, False), ("A", True, True)]
        ):
            session.add(
                RequestType(
                    name=name,
                    synthetic=synthetic,
                    takes_part_in_chat=takes_part,
                    position=position,
                )
            )
        await session.flush()
        assert [each.name for each in await offered_in_chat(session)] == ["C", "A"]


async def test_a_ticket_goes_to_the_queue_of_its_type_else_to_the_first(
    database: Database,
) -> None:
    contact_id = await a_contact(database)
    async with database.transaction() as session:
        later = await a_queue(session, "financeiro", 2)
        first = await a_queue(session, "suporte", 1)
        nature = RequestType(name="Financeiro", queue_id=later.id)
        session.add(nature)
        await session.flush()
        queues = []
        for request_type_id in (None, nature.id, 999):
            ticket = await open_ticket(
                session,
                contact_id=contact_id,
                company_id=None,
                subject="x",
                description="",
                request_type_id=request_type_id if request_type_id != 999 else None,
            )
            queues.append(ticket.queue_id)
    assert queues == [first.id, later.id, first.id]


async def test_only_a_ticket_that_the_handoff_made_ends_with_the_service(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    other = await a_new_conversation(database, "local")
    own = await opens(database, other.contact_id)
    async with database.transaction() as session:
        made = await ticket_for_handoff(session, conversation)
        await link_ticket(session, other.id, own.id)
        for each in (conversation, other):
            await end_handoff_tickets(session, each, Status.RESOLVED, SYSTEM)
    async with database.reading() as session:
        assert (await session.get_one(Ticket, made.id)).status is Status.RESOLVED
        assert (await session.get_one(Ticket, own.id)).status is Status.OPEN


async def test_a_companys_list_shows_what_was_opened_before_the_company_was_known(
    database: Database,
) -> None:
    contact_id = await a_contact(database)
    async with database.transaction() as session:
        company = await add_company(session, "11222333000181", "Padaria Estrela LTDA")
        other = await add_company(session, "90410023000167", "Mercado Aurora SA")
        for company_id, subject in ((None, "cedo"), (company.id, "meu"), (other.id, "de outra")):
            await open_ticket(
                session,
                contact_id=contact_id,
                company_id=company_id,
                subject=subject,
                description="",
                request_type_id=None,
            )
        shown = await tickets_of(session, contact_id, company_id=company.id)
    assert [ticket.subject for ticket in shown] == ["meu", "cedo"]


async def test_ones_own_act_is_no_news_and_hides_none(database: Database) -> None:
    contact_id = await a_contact(database)
    ticket = await opens(database, contact_id)

    async def post(author_kind: Author, text: str) -> Ticket:
        async with database.transaction() as session:
            await post_ticket_action(session, ticket.id, author_kind=author_kind, text=text)
        async with database.reading() as session:
            return await session.get_one(Ticket, ticket.id)

    after_own = await post("contact", "mais um detalhe")
    assert after_own.contact_seen_at == after_own.updated_at
    await post("bot", "a equipe respondeu")
    after_both = await post("contact", "outro detalhe, sem ter visto")
    assert after_both.contact_seen_at == after_own.contact_seen_at
    async with database.reading() as session:
        story = await ticket_story(session, ticket.id, since=after_both.contact_seen_at)
    assert [each.text for each in story] == ["a equipe respondeu", "outro detalhe, sem ter visto"]
