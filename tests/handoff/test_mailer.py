"""E-mail leaves by SMTP, and by readable files where no server is set."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from sqlalchemy import select

from desk.db import Database
from desk.mail.queue import queue_email
from desk.mail.tables import Email
from desk.settings import Settings, load_settings
from desk.vault import Vault
from handoff.mailer import Mailer
from handoff.pulse import Pulse
from tests.handoff.bridging import ONE_ENGINE
from tests.system import free_ports

KEY = "a secret key of the tests"
VAULT = Vault(KEY)
PATIENCE_SECONDS = 20.0
BODY = "Seu código é 123456.\nEle vale por 10 minutos."


class Postbox:
    """A real SMTP server's handler that keeps what it gets, and refuses when told."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refuse_next = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        del server, session
        if self.refuse_next:
            self.refuse_next -= 1
            return "451 try again later"
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, str]]:
    handler = Postbox()
    (port,) = free_ports(1)  # the controller checks the port it was given, so none of 0
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    controller.stop()


def settings_for(database: Database, var_dir: Path, smtp_url: str = "") -> Settings:
    return load_settings(
        var_dir=var_dir,
        database_url=database.url,
        secret_key=SecretStr(KEY),
        smtp_url=smtp_url,
        mail_from="ponte@acme.example",
    )


@contextlib.asynccontextmanager
async def a_mailer(database: Database, settings: Settings) -> AsyncIterator[None]:
    pulse = Pulse(database)
    task = asyncio.create_task(Mailer(settings, database, VAULT, pulse).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def settled(database: Database, *states: str) -> Email:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with database.reading() as session:
                row = (await session.execute(select(Email))).scalar_one()
                if row.state in states and row.attempts:
                    return row
            await asyncio.sleep(0.02)


async def test_a_letter_reaches_a_real_smtp_server(
    database: Database, tmp_path: Path, postbox: tuple[Postbox, str]
) -> None:
    handler, url = postbox
    async with database.transaction() as session:
        await queue_email(session, VAULT, "maria@ex.com", "Seu código, Maria", BODY)
    async with a_mailer(database, settings_for(database, tmp_path, url)):
        await settled(database, "sent")
    (message,) = handler.messages
    assert message["To"] == "maria@ex.com"
    assert message["From"] == "ponte@acme.example"
    assert message["Subject"] == "Seu código, Maria"
    assert message.get_content().splitlines() == BODY.splitlines()


@ONE_ENGINE
async def test_a_refused_letter_waits_for_another_try(
    database: Database, tmp_path: Path, postbox: tuple[Postbox, str]
) -> None:
    handler, url = postbox
    handler.refuse_next = 1
    async with database.transaction() as session:
        await queue_email(session, VAULT, "maria@ex.com", "Oi", BODY)
    async with a_mailer(database, settings_for(database, tmp_path, url)):
        row = await settled(database, "pending")
    assert row.failure == "SMTPDataError"
    assert handler.messages == []


@ONE_ENGINE
async def test_a_server_that_is_away_loses_nothing(database: Database, tmp_path: Path) -> None:
    async with database.transaction() as session:
        await queue_email(session, VAULT, "maria@ex.com", "Oi", BODY)
    async with a_mailer(database, settings_for(database, tmp_path, "smtp://127.0.0.1:9")):
        row = await settled(database, "pending")
    assert row.sealed_body


@ONE_ENGINE
async def test_without_a_server_a_letter_is_a_readable_file_of_ours_alone(
    database: Database, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        await queue_email(session, VAULT, "maria@ex.com", "Seu código", BODY)
    async with a_mailer(database, settings_for(database, tmp_path)):
        await settled(database, "sent")
    (path,) = (tmp_path / "mail").glob("*.eml")
    assert BODY in path.read_text("utf-8")
    assert path.stat().st_mode & 0o077 == 0
