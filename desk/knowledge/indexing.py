"""Reads sources: takes their jobs, and says how each ended."""

import asyncio
import contextlib
import logging
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from desk.db import Database
from desk.encoder import Encoder
from desk.errors import Invalid
from desk.knowledge.crawling.client import SiteClient
from desk.knowledge.crawling.crawl import Crawl
from desk.knowledge.crawling.limits import limits_of
from desk.knowledge.crawling.robots import USER_AGENT
from desk.knowledge.folder import read_folder
from desk.knowledge.jobs import Job, Lost, Outcome, Taken, take_source
from desk.knowledge.sources import SITE
from desk.knowledge.storing import Progress, SourcePage, encode_missing, sync_pages
from desk.settings import Settings

logger = logging.getLogger(__name__)


class Indexer:
    """Of one process; the rows decide who reads what."""

    def __init__(self, database: Database, encoder: Encoder, settings: Settings) -> None:
        self._database = database
        self._encoder = encoder
        self._limits = limits_of(settings)
        self._user_agent = f"{USER_AGENT}/1.0 (+{settings.public_url})"

    async def read(
        self, source_id: int, progress: Progress | None = None, *, at_once: bool = False
    ) -> Outcome | None:
        """Reads a source that is due, or ``at_once``, to its end.

        Returns: None when another process has it, or takes it meanwhile.
        """
        async with self._database.transaction() as session:
            taken = await take_source(session, source_id, at_once=at_once)
        if taken is None:
            return None
        job = Job(self._database, taken)
        try:
            outcome = await self._outcome(job, taken, progress)
            await job.end(outcome)
        except Lost:
            return None
        except asyncio.CancelledError:
            await self._give_back(job)
            raise
        return outcome

    async def _outcome(self, job: Job, taken: Taken, progress: Progress | None) -> Outcome:
        try:
            if taken.source.kind == SITE:
                return await self._crawl(taken, progress)
            return await self._read_folder(job, taken, progress)
        except (Lost, SQLAlchemyError):
            # Somebody else's, or a database that restarts: it is taken up again later.
            raise
        except Exception as error:
            # One source that nobody foresaw must not keep the others waiting for ever.
            logger.exception("Source %s could not be read", taken.source.id)
            return Outcome("failed", type(error).__name__)

    async def _crawl(self, taken: Taken, progress: Progress | None) -> Outcome:
        limits = self._limits
        client = SiteClient(self._user_agent, limits.page_bytes, limits.private_addresses)
        crawl = Crawl(self._database, self._encoder, client, limits, taken, progress)
        return await crawl.run()

    async def _read_folder(self, job: Job, taken: Taken, progress: Progress | None) -> Outcome:
        source, folder = taken.source, Path(taken.source.address)
        try:
            pages = await asyncio.to_thread(_pages_of, folder, source.public_url)
        except NotADirectoryError:
            return Outcome("failed", "no_folder")
        except Invalid as refusal:
            return Outcome("failed", str(refusal))
        async with job.kept():
            async with job.writing() as session:
                await sync_pages(session, source.key, pages)
            await encode_missing(self._database, self._encoder, progress)
        return Outcome("complete") if pages else Outcome("failed", "no_pages")

    async def _give_back(self, job: Job) -> None:
        with contextlib.suppress(Lost):
            await job.give_back()


def _pages_of(folder: Path, public_url: str) -> list[SourcePage]:
    if not folder.is_dir():
        raise NotADirectoryError
    return list(read_folder(folder, public_url))
