"""The frame of the console in a browser: keys, notices, theme and language."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.handoff.serving import PASSWORD, Served, Visitor, copy_of
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.people import LIVE_MS, Agent, check_accessible, check_fits

WIDE = {"viewport": {"width": 1280, "height": 800}}
# A browser whose reader looks elsewhere, and which remembers what it showed and played.
ELSEWHERE = """
document.hasFocus = () => false;
globalThis.shown = [];
globalThis.Notification = class extends EventTarget {
  static permission = "granted";
  constructor(title, options) { super(); shown.push({ title, ...options }); }
};
"""


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[Served]:
    """The service with a fake Rasa; who writes here waits for a person."""
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as running:
        yield running


def wait_in_queue(served: Served, *words: str) -> Visitor:
    """A customer in the queue that Ana serves."""
    visitor = served.visitor()
    served.queue_up(visitor.conversation, "suporte")
    for each in words:
        visitor.post(each)
    return visitor


def test_a_conversation_is_found_claimed_and_answered_without_a_mouse(
    served: Served, open_page: OpenPage
) -> None:
    customers = [wait_in_queue(served, f"cliente {number}") for number in (1, 2, 3)]
    for customer in customers:
        customer.client.close()
    page = open_page("ana", **WIDE)
    agent = Agent(page, served.base_url).sign_in(PASSWORD)
    expect(agent.rows).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#conversation")).to_have_attribute(
        "data-conversation", customers[1].conversation
    )
    page.locator("#conversation").focus()
    page.keyboard.press("c")
    expect(agent.conversation).to_contain_text("Com você")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(agent.box).to_be_focused()
    page.keyboard.type("tudo certo? escreva n, e, c ou j")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(agent.messages.get_by_text("tudo certo? escreva")).to_be_visible(timeout=LIVE_MS)
    page.keyboard.press("Escape")
    expect(agent.box).not_to_be_focused()
    page.keyboard.press("n")
    expect(page.get_by_label("Nota interna")).to_be_checked()
    expect(agent.box).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Atalhos do teclado")
    expect(sheet).to_contain_text("Assumir a conversa")
    check_accessible(page, "the sheet of shortcuts")
    picture(page, "shortcuts")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_keys_can_be_switched_off_and_the_sheet_stays_within_reach(
    served: Served, open_page: OpenPage
) -> None:
    page = open_page("ana", **WIDE)
    Agent(page, served.base_url).sign_in(PASSWORD)
    page.locator("#user-button").click()
    page.get_by_role("link", name="Notificações e atalhos").click()
    check_accessible(page, "the preferences")
    page.get_by_label("Atalhos de uma tecla").uncheck()
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Salvo.")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.get_by_role("button", name="Ver todos os atalhos").click()
    expect(page.get_by_role("dialog", name="Atalhos do teclado")).to_be_visible()


def test_an_arrival_is_shown_once_however_many_tabs_are_open(
    served: Served, open_page: OpenPage
) -> None:
    first = open_page("ana", **WIDE)
    first.context.add_init_script(ELSEWHERE)
    Agent(first, served.base_url).sign_in(PASSWORD)
    with served.team("ana@demo.ponte") as api:
        api.patch("/me/preferences", json={"desktop": True})
    first.reload()
    second = first.context.new_page()
    second.goto(f"{served.base_url}/console/preferences")
    for page in (first, second):
        expect(page.locator("#connection")).to_have_text("Ao vivo", timeout=LIVE_MS)
        page.wait_for_timeout(500)
    with wait_in_queue(served, "preciso de ajuda com a nota") as visitor:
        expect(first).to_have_title("(1) Ponte · Atendimento", timeout=LIVE_MS)
        first.wait_for_function("shown.length > 0 || document.title.startsWith('(1)')")
        first.wait_for_timeout(1500)
        shown = [each for page in (first, second) for each in page.evaluate("shown")]
        assert [each["title"] for each in shown] == ["Visitante entrou na fila"]
        assert shown[0]["body"] == "", "the words of a message are nobody else's to read"
        with served.team("ana@demo.ponte") as api:
            api.post(f"/conversations/{visitor.conversation}/claim", json={})
        visitor.post("continuo aqui")
        first.wait_for_timeout(2500)
        shown = [each for page in (first, second) for each in page.evaluate("shown")]
        assert [each["title"] for each in shown][1:] == ["Visitante respondeu"]


def test_theme_and_language_are_chosen_from_any_page(served: Served, open_page: OpenPage) -> None:
    page = open_page("ana", color_scheme="light", **WIDE)
    Agent(page, served.base_url).sign_in(PASSWORD)
    light = _background(page)
    _choose(page, "Escuro")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert _background(page) != light
    check_accessible(page, "the desk in the dark")
    _choose(page, "English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("navigation", name="Main")).to_contain_text("Conversations")
    expect(page.locator("#connection")).to_have_text("Live", timeout=LIVE_MS)
    check_accessible(page, "the desk in English")
    picture(page, "english-dark")


def test_the_frame_fits_a_phone(served: Served, open_page: OpenPage) -> None:
    page = open_page("ana", viewport={"width": 360, "height": 740}, has_touch=True)
    Agent(page, served.base_url).sign_in(PASSWORD)
    for path in ("/console", "/console/preferences"):
        page.goto(served.base_url + path)
        check_fits(page, path)
        check_accessible(page, f"{path} on a phone")
    page.locator("#user-button").click()
    check_accessible(page, "the account's menu")
    check_fits(page, "the account's menu")


def _background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def _choose(page: Page, choice: str) -> None:
    page.locator("#user-button").click()
    page.get_by_role("button", name=choice).click()
