"""Sites are read politely, within bounds, from where they were left; on both databases."""

import asyncio
import gzip

import pytest

from desk.db import Database
from desk.events.log import SYSTEM
from desk.knowledge.indexing import Indexer
from desk.knowledge.jobs import Outcome
from desk.knowledge.search import Knowledge, Verdict
from desk.knowledge.sources import list_errors, read_again, remove_source
from tests.fakes.http import Answer, FakeServer
from tests.fakes.site import (
    FakeSite,
    documentation,
    html,
    moved,
    packed,
    sitemap,
    text,
)
from tests.knowledge.crawling import ENCODER, a_site

THREE = ["/docs/", "/docs/boleto", "/docs/nota", "/docs/senha"]
COMPLETE = Outcome("complete")


async def test_a_question_is_answered_from_a_site_with_the_link_to_its_heading(
    database: Database,
) -> None:
    site = FakeSite(documentation())
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        assert await reading.read() == COMPLETE
        found = await Knowledge(database, ENCODER).find("esqueci a senha, como peço outra?")
    assert await reading.paths() == THREE
    assert found.verdict is Verdict.ANSWER
    assert found.hits[0].url == f"{server.url}/docs/senha#nova-senha"
    assert found.hits[0].titles == ("Esqueci minha senha", "Pedir uma senha nova")
    assert (
        found.hits[0].blocks[0].text.startswith("1. Abra o portal e escolha *Esqueci minha senha*.")
    )
    assert all(agent.startswith("PonteBot/") for agent in site.agents)


async def test_robots_txt_is_obeyed_and_its_sitemaps_are_read(database: Database) -> None:
    pages = documentation() | {"/docs/solta": html("Solta"), "/docs/interna/x": html("Interna")}
    site = FakeSite(pages)
    async with FakeServer(site) as server:
        base = server.url
        pages["/robots.txt"] = text(
            f"User-agent: *\nDisallow: /docs/interna\nSitemap: {base}/mapa.xml\n"
            "User-agent: OutroBot\nDisallow: /\n"
        )
        pages["/mapa.xml"] = Answer(
            sitemap(f"{base}/mapa-1.xml.gz", "http://outra.example/m.xml", index=True)
        )
        pages["/mapa-1.xml.gz"] = packed(
            sitemap(
                f"{base}/docs/solta", f"{base}/docs/interna/x", f"{base}/loja", "http://o.example/"
            )
        )
        reading = await a_site(database, f"{base}/docs/")
        assert await reading.read() == COMPLETE
    assert await reading.paths() == sorted([*THREE, "/docs/solta"])
    assert "/docs/interna/x" not in site.asked
    assert "/loja" not in site.asked
    assert (await reading.outcomes())["/docs/interna/x"] == "robots"


@pytest.mark.parametrize(
    ("robots", "outcome"),
    [
        (text("User-agent: PonteBot\nDisallow: /"), Outcome("failed", "robots")),
        (html("Quebrado", status=500), Outcome("failed", "later")),
        (html("Não há", status=404), COMPLETE),
    ],
)
async def test_without_leave_nothing_is_read(
    database: Database, robots: Answer, outcome: Outcome
) -> None:
    site = FakeSite(documentation() | {"/robots.txt": robots})
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        assert await reading.read() == outcome
    assert ("/docs/" in site.asked) == (outcome == COMPLETE)


async def test_the_pause_between_requests_is_that_of_robots_txt_if_it_is_longer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("desk.knowledge.crawling.crawl.pause", sleep)
    robots = text("User-agent: *\nCrawl-delay: 7")
    async with FakeServer(FakeSite(documentation() | {"/robots.txt": robots})) as server:
        reading = await a_site(database, f"{server.url}/docs/", crawl_delay_seconds=0.5)
        await reading.read()
    assert set(pauses) == {7.0}


async def test_redirects_are_followed_on_the_site_and_nowhere_else(database: Database) -> None:
    links = "".join(f"<a href='/docs/{name}'>x</a>" for name in ("velha", "fora", "roda", "acima"))
    site = FakeSite(
        {
            "/docs/": html("Ajuda", f"<h1>Ajuda</h1><p>Tudo sobre o portal. {links}</p>"),
            "/docs/velha": moved("/docs/nova", 301),
            "/docs/nova": html("Nova"),
            "/docs/roda": moved("/docs/roda-2"),
            "/docs/roda-2": moved("/docs/roda"),
            "/docs/acima": moved("/conta"),
        }
    )
    other = FakeSite({"/segredo": html("Segredo")})
    async with FakeServer(site) as server, FakeServer(other) as elsewhere:
        site.pages["/docs/fora"] = moved(f"{elsewhere.url}/segredo")
        reading = await a_site(database, f"{server.url}/docs/")
        assert await reading.read() == COMPLETE
    assert await reading.paths() == ["/docs/", "/docs/nova"]
    assert other.asked == []
    assert "/conta" not in site.asked
    outcomes = await reading.outcomes()
    assert (outcomes["/docs/fora"], outcomes["/docs/acima"]) == ("off_site", "off_site")


async def test_a_calendar_without_end_is_left_after_a_few_pages(database: Database) -> None:
    pages = documentation() | {
        "/docs/senha": html("Senha", "<h1>Senha</h1><p>Veja a <a href='/docs/dia/1'>agenda</a>.")
    }
    site = FakeSite(pages, calendar="/docs/dia")
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        assert await reading.read() == COMPLETE
    assert len(site.asked) < 15
    assert len([path for path in await reading.paths() if "dia" in path]) == 1


async def test_bounds_end_a_reading_and_remove_nothing(database: Database) -> None:
    site = FakeSite(documentation())
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        await reading.read()
        reading.settings = reading.settings.model_copy(update={"crawl_max_pages": 2})
        assert await reading.read() == Outcome("partial", "pages")
        assert await reading.paths() == THREE
        reading.settings = reading.settings.model_copy(update={"crawl_max_seconds": 1e-9})
        assert await reading.read() == Outcome("partial", "time")
    assert await reading.paths() == THREE


async def test_a_second_reading_asks_only_for_what_changed_and_removes_what_is_gone(
    database: Database,
) -> None:
    site = FakeSite(documentation(), etags={"/docs/senha": '"s1"', "/docs/": '"d1"'})
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        await reading.read()
        site.pages["/docs/nota"] = html("Não há", status=404)
        site.pages["/docs/boleto"] = html("Boleto", "<h1>Boleto por PIX</h1><p>Pague pelo PIX.</p>")
        assert await reading.read() == COMPLETE
        outcomes = await reading.outcomes()
        async with database.reading() as session:
            errors = await list_errors(session, await reading.now())
    # The first page was not sent again, yet its links were followed.
    assert (outcomes["/docs/"], outcomes["/docs/senha"]) == ("unchanged", "unchanged")
    assert await reading.paths() == ["/docs/", "/docs/boleto", "/docs/senha"]
    assert [(error.outcome, error.status) for error in errors] == [("gone", 404)]


async def test_a_page_that_cannot_be_had_now_keeps_everything(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.knowledge.crawling.crawl._FIRST_PAUSE_SECONDS", 0.01)
    site = FakeSite(documentation())
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        await reading.read()
        site.pages["/docs/nota"] = html("Não há", status=404)
        site.pages["/docs/boleto"] = html("Fora do ar", status=502)
        assert await reading.read() == Outcome("partial", "errors")
    assert await reading.paths() == THREE
    assert (await reading.outcomes())["/docs/boleto"] == "later"


async def test_a_busy_site_is_asked_again_after_the_time_that_it_names(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("desk.knowledge.crawling.crawl.pause", sleep)
    pages = documentation()
    busy = html("Calma", status=429, Retry_After="3")
    pages["/docs/senha"] = [busy, html("Fora", status=503), "drop", pages["/docs/senha"]]  # type: ignore[list-item]
    async with FakeServer(FakeSite(pages)) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        assert await reading.read() == COMPLETE
    assert [each for each in pauses if each] == [3.0, 2.0, 4.0]
    assert await reading.paths() == THREE


async def test_a_site_that_asks_for_an_hour_is_left_alone(database: Database) -> None:
    pages = documentation() | {"/docs/boleto": html("Calma", status=503, Retry_After="3600")}
    site = FakeSite(pages)
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        assert await reading.read() == Outcome("partial", "later")
    assert site.asked[-1] == "/docs/boleto"


async def test_what_is_no_page_is_passed_over(database: Database) -> None:
    names = "pdf grande bomba duplo vazio oculto cabecalho latin sem-charset torto canonico"
    links = "".join(f"<a href='/docs/{name}'>x</a>" for name in [*names.split(), "manual.pdf"])
    links += "<a rel='nofollow' href='/docs/patrocinio'>x</a><a href='javascript:x()'>x</a>"
    zeros = gzip.compress(b"<p>" + b"0" * 3_000_000)
    kinds = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    site = FakeSite(
        {
            "/docs/": html("Ajuda", f"<h1>Ajuda</h1><p>Tudo sobre o portal. {links}</p>"),
            "/docs/pdf": Answer(b"%PDF-1.7", headers={"Content-Type": "application/pdf"}),
            "/docs/grande": html("Grande", "<p>" + "palavra " * 300_000),
            "/docs/bomba": Answer(zeros, headers=kinds),
            "/docs/duplo": html("Ajuda", f"<h1>Ajuda</h1><p>Tudo sobre o portal. {links}</p>"),
            "/docs/vazio": html("Vazio", "<script>app()</script>"),
            "/docs/oculto": html("Oculto", head="<meta name='robots' content='noindex'>"),
            "/docs/cabecalho": html("Cabeçalho", X_Robots_Tag="noindex, nofollow"),
            "/docs/latin": Answer(
                "<title>Configuração</title><p>Ação e coração".encode("latin-1"),
                headers={"Content-Type": "text/html; charset=ISO-8859-1"},
            ),
            "/docs/sem-charset": Answer(
                "<title>Avançado</title><p>Emissão própria".encode("latin-1"),
                headers={"Content-Type": "text/html"},
            ),
            "/docs/torto": Answer(
                b"<title>Torto</title><body><div><p>Sem <b>fim<table><tr><td>celula</div><li>um",
                headers={"Content-Type": "text/html"},
            ),
            "/docs/canonico": html(
                "Canônico", head="<link rel='canonical' href='/docs/verdadeiro'>"
            ),
            "/docs/verdadeiro": html("Verdadeiro"),
        }
    )
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        assert await reading.read() == COMPLETE
    outcomes = await reading.outcomes()
    assert {path.removeprefix("/docs/"): outcome for path, outcome in outcomes.items()} == {
        "": "indexed",
        "pdf": "not_html",
        "grande": "too_large",
        "bomba": "too_large",
        "duplo": "duplicate",
        "vazio": "empty",
        "oculto": "noindex",
        "cabecalho": "noindex",
        "latin": "indexed",
        "sem-charset": "indexed",
        "torto": "indexed",
        "canonico": "canonical",
        "verdadeiro": "indexed",
    }
    found = await Knowledge(database, ENCODER).find("Ação e coração")
    assert "Ação e coração" in {block.text for hit in found.hits for block in hit.blocks}
    assert "Avançado" in {hit.page_title for hit in found.hits}


async def test_a_reading_that_was_cut_off_goes_on_where_it_was(database: Database) -> None:
    site = FakeSite(documentation(), held={"/docs/boleto"})
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        first = asyncio.create_task(reading.read())
        await site.reached.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        before = len(site.asked)
        site.hold.set()
        assert (await reading.now()).running
        assert await reading.read() == COMPLETE
    assert await reading.paths() == THREE
    assert sorted(site.asked[before:]) == ["/docs/boleto", "/docs/nota", "/robots.txt"]


async def test_only_one_process_reads_a_source_and_a_removed_one_ends_by_itself(
    database: Database,
) -> None:
    site = FakeSite(documentation(), held={"/docs/boleto"})
    async with FakeServer(site) as server:
        reading = await a_site(database, f"{server.url}/docs/")
        indexer = Indexer(database, ENCODER, reading.settings)
        first = asyncio.create_task(indexer.read(reading.source.id))
        await site.reached.wait()
        async with database.transaction() as session:
            await read_again(session, reading.source, SYSTEM)
        assert await indexer.read(reading.source.id) is None
        async with database.transaction() as session:
            await remove_source(session, reading.source, SYSTEM)
        site.hold.set()
        assert await first is None
    assert await reading.paths() == []


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:{port}/docs/", "http://localhost:{port}/docs/"]
)
async def test_private_networks_are_closed_unless_they_are_opened(
    database: Database, address: str
) -> None:
    site = FakeSite(documentation())
    async with FakeServer(site) as server:
        port = server.url.rpartition(":")[2]
        reading = await a_site(database, address.format(port=port), crawl_private_addresses=False)
        assert await reading.read() == Outcome("failed", "forbidden")
    assert site.asked == []
