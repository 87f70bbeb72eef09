"""A campaign in a real browser: written, looked at, begun, watched to its end, in every look."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.handoff.serving import PASSWORD, Served, Visitor, copy_of
from tests.journeys.conftest import OpenPage, picture

LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 1400}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 1400}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 1400}, "color_scheme": "light"},
}


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[Served]:
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as running:
        yield running


def sign_in(page: Page, served: Served) -> None:
    page.goto(f"{served.base_url}/console/login")
    page.get_by_label("E-mail").fill("supervisora@demo.ponte")
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.locator("#connection").wait_for()


def looks_right(page: Page, name: str) -> None:
    """Accessible, and nothing sticks out at the side."""
    picture(page, f"campaign-{name}", full_page=True)
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


@pytest.fixture
def visitors(served: Served) -> Iterator[list[Visitor]]:
    """Three customers who wrote and were answered."""
    with ExitStack() as stack:
        chats = [stack.enter_context(served.visitor()) for _ in range(3)]
        for chat in chats:
            chat.post("oi")
        served.until(lambda: all(len(chat.messages()) > 1 for chat in chats), "the answers")
        yield chats


@pytest.mark.timeout(300)
@pytest.mark.parametrize("look", LOOKS)
def test_a_supervisor_writes_a_campaign_and_watches_it_to_its_end(
    served: Served, visitors: list[Visitor], open_page: OpenPage, look: str
) -> None:
    page = open_page(look, **LOOKS[look])
    sign_in(page, served)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{served.base_url}/console/settings/campaigns")
    page.get_by_role("link", name="Nova campanha").click()
    page.get_by_label("Nome").fill("Novidades")
    page.get_by_label("Mensagem", exact=True).fill("{{greeting}}! A versão 2 chegou.")
    page.get_by_role("group", name="Status da conversa").get_by_label("Aberto").check()
    page.get_by_label("Mensagens por minuto").fill("15")
    looks_right(page, f"{look}-new")
    page.get_by_role("button", name="Criar rascunho").click()
    page.get_by_role("link", name="Novidades").click()
    expect(page.get_by_text("3 de 3 contato(s) receberiam agora.")).to_be_visible()
    looks_right(page, f"{look}-draft")
    page.get_by_role("button", name="Enviar teste para mim").click()
    expect(page.get_by_text("O teste está a caminho do seu e-mail.")).to_be_visible()
    page.get_by_role("button", name="Agendar").click()
    expect(page.get_by_role("button", name="Pausar")).to_be_visible()
    looks_right(page, f"{look}-running")
    # Nobody touches the page any more: bar and buttons follow by themselves.
    expect(page.get_by_text("3 de 3 contato(s), 100%")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Pausar")).to_be_hidden(timeout=30_000)
    looks_right(page, f"{look}-finished")
    for visitor in visitors:
        texts = [each["text"] for each in visitor.messages()]
        assert len([text for text in texts if "versão 2" in text]) == 1
