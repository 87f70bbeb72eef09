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
from handoff.due_work import DueWork
from handoff.outbox import TryLater
from handoff.pulse import LOOK_SECONDS, Pulse
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


class MediaFetcher(DueWork):
    """The loop that fetches, and closes albums."""

    name = "fetching"
    topic = "media"

    def __init__(
        self,
        settings: Settings,
        database: Database,
        pulse: Pulse,
        words: Words,
        fetchers: Mapping[str, Fetcher],
    ) -> None:
        super().__init__(pulse, _AT_ONCE)
        self._media_dir: Path = settings.media_dir
        self._max_bytes = settings.max_upload_bytes
        self._database = database
        self._words = words
        self._fetchers = fetchers

    async def look(self) -> float:
        """Begins to fetch what is due, and closes the albums whose time is over."""
        if self.free:
            async with self._database.reading() as session:
                due = await due_fetches(session, limit=self.free)
            for fetch_id in due:
                async with self._database.transaction() as session:
                    fetch = await start_fetch(session, fetch_id)
                if fetch is not None:
                    self.begin(fetch.id, partial(self._fetch_or_give_back, fetch))
        return await self._close_albums()

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

    async def _fetch_or_give_back(self, fetch: Fetch) -> None:
        renewing = asyncio.create_task(self._renew(fetch))
        try:
            await self._fetch(fetch)
        except asyncio.CancelledError:
            # The service stops: whoever comes next need not wait.
            async with self._database.transaction() as session:
                await fetch_later(session, fetch, 0)
            raise
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
