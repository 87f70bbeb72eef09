"""Registration: an account for a new address, none on somebody else's."""

from datetime import UTC, datetime

from desk.companies.directory import add_company
from desk.contacts.directory import companies_of
from desk.contacts.portal_access import has_portal_account
from desk.contacts.registration import correct_email, register_contact
from desk.contacts.tables import Contact
from desk.db import Database


async def two_contacts(database: Database) -> tuple[int, int, int]:
    async with database.transaction() as session:
        company = await add_company(session, "11222333000181", "Padaria Estrela LTDA")
        first, second = (Contact(created_at=datetime.now(UTC)) for _ in range(2))
        session.add_all([first, second])
        await session.flush()
        return company.id, first.id, second.id


async def test_a_second_person_gets_no_account_on_a_registered_address(
    database: Database,
) -> None:
    company, first, second = await two_contacts(database)
    async with database.transaction() as session:
        one = await register_contact(session, first, company, "Maria Souza", "M@ex.com")
        two = await register_contact(session, second, company, "Outra Pessoa", "m@ex.com ")
        assert (one.outcome, two.outcome) == ("registered", "email_taken")
        assert await has_portal_account(session, first)
        assert not await has_portal_account(session, second)
        assert [each.id for each in await companies_of(session, second)] == [company]


async def test_registering_again_changes_nothing_but_the_typed_words(database: Database) -> None:
    company, first, _ = await two_contacts(database)
    async with database.transaction() as session:
        await register_contact(session, first, company, "Maria Souza", "m@ex.com")
        again = await register_contact(session, first, company, "Maria S. Souza", "m@ex.com")
        assert again.outcome == "already_registered"
        assert again.contact.name == "Maria S. Souza"
        assert len(await companies_of(session, first)) == 1


async def test_a_corrected_address_moves_the_account_unless_it_is_anothers(
    database: Database,
) -> None:
    company, first, second = await two_contacts(database)
    async with database.transaction() as session:
        await register_contact(session, first, company, "Maria Souza", "m@ex.com")
        await register_contact(session, second, company, "Bia Lima", "bia@ex.com")
        assert await correct_email(session, first, " Maria@Ex.com")
        assert not await correct_email(session, first, "bia@ex.com")
    async with database.reading() as session:
        contact = await session.get_one(Contact, first)
        assert contact.email == "maria@ex.com"
