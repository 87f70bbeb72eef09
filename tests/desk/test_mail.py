"""E-mail is stored with its cause, sealed while it waits, and forgotten once it left."""

from datetime import UTC, datetime

from sqlalchemy import select, update

from desk.db import Database
from desk.mail.queue import MAX_ATTEMPTS, mail_waits, queue_email, settle_letter, take_letter
from desk.mail.tables import Email
from desk.vault import Vault

VAULT = Vault("a secret key of the tests, long enough")


async def test_a_letter_is_taken_once_and_its_body_forgotten_when_it_left(
    database: Database,
) -> None:
    async with database.transaction() as session:
        await queue_email(session, VAULT, "m@ex.com", "Seu\ncódigo", "123456")
        row = (await session.execute(select(Email))).scalar_one()
        assert "123456" not in row.sealed_body
        assert row.subject == "Seu código"
    async with database.transaction() as session:
        letter = await take_letter(session, VAULT)
        assert letter is not None
        assert letter.body == "123456"
        assert await take_letter(session, VAULT) is None
        await settle_letter(session, letter)
    async with database.reading() as session:
        row = (await session.execute(select(Email))).scalar_one()
        assert (row.state, row.sealed_body) == ("sent", "")
        assert not await mail_waits(session)


async def test_a_failed_letter_is_tried_again_later_and_not_for_ever(database: Database) -> None:
    async with database.transaction() as session:
        await queue_email(session, VAULT, "m@ex.com", "Oi", "corpo")
    for _ in range(MAX_ATTEMPTS):
        async with database.transaction() as session:
            await session.execute(update(Email).values(due_at=datetime.now(UTC)))
            letter = await take_letter(session, VAULT)
            assert letter is not None
            await settle_letter(session, letter, "ConnectionRefusedError")
            assert await take_letter(session, VAULT) is None
    async with database.reading() as session:
        row = (await session.execute(select(Email))).scalar_one()
        assert (row.state, row.failure) == ("failed", "ConnectionRefusedError")


async def test_a_letter_under_another_key_fails_and_holds_up_no_other(database: Database) -> None:
    async with database.transaction() as session:
        await queue_email(session, Vault("another key"), "m@ex.com", "Oi", "corpo")
        await queue_email(session, VAULT, "b@ex.com", "Oi", "corpo")
        letter = await take_letter(session, VAULT)
    assert letter is not None
    assert letter.recipient == "b@ex.com"
