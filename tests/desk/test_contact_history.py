"""Everything a contact wrote on any channel, and correcting what is known of them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from desk.contacts.editing import ContactDraft, correct_contact
from desk.contacts.tables import Contact, PortalAccount
from desk.conversations.contact_history import (
    conversations_of_contact,
    ratings_of_contact,
    read_timeline,
    visible_contact,
)
from desk.conversations.ownership import assign_to_queue, set_status
from desk.conversations.ratings import comment_service, rate_service
from desk.conversations.receive import Inbound, receive_message
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import add_note, delete_message
from desk.db import Database
from desk.errors import Invalid, NotAllowed, NotFound
from desk.events.log import SYSTEM, by_agent
from desk.events.tables import Event
from desk.states import Status
from desk.team.tables import Role, User
from desk.tickets.opening import open_ticket
from tests.desk.building import a_channel, a_conversation, a_queue, a_user

NOW = datetime.now(UTC)


class People:
    """Maria writes on two channels: one conversation is Ana's queue's, one Bruno's."""

    ana: User
    bruno: User
    sueli: User
    maria: int
    web: Conversation
    telegram: Conversation


@pytest.fixture
async def people(database: Database) -> People:
    made = People()
    async with database.transaction() as session:
        support = await a_queue(session, "suporte")
        finance = await a_queue(session, "financeiro", 1)
        made.ana = await a_user(session, "ana@demo.ponte", queues=["suporte"])
        made.bruno = await a_user(session, "bruno@demo.ponte", queues=["financeiro"])
        made.sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
        made.web = await a_conversation(session, await a_channel(session), name="Maria")
        made.telegram = await a_conversation(session, await a_channel(session, "telegram"))
        made.maria = made.web.contact_id
        made.telegram.contact_id = made.maria
        await session.flush()
        for count in range(6):
            place = made.web if count % 2 else made.telegram
            text = f"mensagem {count} sobre impressão"
            await receive_message(session, place.id, Inbound(text=text))
        await assign_to_queue(session, made.web.id, support, SYSTEM)
        await assign_to_queue(session, made.telegram.id, finance, SYSTEM)
    return made


async def told(
    database: Database, viewer: User, contact_id: int, words: str = "", limit: int = 40
) -> list[str]:
    """All pages, newest first."""
    texts: list[str] = []
    cursor: str | None = None
    async with database.reading() as session:
        places = await conversations_of_contact(session, viewer, contact_id)
        while True:
            page = await read_timeline(session, places, words=words, cursor=cursor, limit=limit)
            texts += [entry.message.text for entry in page.entries]
            if (cursor := page.next_cursor) is None:
                return texts


@pytest.mark.parametrize("limit", [1, 2, 4, 40])
async def test_all_channels_are_one_timeline_newest_first_in_pages(
    database: Database, people: People, limit: int
) -> None:
    texts = await told(database, people.sueli, people.maria, limit=limit)
    assert texts == [f"mensagem {count} sobre impressão" for count in (5, 4, 3, 2, 1, 0)]


async def test_an_agent_reads_only_the_conversations_they_may_see(
    database: Database, people: People
) -> None:
    texts = await told(database, people.ana, people.maria)
    assert texts == [f"mensagem {count} sobre impressão" for count in (5, 3, 1)]


async def test_search_within_a_contact_knows_no_accents(database: Database, people: People) -> None:
    assert await told(database, people.sueli, people.maria, "IMPRESSAO 4") == [
        "mensagem 4 sobre impressão"
    ]
    assert len(await told(database, people.sueli, people.maria, "impressão", limit=2)) == 6
    assert await told(database, people.sueli, people.maria, "100%") == []


async def test_notes_are_found_and_deleted_words_are_not(
    database: Database, people: People
) -> None:
    async with database.transaction() as session:
        note = await add_note(session, people.web.id, people.ana, "ligar amanhã")
    assert await told(database, people.ana, people.maria, "amanha") == ["ligar amanhã"]
    async with database.transaction() as session:
        await delete_message(session, people.web.id, note.id, by_agent(people.ana.id))
    assert await told(database, people.ana, people.maria, "amanha") == []


async def test_a_cursor_that_is_not_ours_is_refused(database: Database, people: People) -> None:
    async with database.reading() as session:
        with pytest.raises(Invalid):
            await read_timeline(session, [], cursor="x")


async def test_a_contact_is_seen_through_a_conversation_or_a_ticket(
    database: Database, people: People
) -> None:
    async with database.transaction() as session:
        stranger = Contact(name="Rita", created_at=NOW)
        session.add(stranger)
        await session.flush()
        for viewer in (people.ana, people.bruno, people.sueli):
            assert (await visible_contact(session, viewer, people.maria)).name == "Maria"
        assert (await visible_contact(session, people.sueli, stranger.id)).name == "Rita"
        for contact_id in (stranger.id, 10**6, 2**70):
            with pytest.raises(NotFound):
                await visible_contact(session, people.ana, contact_id)
        await open_ticket(
            session,
            contact_id=stranger.id,
            company_id=None,
            subject="x",
            description="",
            request_type_id=None,
        )
        await session.flush()
        assert (await visible_contact(session, people.ana, stranger.id)).name == "Rita"


async def test_earlier_ratings_are_told_with_their_comments(
    database: Database, people: People
) -> None:
    async with database.transaction() as session:
        for place, score in ((people.web, 5), (people.telegram, 2)):
            await rate_service(session, place, None, score)
        await comment_service(session, people.telegram, None, "demorou")
        ratings = await ratings_of_contact(session, people.maria)
    assert [(each.score, each.comment) for each in ratings] == [(2, "demorou"), (5, "")]


async def test_a_score_for_the_next_service_stands_beside_the_first(
    database: Database, people: People
) -> None:
    async with database.transaction() as session:
        held = await session.get_one(Conversation, people.web.id)
        for score in (5, 2):
            for status in (Status.OPEN, Status.RESOLVED):
                await set_status(session, held.id, status, by_agent(people.ana.id))
            await rate_service(session, held, None, score)
        ratings = await ratings_of_contact(session, people.maria)
    assert [each.score for each in ratings] == [2, 5]


async def test_a_correction_is_in_the_log_by_field_names_only(
    database: Database, people: People
) -> None:
    async with database.transaction() as session:
        draft = ContactDraft(name=" Maria   Souza ", phone="+55 (11) 91234-5678")
        contact = await correct_contact(session, people.maria, draft, people.ana)
        assert (contact.name, contact.phone) == ("Maria Souza", "+55 (11) 91234-5678")
        await correct_contact(session, people.maria, draft, people.ana)
        query = select(Event).where(Event.kind == "contact.changed")
        (event,) = (await session.execute(query)).scalars().all()
    assert event.data["fields"] == ["name", "phone"]
    assert "Souza" not in str(event.data)
    assert "91234" not in str(event.data)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (ContactDraft(name="x" * 201), "name"),
        (ContactDraft(email="maria"), "email"),
        (ContactDraft(email="eu sou maria@x.com"), "email"),
        (ContactDraft(phone="ramal 2"), "phone"),
        (ContactDraft(phone="123"), "phone"),
    ],
)
async def test_a_wrong_value_is_named_and_changes_nothing(
    database: Database, people: People, draft: ContactDraft, field: str
) -> None:
    async with database.transaction() as session:
        with pytest.raises(Invalid) as refused:
            await correct_contact(session, people.maria, draft, people.sueli)
    assert refused.value.field == field


async def test_an_address_is_changed_by_supervisors_and_moves_the_portals_user_name(
    database: Database, people: People
) -> None:
    async with database.transaction() as session:
        other = Contact(name="Rita", created_at=NOW)
        session.add(other)
        await session.flush()
        for contact_id, name in ((people.maria, "maria@x.com"), (other.id, "rita@x.com")):
            session.add(PortalAccount(contact_id=contact_id, username=name, created_at=NOW))
            (await session.get_one(Contact, contact_id)).email = name
    async with database.transaction() as session:
        draft = ContactDraft(email="nova@x.com")
        with pytest.raises(NotAllowed):
            await correct_contact(session, people.maria, draft, people.ana)
        for wrong in ("rita@x.com", ""):
            draft = ContactDraft(email=wrong)
            with pytest.raises(Invalid):
                await correct_contact(session, people.maria, draft, people.sueli)
    async with database.transaction() as session:
        draft = ContactDraft(email="Nova@X.com")
        contact = await correct_contact(session, people.maria, draft, people.sueli)
        query = select(PortalAccount.username).where(PortalAccount.contact_id == people.maria)
        assert contact.email == (await session.execute(query)).scalar_one() == "nova@x.com"
