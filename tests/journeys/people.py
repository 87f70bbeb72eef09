"""The customer at the chat page and the agent at the console, as they use their screens."""

import re
import time
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import FilePayload, Locator, Page, expect

REPLY_SECONDS = 45.0
LIVE_MS = 10_000
PNG = Path(__file__).parent / "printer-error.png"


class Customer:
    """Somebody at ``/webchat/demo``."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.box = page.get_by_label("Mensagem", exact=True)
        self.transcript = page.locator("#transcript")
        self.outbox = page.locator("#outbox .message")
        self.status = page.locator("#status")

    def open(self) -> "Customer":
        """Opens the chat."""
        self.page.goto(f"{self.base_url}/webchat/demo")
        return self

    def write(self, text: str) -> None:
        """Types and sends, without waiting for an answer."""
        self.box.fill(text)
        self.box.press("Enter")

    def ask(self, text: str, *answers: str | re.Pattern[str]) -> None:
        """Writes, and reads each of these answers."""
        before = self.heard.count()
        self.write(text)
        self.read_after(before, *answers)

    def press(self, title: str, *answers: str | re.Pattern[str]) -> None:
        """Presses a quick reply, and reads each of these answers."""
        before = self.heard.count()
        self.page.locator("#quick-replies").get_by_role("button", name=title).click()
        self.read_after(before, *answers)

    def read_after(self, before: int, *answers: str | re.Pattern[str]) -> None:
        """Reads these answers among those that came after the first ``before`` ones."""
        deadline = time.monotonic() + REPLY_SECONDS
        while True:
            fresh = "\n".join(self.heard.all_inner_texts()[before:])
            if fresh and all(re.search(answer, fresh) for answer in answers):
                return
            assert time.monotonic() < deadline, f"no {answers} in {fresh!r}"
            self.page.wait_for_timeout(100)

    @property
    def heard(self) -> Locator:
        """All that the other side said."""
        return self.transcript.locator(".message:not(.message--own)")

    @property
    def heard_from_bot(self) -> Locator:
        """All that the bot said."""
        return self.transcript.locator(".message--bot")

    def attach(self, *files: FilePayload) -> None:
        """Picks files; they wait beside the box."""
        self.page.locator("#files").set_input_files(list(files))


class Agent:
    """Somebody of the team at ``/console``."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.rows = page.locator(".row")
        self.conversation = page.locator("#conversation")
        self.messages = page.locator("#messages")
        self.box = page.locator(".composer__text")

    def sign_in(self, password: str, email: str = "ana@demo.ponte") -> "Agent":
        """Signs in and looks at the queue, whatever was seen last; waits until it is live."""
        self.page.goto(f"{self.base_url}/console")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Senha").fill(password)
        self.page.get_by_role("button", name="Entrar").click()
        self.page.goto(f"{self.base_url}/console?view=queue")
        expect(self.page.locator("#connection")).to_have_text("Ao vivo", timeout=LIVE_MS)
        return self

    def row_of(self, name: str) -> Locator:
        """The row of a customer in the list that is shown."""
        return self.rows.filter(has_text=name)

    def show(self, tab: str) -> None:
        """Chooses a view of the inbox."""
        link = self.page.get_by_role("link", name=tab)
        link.click()
        expect(link).to_have_attribute("aria-current", "page")

    def open(self, name: str) -> None:
        """Opens a customer's conversation."""
        self.row_of(name).get_by_role("link").click()
        expect(self.conversation.get_by_role("heading", name=name).first).to_be_visible()

    def do(self, action: str) -> None:
        """Presses an action of the open conversation."""
        button = self.conversation.locator(".actions").get_by_text(action, exact=True)
        button.wait_for(state="attached")
        if not button.is_visible():
            self.conversation.get_by_role("button", name="Mais ações").click()
        button.click()

    def say(self, text: str) -> None:
        """Writes to the customer."""
        self.box.fill(text)
        self.box.press("Enter")
        expect(self.messages.get_by_text(text)).to_be_visible(timeout=LIVE_MS)


def check_accessible(page: Page, what: str) -> None:
    """Fails with axe's report when a page has a violation."""
    result = Axe().run(page)
    assert result.violations_count == 0, f"{what}: {result.generate_report()}"


def check_fits(page: Page, what: str) -> None:
    """Fails when a page scrolls sideways."""
    excess = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert excess <= 0, f"{what} is {excess} px too wide"


def png_file(name: str) -> FilePayload:
    """A small picture."""
    return {"name": name, "mimeType": "image/png", "buffer": PNG.read_bytes()}
