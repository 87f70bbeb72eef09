"""A whole ticket over Telegram, on the three real processes: albums, voice, buttons, a crash."""

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from desk.channels.tables import Channel
from desk.contacts.tables import Contact
from desk.conversations.tables import Conversation, Message
from desk.db import Database
from desk.media.store import path_of
from desk.media.tables import Media
from desk.tickets.tables import Ticket, TicketMedia
from desk.vault import Vault
from tests.desk.building import a_channel
from tests.fakes.http import BackgroundServer
from tests.fakes.telegram import (
    BOT_TOKEN,
    FakeTelegram,
    document,
    photo,
    pressed,
    update,
    words_of,
)
from tests.system import RunningSystem
from tests.webchat import Agent, wait_until

SECRET = "segredo-do-webhook"
REPLY_SECONDS = 100.0
SETTLE_SECONDS = 0.8
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 20
OGG = b"OggS\x00\x02" + bytes(20) + b"\x01\x1eOpusHead" + bytes(200)
PDF = b"%PDF-1.4\n" + b"linha\n" * 50

pytestmark = pytest.mark.timeout(600)


class Person:
    """Somebody at Telegram."""

    def __init__(self, system: RunningSystem, telegram: FakeTelegram, user_id: int) -> None:
        self.telegram, self.user_id = telegram, user_id
        self.client = httpx.Client(
            base_url=system.base_url,
            headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
            timeout=30,
        )
        self.numbers = itertools.count(1)
        self.seen = 0

    def deliver(self, body: dict[str, Any]) -> None:
        """As Telegram posts it."""
        assert self.client.post("/channels/telegram/equipe", json=body).status_code == 200

    def send(self, text: str = "", **message: Any) -> None:
        """A message of any kind."""
        self.deliver(update(text, next(self.numbers), self.user_id, **message))

    def press(self, title: str) -> None:
        """Presses the button of this title under the newest message that has buttons."""
        buttons = [
            row[0]
            for body in self.sent
            for row in body.get("reply_markup", {}).get("inline_keyboard", [])
        ]
        button = [each for each in buttons if title in each["text"]][-1]
        self.deliver(pressed(self.user_id, button["callback_data"], next(self.numbers)))

    @property
    def sent(self) -> list[dict[str, Any]]:
        """All that came to this person."""
        return [body for body in self.telegram.sent if str(body["chat_id"]) == str(self.user_id)]

    def hear(self, words: str, seconds: float = REPLY_SECONDS) -> str:
        """Waits for words that were not heard before; gives the whole message."""
        deadline = time.monotonic() + seconds
        while True:
            fresh = [words_of(body) for body in self.sent[self.seen :]]
            found = [text for text in fresh if words.lower() in text.lower()]
            if found:
                time.sleep(SETTLE_SECONDS)  # the rest of the turn
                self.seen = len(self.sent)
                return found[-1]
            assert time.monotonic() < deadline, f"{words!r} was not said, but {fresh}"
            time.sleep(0.05)

    def ask(self, text: str, words: str) -> str:
        """Writes and waits for words."""
        self.send(text)
        return self.hear(words)


@pytest.fixture(scope="module")
def telegram() -> Iterator[tuple[FakeTelegram, str]]:
    fake = FakeTelegram()
    with BackgroundServer(fake) as server:
        yield fake, server.url


@pytest.fixture(scope="module")
def telegram_system(
    telegram: tuple[FakeTelegram, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSystem]:
    """The three processes with a Telegram channel whose Bot API is the fake one."""
    system = RunningSystem(tmp_path_factory.mktemp("telegram"), telegram_api_url=telegram[1])
    try:
        system.start()
        asyncio.run(_add_channel(system))
        yield system
    finally:
        system.stop()


user_ids = itertools.count(5_000_001)


@pytest.fixture
def person(telegram_system: RunningSystem, telegram: tuple[FakeTelegram, str]) -> Iterator[Person]:
    """Somebody who was never here."""
    one = Person(telegram_system, telegram[0], next(user_ids))
    yield one
    one.client.close()


async def _add_channel(system: RunningSystem) -> None:
    database = Database(system.database_url)
    vault = Vault(system.settings.secret_key.get_secret_value())
    secrets = {"token": BOT_TOKEN, "webhook_secret": SECRET}
    async with database.transaction() as session:
        channel: Channel = await a_channel(session, "telegram", "equipe")
        channel.secrets = vault.seal(json.dumps(secrets))
    await database.close()


async def _stored(
    system: RunningSystem, subject: str, person: Person
) -> tuple[Ticket, Contact, list[Media], list[Message]]:
    """The ticket, whose it is, its files in order, and what this person wrote."""
    database = Database(system.database_url)
    async with database.reading() as session:
        query = select(Ticket).where(Ticket.subject == subject)
        (ticket,) = (await session.execute(query)).scalars()
        contact = await session.get_one(Contact, ticket.contact_id)
        files = (
            select(Media)
            .join(TicketMedia, TicketMedia.media_id == Media.id)
            .where(TicketMedia.ticket_id == ticket.id)
            .order_by(TicketMedia.position)
        )
        kept = list((await session.execute(files)).scalars())
        rows = list(
            (
                await session.execute(
                    select(Message)
                    .join(Conversation, Conversation.id == Message.conversation_id)
                    .where(
                        Conversation.external_chat == str(person.user_id),
                        Message.direction == "in",
                        Message.kind == "message",
                    )
                    .order_by(Message.seq)
                )
            ).scalars()
        )
    await database.close()
    return ticket, contact, kept, rows


async def _public_id(system: RunningSystem, person: Person) -> str:
    database = Database(system.database_url)
    query = select(Conversation.public_id).where(Conversation.external_chat == str(person.user_id))
    async with database.reading() as session:
        public_id = (await session.execute(query)).scalar_one()
    await database.close()
    return public_id


def test_a_ticket_is_opened_over_telegram_with_all_its_files(
    telegram_system: RunningSystem, person: Person
) -> None:
    fake = person.telegram
    fake.files = {name: JPEG + name.encode() for name in ("antes", "um", "dois")}
    fake.files |= {"voz": OGG, "laudo": PDF}
    person.send(**photo("antes"))
    person.hear("CNPJ")
    person.ask("11.222.333/0001-81", "Padaria Estrela")
    person.ask("Maria Souza", "e-mail")
    person.ask(f"maria.{uuid.uuid4().hex[:8]}@padariaestrela.com.br", "senha provisória")
    person.ask("0", "assunto")
    subject = f"Impressora {uuid.uuid4().hex[:6]} parou"
    person.ask(subject, "tipo")
    person.press("Erro no sistema")
    person.hear("detalhes")
    person.ask("Liga mas não imprime desde ontem", "Fim")

    album = {"media_group_id": "album-1"}
    person.send(caption="as duas telas", **photo("um"), **album)
    person.send(**photo("dois"), **album)
    person.hear("fim")
    person.send(voice={"file_id": "voz"})
    person.hear("fim")
    # The service dies while a file is on its way; what was written behind it waits for it.
    fake.held.add("laudo")
    person.send(**document("laudo", "laudo técnico.pdf"))
    person.send("Fim")
    time.sleep(1)
    telegram_system.kill("handoff")
    fake.held.clear()
    telegram_system.start("handoff")
    told = person.hear("#")
    assert subject in told

    ticket, contact, kept, rows = asyncio.run(_stored(telegram_system, subject, person))
    assert contact.name == "Maria Souza"
    assert f"#{ticket.number}" in told
    folder = telegram_system.settings.media_dir
    assert [path_of(folder, each.sha256).read_bytes() for each in kept] == [
        fake.files[name] for name in ("antes", "um", "dois", "voz", "laudo")
    ]
    assert kept[-1].name == "laudo técnico.pdf"
    assert "as duas telas" in ticket.description
    assert [row.media_count for row in rows if row.media_count] == [1, 2, 1, 1]
    assert {row.state for row in rows} == {"done"}
    assert BOT_TOKEN not in telegram_system.log("handoff")


def test_an_agent_and_a_customer_exchange_files_quotes_and_edits(
    telegram_system: RunningSystem, person: Person
) -> None:
    fake = person.telegram
    fake.files["tela"] = JPEG
    person.ask("/start", "CNPJ")
    person.send("quero falar com uma pessoa")
    person.hear("")
    agent = Agent(telegram_system, "supervisora@demo.ponte")
    try:
        public_id = asyncio.run(_public_id(telegram_system, person))
        wait_until(lambda: agent.claim(public_id).status_code == 200, what="the claim")
        fake.sent.clear()
        person.seen = 0
        person.send(caption="olha a tela", **photo("tela"))

        def shown() -> list[dict[str, Any]]:
            messages = agent.get(f"/conversations/{public_id}/messages")["messages"]
            return [each for each in messages if each["text"] == "olha a tela"]

        wait_until(lambda: shown() and shown()[0]["attachments"], what="the customer's picture")
        answer = agent.client.post(
            f"/conversations/{public_id}/messages",
            data={
                "client_id": str(uuid.uuid4()),
                "text": "faça como aqui",
                "reply_to": str(shown()[0]["id"]),
            },
            files=[("file", ("passos.pdf", PDF, "application/pdf"))],
        )
        assert answer.status_code == 202, answer.text
        person.hear("faça como aqui")
        (sent,) = person.sent
        assert sent["files"]["document"] == ("passos.pdf", PDF)
        assert sent["reply_parameters"]["message_id"] == 3
        path = f"/conversations/{public_id}/messages/{answer.json()['id']}"
        assert agent.client.patch(path, json={"text": "faça assim"}).status_code == 200
        wait_until(
            lambda: (
                [call["caption"] for call in fake.calls if call["method"] == "editMessageCaption"]
                == ["faça assim"]
            ),
            what="the edit",
        )
    finally:
        agent.close()
