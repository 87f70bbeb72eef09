"""A provisional password: drawn once, shown in one chat for minutes, kept nowhere in clear."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from desk.companies.directory import add_company
from desk.contacts.portal_access import (
    HIDDEN,
    Credentials,
    close_portal_login,
    contact_of_portal_login,
    draw_credentials,
    find_account,
    forget_expired_credentials,
    has_portal_account,
    hide_credentials,
    issue_credentials,
    open_portal_login,
    request_credentials,
    reveal_credentials,
)
from desk.contacts.registration import register_contact
from desk.contacts.tables import CredentialDelivery, PortalAccount
from desk.conversations.tables import Conversation
from desk.conversations.turns import Reply, TurnEnd, end_turn
from desk.db import Database
from desk.errors import NotFound
from desk.passwords import verify_password
from desk.vault import Vault
from tests.desk.building import (
    a_channel,
    a_conversation,
    a_user,
    begin_turn,
    claimed_by,
    customer_writes,
    messages_of,
)

VAULT = Vault("a secret of the tests")


async def registered(database: Database) -> Conversation:
    """The conversation of Maria, who has a portal account."""
    async with database.transaction() as session:
        conversation = await a_conversation(session, await a_channel(session))
        company = await add_company(session, "11222333000181", "Padaria Estrela LTDA")
        await register_contact(
            session, conversation.contact_id, company.id, "Maria Souza", "maria@padaria.com.br"
        )
    return conversation


async def ask(database: Database, conversation: Conversation) -> Credentials:
    async with database.transaction() as session:
        return await request_credentials(session, conversation.contact_id, conversation.public_id)


async def deliver(database: Database, conversation: Conversation, credentials: Credentials) -> None:
    drawn = await draw_credentials(VAULT, [f"Senha: {credentials.placeholder}"])
    async with database.transaction() as session:
        await issue_credentials(session, conversation.public_id, drawn)


async def shown(database: Database, public_id: str, credentials: Credentials) -> str:
    async with database.reading() as session:
        return await reveal_credentials(session, VAULT, public_id, credentials.placeholder)


async def signs_in(database: Database, password: str) -> bool:
    async with database.reading() as session:
        account = await find_account(session, " Maria@Padaria.com.br ")
    return account is not None and await verify_password(account.password_hash, password)


async def test_the_chat_that_asked_and_no_other_reads_the_password(database: Database) -> None:
    conversation = await registered(database)
    credentials = await ask(database, conversation)
    assert credentials.username == "maria@padaria.com.br"
    await deliver(database, conversation, credentials)
    password = await shown(database, conversation.public_id, credentials)
    assert await shown(database, conversation.public_id, credentials) == password
    assert await signs_in(database, password)
    assert await shown(database, "another chat", credentials) == HIDDEN
    assert hide_credentials(f"Senha: {credentials.placeholder}.") == f"Senha: {HIDDEN}."
    async with database.reading() as session:
        account = (await session.execute(select(PortalAccount))).scalar_one()
    assert account.must_change


async def test_a_password_is_drawn_once_however_often_it_is_delivered(
    database: Database,
) -> None:
    conversation = await registered(database)
    credentials = await ask(database, conversation)
    await deliver(database, conversation, credentials)
    first = await shown(database, conversation.public_id, credentials)
    await deliver(database, conversation, credentials)
    assert await shown(database, conversation.public_id, credentials) == first
    assert await signs_in(database, first)


async def test_after_its_minutes_it_is_masked_and_forgotten_but_still_opens(
    database: Database,
) -> None:
    conversation = await registered(database)
    credentials = await ask(database, conversation)
    await deliver(database, conversation, credentials)
    password = await shown(database, conversation.public_id, credentials)
    async with database.transaction() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(CredentialDelivery).values(expires_at=past))
    assert await shown(database, conversation.public_id, credentials) == HIDDEN
    async with database.transaction() as session:
        await forget_expired_credentials(session)
        assert (await session.execute(select(CredentialDelivery))).first() is None
    assert await shown(database, conversation.public_id, credentials) == HIDDEN
    assert await signs_in(database, password)


async def test_a_provisional_password_that_was_never_changed_stops_opening(
    database: Database,
) -> None:
    conversation = await registered(database)
    credentials = await ask(database, conversation)
    await deliver(database, conversation, credentials)
    password = await shown(database, conversation.public_id, credentials)
    async with database.transaction() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(PortalAccount).values(provisional_expires_at=past))
    assert not await signs_in(database, password)


async def test_a_newer_password_voids_the_older(database: Database) -> None:
    conversation = await registered(database)
    older = await ask(database, conversation)
    await deliver(database, conversation, older)
    old_password = await shown(database, conversation.public_id, older)
    newer = await ask(database, conversation)
    assert await shown(database, conversation.public_id, older) == HIDDEN
    await deliver(database, conversation, newer)
    await deliver(database, conversation, older)  # a late repetition
    new_password = await shown(database, conversation.public_id, newer)
    assert await signs_in(database, new_password)
    assert not await signs_in(database, old_password)


async def test_a_turn_stores_the_placeholder_and_never_the_password(database: Database) -> None:
    conversation = await registered(database)
    await customer_writes(database, conversation, "esqueci a senha")
    lease, turn = await begin_turn(database, conversation)
    credentials = await ask(database, conversation)
    reply = Reply(f"Senha: {credentials.placeholder}")
    drawn = await draw_credentials(VAULT, [reply.text])
    async with database.transaction() as session:
        await end_turn(session, lease, turn, TurnEnd([reply], drawn))
    password = await shown(database, conversation.public_id, credentials)
    assert await signs_in(database, password)
    assert (await messages_of(database, conversation))[1].text == reply.text
    async with database.reading() as session:
        for table in ("messages", "desk_events", "credential_deliveries", "portal_accounts"):
            rows = (await session.execute(select(text("*")).select_from(text(table)))).all()
            assert password not in str(rows), table


async def test_a_suppressed_answer_draws_no_password(database: Database) -> None:
    conversation = await registered(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await customer_writes(database, conversation, "esqueci a senha")
    lease, turn = await begin_turn(database, conversation)
    credentials = await ask(database, conversation)
    reply = Reply(f"Senha: {credentials.placeholder}")
    drawn = await draw_credentials(VAULT, [reply.text])
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        await end_turn(session, lease, turn, TurnEnd([reply], drawn))
    assert await shown(database, conversation.public_id, credentials) == HIDDEN
    async with database.reading() as session:
        account = (await session.execute(select(PortalAccount))).scalar_one()
    assert account.password_hash == ""


async def test_who_has_no_account_gets_no_password(database: Database) -> None:
    async with database.transaction() as session:
        conversation = await a_conversation(session, await a_channel(session))
        assert not await has_portal_account(session, conversation.contact_id)
        with pytest.raises(NotFound):
            await request_credentials(session, conversation.contact_id, conversation.public_id)
        assert await find_account(session, "ninguem@demo.ponte") is None


async def test_a_portal_login_opens_one_contact_until_it_is_closed(database: Database) -> None:
    conversation = await registered(database)
    async with database.transaction() as session:
        account = (await session.execute(select(PortalAccount))).scalar_one()
        token = await open_portal_login(session, account.id, 1)
        expired = await open_portal_login(session, account.id, -1)
    async with database.reading() as session:
        contact = await contact_of_portal_login(session, token)
        assert contact is not None
        assert contact.id == conversation.contact_id
        assert await contact_of_portal_login(session, expired) is None
        assert await contact_of_portal_login(session, token + "x") is None
        rows = (await session.execute(text("SELECT * FROM portal_logins"))).all()
        assert token not in str(rows)
    async with database.transaction() as session:
        await close_portal_login(session, token)
        assert await contact_of_portal_login(session, token) is None


async def test_an_address_that_has_an_account_gives_no_second_one(database: Database) -> None:
    await registered(database)
    async with database.transaction() as session:
        stranger = await a_conversation(session, await a_channel(session, "telegram"), "stranger")
        company = await add_company(session, "90410023000167", "Mercado Aurora SA")
        registration = await register_contact(
            session, stranger.contact_id, company.id, "Outra", " MARIA@padaria.com.br "
        )
        assert registration.outcome == "email_taken"
        assert not await has_portal_account(session, stranger.contact_id)


async def test_who_registers_again_keeps_the_account(database: Database) -> None:
    conversation = await registered(database)
    async with database.transaction() as session:
        company = await add_company(session, "90410023000167", "Mercado Aurora SA")
        registration = await register_contact(
            session, conversation.contact_id, company.id, "Maria S.", "outra@padaria.com.br"
        )
        assert registration.outcome == "already_registered"
        account = (await session.execute(select(PortalAccount))).scalar_one()
        assert account.username == "maria@padaria.com.br"
