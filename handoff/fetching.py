"""Fetches the files that customers sent through a provider, and lets their turns begin.

The jobs are rows (``desk.media.fetching``), so that a restart loses none; a file that cannot be had
is said to both sides. The same loop closes albums, whose pieces come one by one.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import structlog

from desk.channels.tables import Channel
from desk.conversations.arrivals import due_arrivals, next_arrival_at, settle_arrival
from desk.conversations.fetched_files import attach_file, give_up_file, go_on_without
from desk.db import Database
from desk.errors import Invalid
from desk.media.fetching import (
    FETCHING_SECONDS,
    MAX_FETCH_ATTEMPTS,
    PATIENT_ATTEMPTS,
    Fetch,
    due_fetches,
    fetch_later,
    keep_fetching,
    next_fetch_at,
    start_fetch,
)
from desk.media.store import store_file
from desk.settings import Settings
from handoff.outbox import TryLater
from handoff.pulse import LOOK_SECONDS, Pulse, wait_for
from handoff.words import Words

_AT_ONCE = 4
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 900.0  # a hundred tries are a day

logger = structlog.get_logger(__name__)


class Unfetchable(Exception):
    """The provider will never give this file; the text says why, in pt-BR, to people."""


def too_large(max_bytes: int) -> Unfetchable:
    """For a file of more than this installation takes."""
    size = f"{max_bytes // (1024 * 1024)} MB" if max_bytes >= 1024 * 1024 else f"{max_bytes} bytes"
    return Unfetchable(f"passa do limite de {size}")


class Fetcher(Protocol):
    """A channel's way to its files."""

    async def fetch(self, channel: Channel, reference: dict[str, Any], max_bytes: int) -> bytes:
        """The original bytes of a file.

        Raises:
            TryLater: not now.
            Unfetchable: never, or it has more than ``max_bytes``.
        """


class MediaFetcher:
    """The loop of one process; the rows decide who fetches what."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        pulse: Pulse,
        words: Words,
        fetchers: Mapping[str, Fetcher],
    ) -> None:
        self._media_dir: Path = settings.media_dir
        self._max_bytes = settings.max_upload_bytes
        self._database = database
        self._pulse = pulse
        self._words = words
        self._fetchers = fetchers
        self._working: dict[int, asyncio.Task[None]] = {}
        self._waiter = pulse.waiter("media")

    async def run(self) -> None:
        """Fetches until cancelled."""
        try:
            while True:
                seconds = LOOK_SECONDS
                try:
                    await self._start_due()
                    seconds = await self._close_albums()
                except Exception:
                    # Rows stay as they are and are looked at again in a second.
                    logger.exception("fetching.look_failed")
                await wait_for(self._waiter, seconds)
        finally:
            self._pulse.forget(self._waiter)
            for task in self._working.values():
                task.cancel()
            await asyncio.gather(*self._working.values(), return_exceptions=True)

    async def _start_due(self) -> None:
        free = _AT_ONCE - len(self._working)
        if free <= 0:
            return
        async with self._database.reading() as session:
            due = await due_fetches(session, limit=free)
        for fetch_id in due:
            async with self._database.transaction() as session:
                fetch = await start_fetch(session, fetch_id)
            if fetch is not None:
                task = asyncio.create_task(self._work(fetch))
                self._working[fetch.id] = task
                task.add_done_callback(partial(self._ended, fetch.id))

    def _ended(self, fetch_id: int, _: asyncio.Task[None]) -> None:
        self._working.pop(fetch_id, None)
        self._waiter.set()

    async def _close_albums(self) -> float:
        """Seconds until there may be something to do."""
        async with self._database.reading() as session:
            due = await due_arrivals(session)
        for message_id in due:
            async with self._database.transaction() as session:
                await settle_arrival(session, message_id)
        if due:
            self._pulse.beat("inbound")
        async with self._database.reading() as session:
            times = [await next_arrival_at(session), await next_fetch_at(session)]
        soonest = min((each for each in times if each is not None), default=None)
        if soonest is None:
            return LOOK_SECONDS
        left = (soonest - datetime.now(UTC)).total_seconds()
        return min(max(left, 0.05), LOOK_SECONDS)

    async def _work(self, fetch: Fetch) -> None:
        renewing = asyncio.create_task(self._renew(fetch))
        try:
            await self._fetch(fetch)
        except asyncio.CancelledError:
            # The service stops: whoever comes next need not wait.
            async with self._database.transaction() as session:
                await fetch_later(session, fetch, 0)
            raise
        except Exception:
            # The job is taken over when its time is over; nothing is lost.
            logger.exception("fetching.failed", fetch_id=fetch.id)
        finally:
            renewing.cancel()
        self._pulse.beat("inbound", "outbound")

    async def _fetch(self, fetch: Fetch) -> None:
        async with self._database.reading() as session:
            channel = await session.get_one(Channel, fetch.channel_id)
        try:
            data = await self._fetcher(channel).fetch(channel, fetch.reference, self._max_bytes)
            stored = await store_file(self._media_dir, data, fetch.name, self._max_bytes)
        except Unfetchable as error:
            await self._give_up(fetch, str(error))
        except Invalid:
            await self._give_up(fetch, "veio vazio")
        except TryLater as error:
            await self._later(fetch, str(error), error.seconds)
        except Exception as error:
            # A provider that answers what nobody foresaw: tried again, and given up in the end.
            logger.exception("fetching.try_failed", fetch_id=fetch.id)
            await self._later(fetch, type(error).__name__, None)
        else:
            async with self._database.transaction() as session:
                await attach_file(session, fetch, stored)

    async def _renew(self, fetch: Fetch) -> None:
        while True:
            await asyncio.sleep(FETCHING_SECONDS / 3)
            try:
                async with self._database.transaction() as session:
                    await keep_fetching(session, fetch)
            except Exception:
                # The database may be restarting; there is time for another try or two.
                logger.exception("fetching.renew_failed", fetch_id=fetch.id)

    async def _later(self, fetch: Fetch, reason: str, seconds: float | None) -> None:
        logger.warning("fetching.later", fetch_id=fetch.id, reason=reason)
        if fetch.attempts >= MAX_FETCH_ATTEMPTS:
            await self._give_up(fetch, "o aplicativo de mensagens não o entregou")
            return
        if fetch.attempts >= PATIENT_ATTEMPTS:
            note = f"[O arquivo “{fetch.name}” ainda não chegou.]"
            told = self._words.say("bridge_media_late", name=f"“{fetch.name}”")
            async with self._database.transaction() as session:
                await go_on_without(session, fetch, note, told)
        pause = min(_FIRST_PAUSE_SECONDS * 2 ** (fetch.attempts - 1), _LONGEST_PAUSE_SECONDS)
        async with self._database.transaction() as session:
            await fetch_later(session, fetch, seconds or pause)

    async def _give_up(self, fetch: Fetch, reason: str) -> None:
        logger.error("fetching.gave_up", fetch_id=fetch.id, attempts=fetch.attempts)
        note = f"[O arquivo “{fetch.name}” não chegou: {reason}.]"
        told = self._words.say("bridge_media_refused", name=f"“{fetch.name}”", reason=reason)
        async with self._database.transaction() as session:
            await give_up_file(session, fetch, note, told)

    def _fetcher(self, channel: Channel) -> Fetcher:
        fetcher = self._fetchers.get(channel.kind)
        if fetcher is None:
            raise Unfetchable("este canal não entrega arquivos")
        return fetcher
