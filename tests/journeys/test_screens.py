"""Every page of console, portal and web chat: its picture is kept, axe has no complaint.

The pages are those of the router, so that a new one is looked at without being named here.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from handoff.i18n import catalogue
from tests.handoff.portal.people import Person
from tests.handoff.serving import PASSWORD, Served, copy_of
from tests.journeys.conftest import OpenPage, picture
from tests.journeys.screens import fill_the_desk

ADMIN = "admin@demo.ponte"
PARAMETER = re.compile(r"<(\w+):\w+>")
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
}
FACES = ("/console", "/portal", "/webchat")
# Every piece of text that a page shows or says.
SAID = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const holder = walker.currentNode.parentElement;
    if (!holder.closest("script, style, [lang]:not(html)")) texts.push(walker.currentNode.data);
  }
  for (const part of document.body.querySelectorAll("*"))
    for (const name of ["aria-label", "title", "placeholder", "alt"])
      if (part.hasAttribute(name)) texts.push(part.getAttribute(name));
  return texts.map((text) => text.trim().replace(/\\s+/g, " ")).filter(Boolean);
}"""
# Names that the demo's people gave, and a column of their file: nobody's to translate.
OWN_WORDS = {"Suporte", "Financeiro", "Comercial", "nome"}
# Streams and files, which are no pages; a link that leaves a rating and leads on.
NO_PAGES = ("/live", "/events", "/rating", ".csv", "/messages", "/story", ".yml", ".patch")
SIGNED_OUT = ("/console/login", "/portal/login", "/portal/forgot", "/portal/reset")


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[Served]:
    """The service with a fake Rasa, and a desk with something on every page."""
    with Served(copy_of(sqlite_template, tmp_path), tmp_path) as running:
        yield running


@pytest.mark.timeout(600)
@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_accessible_and_its_picture_is_kept(
    served: Served, open_page: OpenPage, look: str
) -> None:
    with Person(served) as maria:
        maria.enter()
        things = fill_the_desk(served, maria)
        page = open_page(look, **LOOKS[look])
        wrong: list[str] = []
        for path in SIGNED_OUT:
            wrong += _look(page, served, path, look)
        _sign_in(page, served, maria)
        pages = list(_pages(served, maria, things))
        assert len(pages) > 25
        for path in pages:
            wrong += _look(page, served, path, look)
    assert wrong == [], "\n".join(wrong)


@pytest.mark.timeout(600)
def test_no_page_of_the_console_in_english_has_portuguese_left(
    served: Served, open_page: OpenPage
) -> None:
    with Person(served) as maria:
        things = fill_the_desk(served, maria.enter())
        page = open_page("english", **LOOKS["light"])
        pages = [path for path in _pages(served, maria, things) if path.startswith("/console")]
        _sign_in(page, served, maria)
        page.locator("#user-button").click()
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        left: list[str] = []
        for path in pages:
            page.goto(served.base_url + path)
            picture(page, f"screen-english-{_name_of(path)}")
            left += [f"{path}: {words}" for words in _portuguese(page)]
    assert left == [], "\n".join(left)


def _portuguese(page: Page) -> list[str]:
    """Texts, labels and titles that the catalogue knows how to say in English."""
    said = page.evaluate(SAID)
    known = {text: words for text, words in catalogue("en").items() if text != words}
    return sorted({each for each in said if each in known and each not in OWN_WORDS})


def _pages(served: Served, maria: Person, things: dict[str, str]) -> Iterator[str]:
    """The addresses of all pages that somebody signed in may open."""
    with served.client(Accept="text/html", Origin=served.base_url) as admin:
        login = {"email": ADMIN, "password": PASSWORD}
        assert admin.post("/console/login", data=login).status_code == 302
        routes = [route for route in served.app.router.routes if "GET" in route.methods]
        for route in sorted({route.path for route in routes}):
            path = "/" + PARAMETER.sub(lambda match: things.get(match[1], "1"), route)
            if not path.startswith(FACES) or path in SIGNED_OUT or path.endswith(NO_PAGES):
                continue
            client = maria.client if path.startswith("/portal") else admin
            answer = client.get(path)
            if _is_page(answer, path):
                yield path


def _is_page(answer: httpx.Response, path: str) -> bool:
    """Parts of pages are looked at with their page; an address that fails is a mistake."""
    assert answer.status_code in (200, 302, 303), f"{path}: {answer.status_code}"
    return answer.status_code == 200 and answer.text.lstrip().lower().startswith("<!doctype")


def _sign_in(page: Page, served: Served, maria: Person) -> None:
    page.goto(f"{served.base_url}/console/login")
    page.get_by_label("E-mail").fill(ADMIN)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.locator("#connection").wait_for()
    page.context.add_cookies(
        [{"name": "ponte_portal", "value": maria.token, "url": served.base_url}]
    )


def _look(page: Page, served: Served, path: str, look: str) -> list[str]:
    """Keeps the picture; gives what is wrong with the page."""
    answer = page.goto(served.base_url + path)
    assert answer is not None
    page.wait_for_load_state("load")
    picture(page, f"screen-{look}-{_name_of(path)}")
    # A link for a new password that is no longer good has its own page.
    good = {200, 410} if path == "/portal/reset" else {200}
    wrong = [] if answer.status in good else [f"{path}: status {answer.status}"]
    excess = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if excess > 0:
        wrong.append(f"{path} is {excess} px too wide")
    result = Axe().run(page)
    if result.violations_count:
        wrong.append(f"{path}: {result.generate_report()[:3000]}")
    return wrong


def _name_of(path: str) -> str:
    """A page's name among the pictures, the same in every run."""
    return re.sub(r"[0-9a-f-]{16,}", "one", path.strip("/").replace("/", "-"))
