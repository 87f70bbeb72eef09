"""Portal passwords: an own one ends the provisional one; a forgotten one comes back by e-mail."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from desk.companies.directory import add_company
from desk.contacts.portal_access import (
    contact_of_portal_login,
    find_account,
    open_portal_login,
)
from desk.contacts.portal_password import (
    MAX_RESETS_AN_HOUR,
    account_of_reset,
    change_password,
    check_new_password,
    draw_reset,
    move_account,
)
from desk.contacts.registration import register_contact
from desk.contacts.tables import Contact, PasswordReset, PortalAccount
from desk.db import Database
from desk.errors import Invalid


async def an_account(database: Database) -> PortalAccount:
    async with database.transaction() as session:
        company = await add_company(session, "11222333000181", "Padaria Estrela LTDA")
        contact = Contact(created_at=datetime.now(UTC))
        session.add(contact)
        await session.flush()
        await register_contact(session, contact.id, company.id, "Maria Souza", "m@ex.com")
        account = await session.get_one(PortalAccount, 1)
        account.password_hash = "provisional"
        account.provisional_expires_at = datetime.now(UTC) + timedelta(days=1)
        return account


async def test_an_own_password_ends_the_provisional_one_and_other_logins(
    database: Database,
) -> None:
    account = await an_account(database)
    async with database.transaction() as session:
        elsewhere = await open_portal_login(session, account.id, 1)
        await change_password(session, account.id, "own")
        assert await contact_of_portal_login(session, elsewhere) is None
        found = await find_account(session, "M@ex.com ")
        assert found is not None
        assert (found.password_hash, found.must_change) == ("own", False)


async def test_a_provisional_password_expires(database: Database) -> None:
    account = await an_account(database)
    async with database.transaction() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(PortalAccount).values(provisional_expires_at=past))
        assert await find_account(session, account.username) is None


async def test_a_link_sets_one_password_once_and_not_for_long(database: Database) -> None:
    account = await an_account(database)
    async with database.transaction() as session:
        token = await draw_reset(session, " M@EX.com") or ""
        found = await account_of_reset(session, token)
        assert found is not None
        assert found.id == account.id
        await change_password(session, account.id, "new")
        assert await account_of_reset(session, token) is None
        late = await draw_reset(session, "m@ex.com") or ""
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(PasswordReset).values(expires_at=past))
        assert await account_of_reset(session, late) is None


async def test_an_unknown_address_gets_no_link_and_a_known_one_few(database: Database) -> None:
    await an_account(database)
    async with database.transaction() as session:
        assert await draw_reset(session, "ninguem@ex.com") is None
        links = [await draw_reset(session, "m@ex.com") for _ in range(MAX_RESETS_AN_HOUR + 1)]
    assert [bool(link) for link in links] == [True] * MAX_RESETS_AN_HOUR + [False]


@pytest.mark.parametrize(
    ("password", "again", "field"),
    [
        ("curta", "curta", "password"),
        ("x" * 129, "x" * 129, "password"),
        ("uma senha boa", "uma senha boa!", "again"),
        ("Maria.Souza", "Maria.Souza", "password"),
    ],
)
def test_a_bad_password_is_refused_with_what_to_do(password: str, again: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_new_password(password, again, "maria.souza@ex.com")
    assert refusal.value.field == field


def test_a_long_password_of_any_characters_is_fine() -> None:
    check_new_password("ção é assim", "ção é assim", "maria@ex.com")


async def test_an_account_that_moves_to_a_new_address_shuts_out_who_had_the_old_one(
    database: Database,
) -> None:
    account = await an_account(database)
    async with database.transaction() as session:
        login = await open_portal_login(session, account.id, 30)
        link = await draw_reset(session, "m@ex.com")
        assert link is not None
        moved = await session.get_one(PortalAccount, account.id)
        await move_account(session, moved, "nova@ex.com")
    async with database.transaction() as session:
        assert await contact_of_portal_login(session, login) is None
        assert await account_of_reset(session, link) is None
        assert await find_account(session, "m@ex.com") is None
        kept = await session.get_one(PortalAccount, account.id)
        assert (kept.username, kept.password_hash) == ("nova@ex.com", "")
