"""A typed address proves nothing; a code sent to it does, for the chat that repeats it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from desk.channels.tables import Channel
from desk.companies.directory import add_company
from desk.contacts.directory import Alias, companies_of, contact_by_alias
from desk.contacts.proof import MAX_CODES_AN_HOUR, MAX_TRIES, check_code, draw_code, masked
from desk.contacts.registration import register_contact
from desk.contacts.tables import Contact, ContactAlias, ContactMerge, EmailCode
from desk.conversations.find import conversation_for
from desk.conversations.merging import merge_proven, revert_merge
from desk.conversations.tables import Conversation
from desk.conversations.tickets import link_ticket
from desk.db import Database
from desk.errors import Conflict
from desk.events.log import SYSTEM
from desk.tickets.directory import tickets_of
from desk.tickets.opening import open_ticket
from tests.desk.building import a_channel, a_queue

EMAIL = "maria@ex.com"


async def maria_and_a_stranger(database: Database) -> tuple[int, Conversation]:
    """Maria, registered from one browser; a second browser that types her address."""
    async with database.transaction() as session:
        channel = await a_channel(session)
        await a_queue(session)
        company = await add_company(session, "11222333000181", "Padaria Estrela LTDA")
        known = await conversation_for(session, channel, Alias("web_visitor", "a"), "a")
        await register_contact(session, known.contact_id, company.id, "Maria Souza", EMAIL)
        unproven = await conversation_for(session, channel, Alias("web_visitor", "b"), "b")
        return known.contact_id, unproven


async def test_the_right_code_names_whose_address_it_is_and_works_once(
    database: Database,
) -> None:
    maria, unproven = await maria_and_a_stranger(database)
    async with database.transaction() as session:
        code = await draw_code(session, unproven.contact_id, EMAIL)
        assert code is not None
    async with database.transaction() as session:
        check = await check_code(session, unproven.contact_id, f"o código é {code[:3]} {code[3:]}")
        assert (check.outcome, check.owner_id) == ("right", maria)
        assert (await check_code(session, unproven.contact_id, code)).outcome == "none"


async def test_tries_are_bounded_and_the_right_code_comes_too_late(database: Database) -> None:
    _, unproven = await maria_and_a_stranger(database)
    async with database.transaction() as session:
        code = await draw_code(session, unproven.contact_id, EMAIL) or ""
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        outcomes = [
            (await check_code(session, unproven.contact_id, wrong)).outcome
            for _ in range(MAX_TRIES)
        ]
        assert outcomes == ["wrong"] * MAX_TRIES
        assert (await check_code(session, unproven.contact_id, code)).outcome == "expired"


async def test_a_code_expires(database: Database) -> None:
    _, unproven = await maria_and_a_stranger(database)
    async with database.transaction() as session:
        code = await draw_code(session, unproven.contact_id, EMAIL) or ""
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(EmailCode).values(expires_at=past))
    async with database.transaction() as session:
        assert (await check_code(session, unproven.contact_id, code)).outcome == "expired"


async def test_codes_to_an_address_are_bounded_whoever_asks(database: Database) -> None:
    maria, unproven = await maria_and_a_stranger(database)
    async with database.transaction() as session:
        for _ in range(MAX_CODES_AN_HOUR):
            assert await draw_code(session, unproven.contact_id, EMAIL)
        assert await draw_code(session, unproven.contact_id, EMAIL) is None
        assert await draw_code(session, maria, EMAIL.upper()) is None


async def test_a_code_is_of_one_chat_and_no_other(database: Database) -> None:
    maria, unproven = await maria_and_a_stranger(database)
    async with database.transaction() as session:
        code = await draw_code(session, unproven.contact_id, EMAIL) or ""
        assert (await check_code(session, maria, code)).outcome == "none"


async def test_a_code_is_kept_as_a_hash_only(database: Database) -> None:
    _, unproven = await maria_and_a_stranger(database)
    async with database.transaction() as session:
        code = await draw_code(session, unproven.contact_id, EMAIL) or ""
        row = (await session.execute(select(EmailCode))).scalar_one()
        assert code not in f"{row.salt} {row.code_hash}"


async def test_what_proved_it_joins_the_known_contact_and_can_be_taken_back(
    database: Database,
) -> None:
    maria, unproven = await maria_and_a_stranger(database)
    stranger = unproven.contact_id
    async with database.transaction() as session:
        ticket = await open_ticket(
            session,
            contact_id=stranger,
            company_id=None,
            subject="Impressora",
            description="",
            request_type_id=None,
        )
        await link_ticket(session, unproven.id, ticket.id)
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, unproven.id)
        await merge_proven(session, conversation, maria, SYSTEM)
    async with database.transaction() as session:
        assert [each.id for each in await tickets_of(session, maria)] == [ticket.id]
        assert (await contact_by_alias(session, Alias("web_visitor", "b"))).id == maria
        assert len(await companies_of(session, maria)) == 1
        merge = (await session.execute(select(ContactMerge))).scalar_one()
        await revert_merge(session, merge.id, SYSTEM)
    async with database.transaction() as session:
        assert [each.id for each in await tickets_of(session, stranger)] == [ticket.id]
        assert (await contact_by_alias(session, Alias("web_visitor", "b"))).id == stranger
        with pytest.raises(Conflict):
            await revert_merge(session, merge.id, SYSTEM)


async def test_a_proof_binds_only_the_alias_that_gave_it(database: Database) -> None:
    maria, unproven = await maria_and_a_stranger(database)
    async with database.transaction() as session:
        session.add(
            ContactAlias(
                kind="telegram",
                value="7",
                contact_id=unproven.contact_id,
                created_at=datetime.now(UTC),
            )
        )
        elsewhere = await open_ticket(
            session,
            contact_id=unproven.contact_id,
            company_id=None,
            subject="De outro canal",
            description="",
            request_type_id=None,
        )
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, unproven.id)
        await merge_proven(session, conversation, maria, SYSTEM)
    async with database.transaction() as session:
        assert (await contact_by_alias(session, Alias("telegram", "7"))).id != maria
        assert elsewhere.id not in [each.id for each in await tickets_of(session, maria)]


async def test_both_browsers_of_one_person_keep_their_conversation(database: Database) -> None:
    maria, unproven = await maria_and_a_stranger(database)
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, unproven.id)
        await merge_proven(session, conversation, maria, SYSTEM)
        channel = await session.get_one(Channel, conversation.channel_id)
        second = await conversation_for(session, channel, Alias("web_visitor", "b"), "b")
        first = await conversation_for(session, channel, Alias("web_visitor", "a"), "a")
    assert second.id == unproven.id
    assert first.id != second.id
    assert first.contact_id == second.contact_id == maria


def test_an_address_is_masked_so_that_only_its_owner_knows_it() -> None:
    assert masked("maria@padaria.com.br") == "m•••@padaria.com.br"


async def test_a_contact_is_found_by_nothing_that_was_typed(database: Database) -> None:
    maria, unproven = await maria_and_a_stranger(database)
    async with database.transaction() as session:
        contact = await session.get_one(Contact, unproven.contact_id)
        contact.name, contact.email = "Maria Souza", EMAIL
    async with database.transaction() as session:
        assert (await contact_by_alias(session, Alias("web_visitor", "b"))).id != maria
