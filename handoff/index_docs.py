"""``python -m handoff index-docs``: sources are remembered, so that a bare call reads them all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from desk.db import Database
from desk.encoder import make_encoder
from desk.errors import Invalid
from desk.events.log import SYSTEM
from desk.knowledge.indexing import Indexer
from desk.knowledge.sources import (
    HELP_CENTER,
    SITE,
    SiteValues,
    add_folder,
    add_site,
    count_sources,
    list_sources,
    source_by_id,
)
from desk.knowledge.tables import KnowledgeSource
from desk.settings import Settings
from handoff.help.rendering import PREFIX
from handoff.progress import ProgressBar

_FOLLOW_SECONDS = 1.0


@dataclass(frozen=True)
class Wanted:
    """What was asked for; nothing means all that is remembered.

    ``folder``: an absolute path; ``url``: where its pages are open to customers.
    """

    sites: Sequence[str] = ()
    folder: str = ""
    url: str = ""
    only_folders: bool = False
    quiet: bool = False


async def index_docs(settings: Settings, wanted: Wanted) -> int:
    """Reads sources with a progress bar; the exit code is 1 when one could not be read."""
    database = Database(settings.database_url)
    indexer = Indexer(database, make_encoder(settings.encoder), settings)
    try:
        outcomes = [
            await _read(database, indexer, source, quiet=wanted.quiet)
            for source in await _remember(database, settings, wanted)
        ]
    finally:
        await database.close()
    return 1 if "failed" in outcomes else 0


async def _remember(
    database: Database, settings: Settings, wanted: Wanted
) -> Sequence[KnowledgeSource]:
    """The sources to read; new ones are added."""
    if wanted.folder and not wanted.url:
        raise Invalid("url", "--folder precisa de --url: onde os clientes abrem estas páginas.")
    async with database.transaction() as session:
        shown = f"{settings.public_url}{PREFIX}"
        folder = str(settings.help_dir.absolute())
        await add_folder(session, folder, shown, SYSTEM, key=HELP_CENTER)
        known = {source.key: source for source in await list_sources(session)}
        chosen = []
        for site in wanted.sites:
            values = SiteValues(address=site)
            there = known.get(f"{SITE}:{values.first_page}")
            chosen.append(there or await add_site(session, values, SYSTEM))
        if wanted.folder:
            folder, url = wanted.folder, wanted.url.rstrip("/")
            chosen.append(await add_folder(session, folder, url, SYSTEM))
        return chosen or [
            source for source in known.values() if source.kind != SITE or not wanted.only_folders
        ]


async def _read(
    database: Database, indexer: Indexer, source: KnowledgeSource, *, quiet: bool
) -> str:
    bar = ProgressBar("addresses" if source.kind == SITE else "texts")
    progress = None if quiet else bar.show
    if await indexer.read(source.id, progress, at_once=True) is None:
        # The service has it: its work is shown as if it were ours.
        await _follow(database, source.id, bar, quiet=quiet)
    async with database.reading() as session:
        now = await source_by_id(session, source.id)
        counts = (await count_sources(session, [now]))[now.id]
    errors = f", {counts.errors} addresses with errors" if counts.errors else ""
    problem = f" ({now.problem})" if now.problem else ""
    print(
        f"{now.address}: {now.outcome}{problem}, {counts.pages} pages in {counts.passages} "
        f"passages{errors}."
    )
    return now.outcome


async def _follow(database: Database, source_id: int, bar: ProgressBar, *, quiet: bool) -> None:
    while True:
        async with database.reading() as session:
            now = await source_by_id(session, source_id)
            counts = (await count_sources(session, [now]))[now.id]
        if not quiet and counts.known:
            bar.show(counts.visited, counts.known)
        if now.due_at is None:
            return
        await asyncio.sleep(_FOLLOW_SECONDS)
