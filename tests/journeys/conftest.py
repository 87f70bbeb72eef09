"""Real browsers for whole flows: Debian's chromium, driven by Playwright."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from deploy.local.stages import ARTIFACTS

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A microphone that beeps; a page gets it only when the test permits it.
    "--use-fake-device-for-media-stream",
)

# A browser that leaves a page breaks off its downloads; aiofiles then lets go of the static file
# without closing it, and the garbage collector does.
LEFT_HALF_WAY = "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"

OpenPage = Callable[..., Page]

# What Chromium answers when a page is exchanged for the next one in the moment of its picture.
NOT_NOW = "Unable to capture screenshot"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a journey and takes longer than a test of one part."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.filterwarnings(LEFT_HALF_WAY))
            item.add_marker(pytest.mark.timeout(300))


def find_chromium() -> str:
    """Where the browser is."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise RuntimeError("no chromium on this machine; on Debian: apt install chromium")
    return found


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser of this test's own: Playwright's loop must not meet that of async tests."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(CHROMIUM_FLAGS)
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens a page in a context of its own, as another person would.

    A script error on any page fails the test; what the pages showed at the end is kept.
    """
    pages: dict[str, Page] = {}
    errors: list[str] = []

    def open_one(person: str, **options: Any) -> Page:
        context = browser.new_context(
            locale="pt-BR", timezone_id="America/Sao_Paulo", reduced_motion="reduce", **options
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(f"{person}: {error}"))
        page.on("console", lambda message: _note_violation(message.text, person, errors))
        pages[person] = page
        return page

    yield open_one
    for person, page in pages.items():
        picture(page, f"{request.node.name}-{person}-end")
        page.context.close()
    assert errors == []


def _note_violation(text: str, person: str, errors: list[str]) -> None:
    if "Content Security Policy" in text or "Uncaught" in text:
        errors.append(f"{person}: {text}")


def picture(page: Page, name: str, *, full_page: bool = False) -> None:
    """Keeps what the page shows, or all of it however long it is."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    path = ARTIFACTS / f"{name}.png"
    for _ in range(9):
        try:
            page.screenshot(path=path, full_page=full_page)
        except Error as error:
            if NOT_NOW not in error.message:
                raise
            page.wait_for_timeout(100)
        else:
            return
    page.screenshot(path=path, full_page=full_page)
