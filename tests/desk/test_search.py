"""Search: people, messages and tickets by their words, as far as one may see them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, func, select, update

from desk.companies.directory import add_company
from desk.contacts.portal_access import HIDDEN
from desk.contacts.tables import Contact, ContactAlias, ContactCompany
from desk.conversations.filters import Filters
from desk.conversations.listing import list_conversations
from desk.conversations.search.index import index_changes, index_contacts, index_messages
from desk.conversations.search.tables import MessageWords
from desk.conversations.search.words import MAX_ASKED, Piece, asked_words, excerpt, words_of
from desk.conversations.tables import Message
from desk.conversations.team_messages import add_note, delete_message, edit_message
from desk.db import Database
from desk.events.log import by_agent, by_contact
from desk.events.tables import Event
from desk.states import Status
from desk.tickets.opening import open_ticket
from tests.desk.building import bot_answers, customer_writes, messages_of
from tests.desk.office import Office

NOW = datetime.now(UTC)


@pytest.fixture
async def office(database: Database) -> Office:
    return await Office(database).open()


async def test_words_are_found_without_case_and_accents_from_their_beginning_on(
    office: Office,
) -> None:
    conversations = office.conversations
    await customer_writes(office.database, conversations["suporte"], "A impressão não SAIU, João!")
    await customer_writes(office.database, conversations["bot"], "impressora parada; nota 2026/55")
    await office.index()
    for q, found in (
        ("impressao", ["suporte"]),
        ("IMPRESS", ["bot", "suporte"]),
        ("impr sai", ["suporte"]),
        ("joao impressão", ["suporte"]),
        ("saiu parada", []),
        ("2026/55", ["bot"]),
        ("a", ["suporte"]),
        ("pressora", []),
        ("%", []),
        ("\"' OR * : ( ) -- \\", []),
        ("impressão AND", []),
        ("meia \ud83d e nul \x00", []),
        ("x" * 5000, []),
        (" ".join(["impressora"] * 500), ["bot"]),
    ):
        assert await office.names("sueli", q=q) == found, q


async def test_people_are_found_by_all_that_one_knows_of_them(office: Office) -> None:
    async with office.database.transaction() as session:
        contact = await session.get_one(Contact, office.conversations["financeiro"].contact_id)
        contact.name, contact.email = "Conceição D'Ávila", "conceicao@padaria.com.br"
        contact.phone = "+55 11 98888-7766"
        session.add(
            ContactAlias(kind="telegram", value="778899", contact_id=contact.id, created_at=NOW)
        )
        company = await add_company(session, "11222333000181", "Padaria Estrela LTDA")
        session.add(ContactCompany(contact_id=contact.id, company_id=company.id, created_at=NOW))
    await office.index()
    for q in (
        "conceicao",
        "Conceição D'Ávila",
        "avila concei",
        "conceicao@padaria",
        "conceicao@padaria.com.br",
        "+55 11 98888-7766",
        "11988887766",
        "988887766",
        "98888-7766",
        "778899",
        "padaria estrela",
        "11222333000181",
        "11.222.333/0001-81",
        "11.222",
    ):
        names = await office.names("sueli", q=q)
        assert names == ["Conceição D'Ávila"], q
        assert await office.names("ana", q=q) == []


async def test_a_ticket_is_found_by_its_number_as_people_write_it(office: Office) -> None:
    async with office.database.transaction() as session:
        ticket = await open_ticket(
            session,
            contact_id=office.conversations["ana"].contact_id,
            company_id=None,
            subject="x",
            description="",
            request_type_id=None,
        )
    year, _, count = ticket.number.partition("-")
    for q in (ticket.number, f"#{ticket.number}", f"# {int(count)}", str(int(count)), count):
        assert await office.names("sueli", q=q) == ["ana"], q
        assert await office.names("bruno", q=q) == []
    assert await office.names("sueli", q=f"{int(year) - 3}-{count}") == []


async def test_people_come_before_messages_and_a_message_is_shown_with_the_words_marked(
    office: Office,
) -> None:
    conversations = office.conversations
    await customer_writes(office.database, conversations["bot"], "chamem a ana, por favor")
    await customer_writes(office.database, conversations["suporte"], "a Ánâ me atendeu bem")
    await office.index()
    assert await office.in_order("sueli", 1, q="ana") == ["ana", "suporte", "bot"]
    async with office.database.reading() as session:
        page = await list_conversations(session, office.users["sueli"], Filters(q="ana"))
    assert [row.found for row in page.rows] == [
        [],
        [Piece("a "), Piece("Ánâ", found=True), Piece(" me atendeu bem")],
        [Piece("chamem a "), Piece("ana", found=True), Piece(", por favor")],
    ]


async def test_a_search_and_filters_narrow_each_other(office: Office) -> None:
    for conversation in office.conversations.values():
        await customer_writes(office.database, conversation, "boleto vencido")
    await office.index()
    queue_id = office.queues["financeiro"].id
    assert len(await office.names("sueli", q="boleto")) == 4
    assert await office.names("sueli", q="boleto", queue_id=queue_id) == ["financeiro"]
    assert await office.names("ana", q="boleto", queue_id=queue_id) == []
    assert await office.names("sueli", q="boleto", view="bot") == ["bot"]
    assert await office.names("sueli", q="boleto", statuses=(Status.CLOSED,)) == []


async def test_notes_are_found_and_what_is_for_the_bot_alone_is_not(office: Office) -> None:
    conversation = office.conversations["ana"]
    async with office.database.transaction() as session:
        await add_note(session, conversation.id, office.users["ana"], "cliente mal-humorado")
    await customer_writes(office.database, conversation, "/human_finished segredo")
    async with office.database.transaction() as session:
        await session.execute(
            update(Message).where(Message.text.like("/human%")).values(kind="internal")
        )
    await office.index()
    assert await office.names("sueli", q="humorado") == ["ana"]
    assert await office.names("sueli", q="segredo") == []


async def test_edits_deletions_and_erasure_leave_nothing_behind(office: Office) -> None:
    database, conversation, ana = office.database, office.conversations["ana"], office.users["ana"]
    await customer_writes(database, conversation, "meu cartão é laranja")
    (message,) = await messages_of(database, conversation)
    await office.index()
    assert await office.names("ana", q="laranja") == ["ana"]

    async with database.transaction() as session:
        before = (await session.execute(select(func.max(Event.seq)))).scalar_one()
        author = by_contact(conversation.contact_id)
        await edit_message(session, conversation.id, message.id, "meu cartão é verde", author)
        note = await add_note(session, conversation.id, ana, "que roxo")
        await delete_message(session, conversation.id, note.id, by_agent(ana.id))
    async with database.transaction() as session:
        # Not by `events_after`: another test's transaction on the same server would hold it up.
        events = await session.execute(select(Event).where(Event.seq > before))
        await index_changes(session, events.scalars().all())
    assert await office.names("ana", q="laranja") == []
    assert await office.names("ana", q="verde") == ["ana"]
    assert await office.names("ana", q="roxo") == []

    async with database.transaction() as session:
        await session.execute(delete(Message).where(Message.id == message.id))
    assert await office.names("ana", q="verde") == []
    async with database.reading() as session:
        assert (await session.execute(select(func.count()).select_from(MessageWords))).scalar() == 0


async def test_what_was_deleted_a_moment_ago_is_not_shown_though_the_index_has_it(
    office: Office,
) -> None:
    database, conversation, ana = office.database, office.conversations["ana"], office.users["ana"]
    async with database.transaction() as session:
        note = await add_note(session, conversation.id, ana, "palavra proibida")
    await office.index()
    async with database.transaction() as session:
        await delete_message(session, conversation.id, note.id, by_agent(ana.id))
    async with database.reading() as session:
        page = await list_conversations(session, ana, Filters(q="proibida"))
    assert [row.found for row in page.rows] == [[]]


async def test_a_provisional_password_is_in_neither_index_nor_excerpt(office: Office) -> None:
    conversation = office.conversations["bot"]
    await customer_writes(office.database, conversation, "esqueci o acesso")
    secret = "00000000-0000-4000-8000-000000000000"
    await bot_answers(office.database, conversation, f"Sua senha nova: ⟦senha:{secret}⟧")
    await office.index()
    assert await office.names("sueli", q=secret) == []
    async with office.database.reading() as session:
        page = await list_conversations(session, office.users["sueli"], Filters(q="nova"))
    text = "".join(piece.text for piece in page.rows[0].found)
    assert HIDDEN in text
    assert secret not in text


async def test_names_of_people_and_companies_are_followed(office: Office) -> None:
    database, conversation = office.database, office.conversations["bot"]
    async with database.transaction() as session:
        company = await add_company(session, "11222333000181", "Padaria Estrela")
        session.add(
            ContactCompany(
                contact_id=conversation.contact_id, company_id=company.id, created_at=NOW
            )
        )
        await index_contacts(session, [conversation.contact_id])
        company.name = "Confeitaria Lua"
        event = _event("company.changed", id=company.id)
        await index_changes(session, [event])
    assert await office.names("sueli", q="confeitaria") == ["bot"]
    assert await office.names("sueli", q="padaria") == []
    async with database.transaction() as session:
        contact = await session.get_one(Contact, conversation.contact_id)
        contact.name = "Zuleica"
        await index_changes(session, [_event("contact.changed", id=contact.id)])
    assert await office.names("sueli", q="zul") == ["Zuleica"]


async def test_indexing_again_changes_nothing(office: Office) -> None:
    await customer_writes(office.database, office.conversations["bot"], "bis bis bis")
    for _ in range(3):
        await office.index()
    async with office.database.transaction() as session:
        await index_messages(session, [10**9])
    assert await office.names("sueli", q="bis") == ["bot"]


def test_a_text_is_cut_into_plain_words_once_each() -> None:
    text = "Ação_ação: É 12,50% do João’s e-mail ①"
    assert words_of(text) == ["acao", "e", "12", "50", "do", "joao", "s", "mail", "1"]
    assert len(asked_words(" ".join(f"p{n}" for n in range(50)))) == MAX_ASKED


def test_an_excerpt_begins_near_what_was_found_and_stays_short() -> None:
    text = "palavra " * 100 + "o boleto\nvenceu ontem " + "depois " * 100
    pieces = excerpt(text, ["bole", "ontem"])
    assert pieces[0].text == "…"
    assert [piece.text for piece in pieces if piece.found] == ["boleto", "ontem"]
    assert len("".join(piece.text for piece in pieces)) < 200
    assert excerpt(text, ["nada"]) == []


def _event(kind: str, **data: object) -> Event:
    return Event(kind=kind, data=data, conversation_id=None)
