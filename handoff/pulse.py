"""Wakes the loops that look for work. A wake-up only: the database is the truth.

Every loop also looks by itself each second, so a lost wake-up costs a second, nothing else.
Writers in other processes are noticed by LISTEN/NOTIFY on PostgreSQL (after commit, coalesced,
since a notify inside each transaction serialises all commits) and by ``PRAGMA data_version`` on
SQLite.
"""

import asyncio
import contextlib
import uuid
from typing import Literal

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.engine import make_url

from desk.db import Database

LOOK_SECONDS = 1.0
_NOTIFY_COALESCE_SECONDS = 0.01
_DATA_VERSION_SECONDS = 0.1
_RECONNECT_SECONDS = 2.0
_CHANNEL = "ponte_desk"

Topic = Literal["events", "inbound", "outbound", "receipts", "mail", "media", "webhooks"]

logger = structlog.get_logger(__name__)


class Pulse:
    """Tells every waiting loop of this process, and other processes, that something changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiters: dict[asyncio.Event, Topic] = {}
        self._notify = asyncio.Event()
        self._name = uuid.uuid4().hex

    def beat(self, *topics: Topic) -> None:
        """Something was committed here: wakes whoever follows the events, and these loops.

        Without a topic every loop is woken.
        """
        self._wake(*topics)
        self._notify.set()

    def waiter(self, topic: Topic) -> asyncio.Event:
        """An event that is set at each beat of its topic; its loop clears it before it looks."""
        event = asyncio.Event()
        self._waiters[event] = topic
        return event

    def forget(self, waiter: asyncio.Event) -> None:
        """A loop ended."""
        self._waiters.pop(waiter, None)

    async def run(self) -> None:
        """Notices other processes' writes until cancelled."""
        watch = self._watch_sqlite if self._database.is_sqlite else self._watch_postgresql
        while True:
            try:
                await watch()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                # Loops go on looking each second; only the quick wake-up is missing.
                logger.warning("pulse.reconnecting", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_SECONDS)

    def _wake(self, *topics: Topic) -> None:
        for event, topic in self._waiters.items():
            if not topics or topic == "events" or topic in topics:
                event.set()

    async def _watch_sqlite(self) -> None:
        # Nothing may begin here: in an open transaction the version never changes, and the
        # write-ahead log could never be emptied.
        reader = self._database.engine.execution_options(begin="")
        async with reader.connect() as connection:
            known = None
            while True:
                version = (await connection.execute(text("PRAGMA data_version"))).scalar_one()
                await connection.rollback()
                if known is not None and version != known:
                    # Our own commits show here, too: only the followers of the log look.
                    self._wake("events")
                known = version
                await asyncio.sleep(_DATA_VERSION_SECONDS)

    async def _watch_postgresql(self) -> None:
        url = make_url(self._database.url).set(drivername="postgresql")
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            await connection.add_listener(_CHANNEL, self._heard)
            while True:
                await self._notify.wait()
                await asyncio.sleep(_NOTIFY_COALESCE_SECONDS)
                self._notify.clear()
                await connection.execute("SELECT pg_notify($1, $2)", _CHANNEL, self._name)
        finally:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=2)

    def _heard(self, connection: object, pid: int, channel: str, payload: object) -> None:
        del connection, pid, channel
        if payload != self._name:
            self._wake()


async def wait_for(waiter: asyncio.Event, seconds: float = LOOK_SECONDS) -> None:
    """Waits for a beat, at most this long, and clears it."""
    # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes with the beat,
    # and the loop would never end.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waiter.wait()
    waiter.clear()
