"""A bridge on a database and a fake Rasa, for tests: the real loop, worker and client."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from desk.conversations.tables import Conversation, Message
from desk.db import Database
from desk.settings import Settings, load_settings
from desk.vault import Vault
from handoff.bot import RasaClient
from handoff.bridge.loop import Bridge
from handoff.bridge.worker import Worker
from handoff.pulse import Pulse
from handoff.words import Words
from tests.desk.building import fresh, messages_of
from tests.fakes.http import FakeServer
from tests.fakes.rasa import TOKEN, FakeRasa

SECRET_KEY = "a secret key of the tests"
APOLOGY = "Desculpe, tive um problema."
WORDS = Words(
    {
        "bridge_apology": [APOLOGY],
        "bridge_failed_subject": ["Atendimento com uma pessoa"],
        "bridge_queue_place": ["Você é a {position}ª da fila."],
        "bridge_queue_nobody": ["Não há ninguém agora."],
        "bridge_queue_received": ["Recebi sua mensagem."],
        "bridge_queue_closed": ["A equipe volta {opening}."],
        "bridge_opted_out": ["Você saiu da lista."],
        "bridge_opening_today": ["hoje às {time}"],
        "bridge_opening_tomorrow": ["amanhã às {time}"],
        "bridge_opening_later": ["{weekday} às {time}"],
    }
)
PATIENCE_SECONDS = 20.0

ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For tests in which nothing of the database is in question."""


def settings_for(database: Database, **values: Any) -> Settings:
    """Settings on this database."""
    return load_settings(
        var_dir=Path("var-of-tests"),
        database_url=database.url,
        secret_key=SecretStr(SECRET_KEY),
        **values,
    )


@asynccontextmanager
async def running_bridge(
    database: Database, rasa: FakeRasa, **settings: Any
) -> AsyncIterator[Bridge]:
    """The bridge of one process, working until the block ends."""
    async with FakeServer(rasa) as server, bridge_to(database, server.url, **settings) as bridge:
        yield bridge


@asynccontextmanager
async def bridge_to(database: Database, rasa_url: str, **settings: Any) -> AsyncIterator[Bridge]:
    """The same to a Rasa that runs elsewhere, or nowhere."""
    chosen = settings_for(database, **settings)
    bot = RasaClient(rasa_url, TOKEN, chosen.bot_timeout_seconds)
    pulse = Pulse(database)
    worker = Worker(chosen, database, bot, pulse, WORDS, Vault(SECRET_KEY))
    bridge = Bridge(database, worker, pulse, chosen.bridge_concurrency)
    running = [asyncio.create_task(bridge.run()), asyncio.create_task(_beat(pulse))]
    try:
        yield bridge
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await bot.close()


async def _beat(pulse: Pulse) -> None:
    """Tells of the tests' own writes, so that nothing waits for the look of each second."""
    while True:
        pulse.beat()
        await asyncio.sleep(0.03)


async def until(
    holds: Callable[[], Awaitable[object]], what: str = "it", seconds: float = PATIENCE_SECONDS
) -> None:
    """Waits until something holds; an AssertionError names what never did."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        await asyncio.sleep(0.02)


async def until_worked(database: Database, conversation: Conversation) -> None:
    """Waits until no message of the conversation waits."""

    async def is_idle() -> bool:
        return (await fresh(database, conversation)).work_due_at is None

    await until(is_idle, "the end of the work")


async def replies_of(database: Database, conversation: Conversation) -> list[str]:
    """The texts that went out, in order, suppressed ones left aside."""
    return [row.text for row in await delivered(database, conversation)]


async def delivered(database: Database, conversation: Conversation) -> list[Message]:
    """The messages that went out."""
    return [
        row
        for row in await messages_of(database, conversation)
        if row.direction == "out" and row.state != "suppressed"
    ]
