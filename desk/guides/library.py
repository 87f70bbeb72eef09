"""The guides of one process: read when first asked for, and anew when a file changed."""

import asyncio
import logging
import time
from pathlib import Path

from desk.encoder import Encoder
from desk.guides.finding import GuideFinder
from desk.guides.folder import Guides, guide_files, read_guides
from desk.guides.guide import Guide

logger = logging.getLogger(__name__)
_LOOK_AGAIN_SECONDS = 5.0


class GuideLibrary:
    """Follows the folder by itself; a file with a mistake is left out and said in the log."""

    def __init__(self, help_dir: Path, encoder: Encoder) -> None:
        self._help_dir = help_dir
        self._encoder = encoder
        self._reading = asyncio.Lock()
        self._guides = Guides()
        self._finder: GuideFinder | None = None
        self._stamp: tuple[tuple[str, int], ...] | None = None
        self._looked_at = -_LOOK_AGAIN_SECONDS

    async def all(self) -> tuple[Guide, ...]:
        """Every guide, by file name."""
        return (await self._newest()).guides

    async def named(self, slug: str) -> Guide | None:
        """A guide by its slug; None when its file is gone."""
        return (await self._newest()).named(slug)

    async def warm_up(self) -> None:
        """Encodes the phrasings, so that no customer waits for it."""
        await self.find("olá")

    async def find(self, message: str) -> Guide | None:
        """The guide that clearly fits a message."""
        guides = await self._newest()
        async with self._reading:
            if self._finder is None:
                self._finder = await asyncio.to_thread(GuideFinder, self._encoder, guides)
            finder = self._finder
        return await asyncio.to_thread(finder.find, message)

    async def _newest(self) -> Guides:
        async with self._reading:
            now = time.monotonic()
            if self._stamp is not None and now - self._looked_at < _LOOK_AGAIN_SECONDS:
                return self._guides
            files = guide_files(self._help_dir)
            stamp = tuple((file.name, file.stat().st_mtime_ns) for file in files)
            if stamp != self._stamp:
                self._guides = await asyncio.to_thread(read_guides, self._help_dir)
                self._finder = None
                for mistake in self._guides.mistakes:
                    logger.error("Guide left out: %s", mistake)
                self._stamp = stamp
            self._looked_at = now
            return self._guides
