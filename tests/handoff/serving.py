"""The real service on a free port, with a fake Rasa and a fake Telegram, in a thread of its own."""

import asyncio
import json
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import SecretStr
from sanic import Sanic
from sqlalchemy import select

from desk.channels.tables import Channel
from desk.conversations.find import conversation_by_public_id
from desk.conversations.ownership import assign_to_queue
from desk.conversations.tables import Conversation, Message
from desk.db import Database
from desk.demo import seed_demo
from desk.events.log import SYSTEM
from desk.settings import load_settings
from desk.team.queues import find_queue
from desk.team.users import find_user, open_login
from handoff.app import create_app
from handoff.services import Services
from tests.desk.building import a_channel
from tests.fakes.http import FakeServer
from tests.fakes.rasa import TOKEN, FakeRasa
from tests.fakes.telegram import BOT_TOKEN, FakeTelegram
from tests.fakes.whatsapp import VERSION, FakeWhatsApp

T = TypeVar("T")
PASSWORD = "senha-da-demo"
WEBHOOK_SECRET = "segredo-do-webhook"
MAX_UPLOAD_BYTES = 200_000
PATIENCE_SECONDS = 20.0


class Served:
    """One running service on a database of its own, demo seeded, a Telegram channel added.

    ``call`` runs a coroutine in the service's own loop; ``base_url`` is for real HTTP.
    """

    def __init__(self, database_url: str, var_dir: Path) -> None:
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.rasa, self.telegram, self.whatsapp = FakeRasa(), FakeTelegram(), FakeWhatsApp()
        self._database_url, self._var_dir = database_url, var_dir
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result(60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)
        assert not self._thread.is_alive(), "the service did not end"

    async def _run(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with (
                FakeServer(self.rasa) as rasa,
                FakeServer(self.telegram) as telegram,
                FakeServer(self.whatsapp) as whatsapp,
            ):
                app = self.app = self._make_app(rasa.url, telegram.url, whatsapp.url + VERSION)
                await self._seed()
                server = await app.create_server(
                    sock=self._listening, return_asyncio_server=True, access_log=False
                )
                assert server is not None
                await server.startup()  # type: ignore[no-untyped-call]
                await server.before_start()  # type: ignore[no-untyped-call]
                await server.after_start()  # type: ignore[no-untyped-call]
                await server.start_serving()  # type: ignore[no-untyped-call]
                self.services: Services = app.ctx.services
                self._started.set_result(None)
                await self._end.wait()
                await server.before_stop()  # type: ignore[no-untyped-call]
                server.close()  # type: ignore[no-untyped-call]
                await server.after_stop()  # type: ignore[no-untyped-call]
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            raise

    def _make_app(self, rasa_url: str, telegram_url: str, whatsapp_url: str) -> Sanic[Any, Any]:
        Sanic.test_mode = True  # several services of one name in one process
        return create_app(
            load_settings(
                env="development",
                var_dir=self._var_dir,
                database_url=self._database_url,
                public_url=self.base_url,
                secret_key=SecretStr("a secret key of the tests"),
                rasa_url=rasa_url,
                rasa_token=SecretStr(TOKEN),
                telegram_api_url=telegram_url,
                whatsapp_api_url=whatsapp_url,
                smtp_url="",
                max_upload_bytes=MAX_UPLOAD_BYTES,
                bot_patience_seconds=5,
            )
        )

    async def _seed(self) -> None:
        database = Database(self._database_url)
        async with database.transaction() as session:
            if await seed_demo(session, PASSWORD):  # not when a service starts once more
                await a_channel(session, "telegram", "equipe")
        await database.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, run where the service runs."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    @property
    def database(self) -> Database:
        """The service's own database; use it inside ``call``."""
        return self.services.database

    def client(self, **headers: str) -> httpx.Client:
        """An HTTP client; close it."""
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=30)

    def visitor(self) -> "Visitor":
        """A new customer at the web chat."""
        return Visitor(self)

    def team(self, email: str) -> httpx.Client:
        """The JSON API as this person of the team."""

        async def log_in() -> str:
            async with self.database.transaction() as session:
                user = await find_user(session, email)
                assert user is not None
                return await open_login(session, user.id, 1)

        client = self.client(Authorization=f"Bearer {self.call(log_in())}")
        client.base_url = httpx.URL(self.base_url + "/api/v1")
        return client

    def set_secrets(self) -> None:
        """Gives the Telegram channel its token and webhook secret."""

        async def write() -> None:
            secrets = {"token": BOT_TOKEN, "webhook_secret": WEBHOOK_SECRET}
            async with self.database.transaction() as session:
                channel = (
                    await session.execute(select(Channel).where(Channel.kind == "telegram"))
                ).scalar_one()
                channel.secrets = self.services.vault.seal(json.dumps(secrets))

        self.call(write())

    def queue_up(self, public_id: str, queue: str) -> None:
        """Puts a conversation into a queue."""

        async def move() -> None:
            async with self.database.transaction() as session:
                conversation = await conversation_by_public_id(session, public_id)
                found = await find_queue(session, queue)
                assert conversation is not None
                assert found is not None
                await assign_to_queue(session, conversation.id, found, SYSTEM)
            self.services.pulse.beat()

        self.call(move())

    def rows(self, external_chat: str) -> list[Message]:
        """All messages of a chat, in order."""

        async def read() -> list[Message]:
            async with self.database.reading() as session:
                query = (
                    select(Message)
                    .join(Conversation, Conversation.id == Message.conversation_id)
                    .where(Conversation.external_chat == external_chat)
                    .order_by(Message.seq)
                )
                return list((await session.execute(query)).scalars())

        return self.call(read())

    def until(self, holds: Callable[[], object], what: str = "it") -> None:
        """Waits until something holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"{what} did not happen"
            time.sleep(0.02)


class Visitor:
    """A customer's browser: a session, messages, pages."""

    def __init__(self, served: Served) -> None:
        self.secret = uuid.uuid4().hex
        self.client = served.client()
        self.client.base_url = httpx.URL(served.base_url + "/webchat/demo")
        answer = self.client.post("/sessions", json={"visitor_id": self.secret})
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["session"]
        self.conversation = answer.json()["conversation"]
        self.client.headers["Authorization"] = f"Bearer {self.token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.client.close()

    def post(self, text: str = "oi", client_id: str | None = None, **more: Any) -> httpx.Response:
        """Posts a message."""
        body = {"client_id": client_id or str(uuid.uuid4()), "text": text, **more}
        return self.client.post("/messages", json=body)

    def post_files(self, *files: tuple[str, bytes], text: str = "") -> httpx.Response:
        """Posts files as the page does."""
        return self.client.post(
            "/messages",
            data={"client_id": str(uuid.uuid4()), "text": text},
            files=[
                ("file", (name, content, "application/octet-stream")) for name, content in files
            ],
        )

    def messages(self, after: int = 0, wait: int = 0) -> list[dict[str, Any]]:
        """What the page shows."""
        answer = self.client.get("/messages", params={"after": after, "wait": wait})
        assert answer.status_code == 200, answer.text
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages


def copy_of(template: Path, folder: Path) -> str:
    """A migrated SQLite database in this folder; gives its address."""
    path = folder / "ponte.db"
    shutil.copy(template, path)
    return f"sqlite+aiosqlite:///{path}"
