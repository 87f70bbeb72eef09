"""Who looks at a conversation and who is writing in it: passing facts, never in the event log.

They live in memory and end by themselves. On PostgreSQL the processes tell each other by NOTIFY,
numbers only; on SQLite there is one process. A lost word costs some seconds of a wrong line.
"""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import structlog
from sqlalchemy.engine import make_url

from desk.db import Database

WRITING_SECONDS = 6.0
LOOKING_SECONDS = 60.0
MODES = ("messages", "notes")
_CHANNEL = "ponte_presence"
_RECONNECT_SECONDS = 2.0
_MOST_UNTOLD = 1000

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Look:
    """A screen of the team's with a conversation on it; ``mode``: what is being written, if any."""

    conversation_id: int
    user_id: int
    until: float
    mode: str = ""
    writing_until: float = 0.0

    def writes(self, mode: str = "") -> bool:
        """Whether something (or a message, or a note) is being written right now."""
        return bool(self.mode) and mode in ("", self.mode) and self.writing_until > time.monotonic()


@dataclass(frozen=True)
class Around:
    """What somebody with a conversation open is told: colleagues by id, and who of them writes."""

    looking: frozenset[int] = frozenset()
    writing: frozenset[int] = frozenset()
    customer_writes: bool = False


class Presence:
    """Knows who is where, and wakes those who watch a conversation when that changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._process = uuid.uuid4().hex
        self._looks: dict[str, Look] = {}
        self._customers: dict[int, float] = {}
        self._watchers: dict[int, set[Callable[[], None]]] = {}
        self._untold: list[dict[str, Any]] = []
        self._told = asyncio.Event()

    def look(self, screen: str, user_id: int, conversation_id: int) -> None:
        """A screen shows a conversation; said again within a minute, as long as it does."""
        self._say(screen=screen, user=user_id, conversation=conversation_id)

    def write(self, screen: str, mode: str) -> None:
        """Somebody writes a message or a note on that screen, or ("") has stopped."""
        if (look := self._looks.get(screen)) is not None:
            self._say(
                screen=screen, user=look.user_id, conversation=look.conversation_id, mode=mode
            )

    def leave(self, screen: str) -> None:
        """A screen shows no conversation any more."""
        if screen in self._looks:
            self._say(screen=screen, conversation=None)

    def customer_writes(self, conversation_id: int, *, on: bool) -> None:
        """The customer is writing, or has stopped."""
        if on or conversation_id in self._customers:
            self._say(customer=conversation_id, on=on)

    def around(self, conversation_id: int, user_id: int) -> Around:
        """What this person is told of a conversation."""
        now = time.monotonic()
        others = [
            look
            for look in self._looks.values()
            if look.conversation_id == conversation_id
            and look.user_id != user_id
            and look.until > now
        ]
        return Around(
            frozenset(look.user_id for look in others),
            frozenset(look.user_id for look in others if look.writes()),
            self._customers.get(conversation_id, 0.0) > now,
        )

    def who_replies(self, conversation_id: int) -> int | None:
        """Who writes a message to the customer; looking and notes are nothing for customers."""
        for look in self._looks.values():
            if look.conversation_id == conversation_id and look.writes("messages"):
                return look.user_id
        return None

    def watch(self, conversation_id: int, wake: Callable[[], None]) -> None:
        """Has ``wake`` called at each change in a conversation."""
        self._watchers.setdefault(conversation_id, set()).add(wake)

    def unwatch(self, conversation_id: int, wake: Callable[[], None]) -> None:
        """Ends it."""
        watchers = self._watchers.get(conversation_id, set())
        watchers.discard(wake)
        if not watchers:
            self._watchers.pop(conversation_id, None)

    async def run(self) -> None:
        """Tells other processes and hears them, until cancelled."""
        while not self._database.is_sqlite:
            try:
                await self._exchange()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                # This process goes on knowing its own; the others' facts end by themselves.
                logger.warning("presence.reconnecting", error=type(error).__name__)
                self._untold.clear()
                await asyncio.sleep(_RECONNECT_SECONDS)

    def _say(self, **word: Any) -> None:
        self._take(word)
        if not self._database.is_sqlite and len(self._untold) < _MOST_UNTOLD:
            self._untold.append(word)
            self._told.set()

    def _take(self, word: dict[str, Any]) -> None:
        if "customer" in word:
            self._take_customer(int(word["customer"]), on=bool(word["on"]))
        elif word["conversation"] is None:
            if (gone := self._looks.pop(word["screen"], None)) is not None:
                self._wake(gone.conversation_id)
        else:
            self._take_look(word)

    def _take_customer(self, conversation_id: int, *, on: bool) -> None:
        if on:
            self._customers[conversation_id] = time.monotonic() + WRITING_SECONDS
            self._wake_later(conversation_id, WRITING_SECONDS, self._forget_customers)
        else:
            self._customers.pop(conversation_id, None)
        self._wake(conversation_id)

    def _take_look(self, word: dict[str, Any]) -> None:
        screen, now = str(word["screen"]), time.monotonic()
        before = self._looks.get(screen)
        look = Look(int(word["conversation"]), int(word["user"]), now + LOOKING_SECONDS)
        if before is not None and before.conversation_id == look.conversation_id:
            look = replace(look, mode=before.mode, writing_until=before.writing_until)
        if "mode" in word:
            mode = word["mode"] if word["mode"] in MODES else ""
            look = replace(look, mode=mode, writing_until=now + WRITING_SECONDS)
            self._wake_later(look.conversation_id, WRITING_SECONDS)
        self._looks[screen] = look
        self._wake_later(look.conversation_id, LOOKING_SECONDS, self._forget_looks)
        if before is not None and before.conversation_id != look.conversation_id:
            self._wake(before.conversation_id)
        if before is None or "mode" in word or before.conversation_id != look.conversation_id:
            self._wake(look.conversation_id)

    def _forget_customers(self) -> None:
        now = time.monotonic()
        self._customers = {key: until for key, until in self._customers.items() if until > now}

    def _forget_looks(self) -> None:
        now = time.monotonic()
        self._looks = {key: look for key, look in self._looks.items() if look.until > now}

    def _wake_later(
        self, conversation_id: int, seconds: float, forget: Callable[[], None] | None = None
    ) -> None:
        def end() -> None:
            if forget is not None:
                forget()
            self._wake(conversation_id)

        asyncio.get_running_loop().call_later(seconds + 0.05, end)

    def _wake(self, conversation_id: int) -> None:
        for wake in tuple(self._watchers.get(conversation_id, ())):
            wake()

    async def _exchange(self) -> None:
        url = make_url(self._database.url).set(drivername="postgresql")
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            await connection.add_listener(_CHANNEL, self._heard)
            while True:
                await self._told.wait()
                self._told.clear()
                words, self._untold = self._untold, []
                for word in words:
                    payload = json.dumps(word | {"from": self._process})
                    await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, payload)
        finally:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=2)

    def _heard(self, connection: object, pid: int, channel: str, payload: object) -> None:
        del connection, pid, channel
        word = json.loads(str(payload))
        if word.pop("from") != self._process:
            self._take(word)
