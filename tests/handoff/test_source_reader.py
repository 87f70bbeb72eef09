"""What is due is read; a stop in the middle loses nothing. The command does the same."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from desk.db import Database
from desk.events.log import SYSTEM
from desk.knowledge.indexing import Indexer
from desk.knowledge.sources import HELP_CENTER, list_sources, read_again
from desk.knowledge.tables import KnowledgePage
from desk.settings import Settings
from handoff.index_docs import Wanted, index_docs
from handoff.pulse import Pulse
from handoff.source_reader import SourceReader
from tests.fakes.http import FakeServer
from tests.fakes.site import FakeSite, documentation
from tests.knowledge.crawling import ENCODER, Reading, a_site

PAGE = "# Fechar o caixa\n\nEm **Caixa**, clique em **Fechar** e confira os valores do dia.\n"
HTML = "<title>Abrir o caixa</title><p>Em <b>Caixa</b>, clique em <b>Abrir</b> e conte o troco."


async def ended(reading: Reading) -> None:
    while (await reading.now()).due_at is not None:  # noqa: ASYNC110 - a row has no event
        await asyncio.sleep(0.02)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_source_that_is_due_is_read_and_a_restart_goes_on_where_it_was(
    database: Database,
) -> None:
    site = FakeSite(documentation(), held={"/docs/boleto"})
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        pulse, indexer = Pulse(database), Indexer(database, ENCODER, reading.settings)
        first = asyncio.create_task(SourceReader(database, pulse, indexer).run())
        await site.reached.wait()
        await stop(first)
        assert (await reading.now()).running
        site.hold.set()
        second = asyncio.create_task(SourceReader(database, pulse, indexer).run())
        await ended(reading)
        assert site.asked.count("/docs/senha") == 1
        async with database.transaction() as session:
            await read_again(session, reading.source, SYSTEM)
        await ended(reading)
        await stop(second)
    assert (await reading.now()).outcome == "complete"
    assert site.asked.count("/docs/senha") == 2


async def test_the_command_remembers_its_sources_and_reads_them_all_again(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    help_dir, manual = tmp_path / "ajuda", tmp_path / "manual"
    for file, text in (
        (help_dir / "caixa.md", PAGE),
        (manual / "passos" / "abrir o caixa.html", HTML),
        (manual / "fechar.md", PAGE),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    site = FakeSite(documentation())
    async with FakeServer(site) as server:
        settings = Settings(
            database_url=database.url,
            help_dir=help_dir,
            crawl_delay_seconds=0.0,
            crawl_private_addresses=True,
        )
        address = f"{server.url}/docs/"
        assert await index_docs(settings, Wanted(sites=[address])) == 0
        manual_url = "https://acme.example/manual/"
        assert await index_docs(settings, Wanted(folder=str(manual), url=manual_url)) == 0
        (manual / "fechar.md").unlink()
        asked = len(site.asked)
        assert await index_docs(settings, Wanted(only_folders=True)) == 0
        assert len(site.asked) == asked
        assert await index_docs(settings, Wanted()) == 0
        assert len(site.asked) > asked
    async with database.reading() as session:
        assert [each.kind for each in await list_sources(session)] == ["folder", "site", "folder"]
        rows = await session.execute(select(KnowledgePage.source, KnowledgePage.url))
        urls = {(row.source.partition(":")[0], row.url.removeprefix(address)) for row in rows}
    assert urls == {
        (HELP_CENTER, f"{settings.public_url}/ajuda/caixa"),
        ("folder", "https://acme.example/manual/passos/abrir%20o%20caixa.html"),
        *(("site", path) for path in ("", "senha", "boleto", "nota")),
    }
    assert f"{address}: complete, 4 pages in 4 passages." in capsys.readouterr().out


async def test_a_source_that_cannot_be_read_fails_the_command_and_names_the_page(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "torta.md").write_text("---\ntitle: [\n---\n", encoding="utf-8")
    settings = Settings(database_url=database.url, help_dir=tmp_path)
    assert await index_docs(settings, Wanted()) == 1
    assert "torta" in capsys.readouterr().out
