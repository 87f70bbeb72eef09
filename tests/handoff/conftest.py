"""One running service a module and engine: HTTP tests share it, each with its own customers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ENGINES
from tests.handoff.serving import Served, copy_of
from tests.handoff.telegram_chat import Chat
from tests.handoff.whatsapp_chat import WhatsAppChat, connect_number
from tests.postgresql import PostgresDatabases


@pytest.fixture(scope="module", params=ENGINES)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The real service with a fake Rasa and a fake Telegram."""
    folder: Path = tmp_path_factory.mktemp("served")
    if request.param == "sqlite":
        url = copy_of(request.getfixturevalue("sqlite_template"), folder)
    else:
        databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
        url = databases.clone()
    with Served(url, folder) as running:
        running.set_secrets()
        yield running


@pytest.fixture
def chat(served: Served) -> Iterator[Chat]:
    """A new person at Telegram."""
    with served.client() as client:
        yield Chat(served, client)
    for expected in (served.telegram.answers, served.telegram.file_answers, served.rasa.turns):
        expected.clear()
    served.telegram.held.clear()


@pytest.fixture
def whatsapp(served: Served) -> Iterator[WhatsAppChat]:
    """A new person at WhatsApp."""
    connect_number(served)
    with served.client() as client:
        yield WhatsAppChat(served, client)
    fake = served.whatsapp
    for expected in (fake.answers, fake.file_answers, served.rasa.turns):
        expected.clear()
    fake.templates, fake.file_host = [], ""
