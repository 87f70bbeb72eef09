"""What 200 live conversations cost the browser of one agent.

Customers write all the time; a supervisor's console, which is told of every change, stands open
with one of the conversations shown. The page's scripting, style and layout time a second, from
the browser's own books (CDP `Performance.getMetrics`), beside an empty page and beside the same
console while nobody writes.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from playwright.sync_api import CDPSession, Page, sync_playwright

from bench.measure import JsonConnection
from tests.journeys.conftest import CHROMIUM_FLAGS, find_chromium
from tests.system import RunningSystem

CONVERSATIONS = 200
MESSAGES_A_SECOND = 10
WINDOW_SECONDS = 20.0
SUPERVISOR = "supervisora@demo.ponte"
PARTS = ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration", "TaskDuration")


@dataclass
class PageLoad:
    """Milliseconds a second of each part, the requests a second, the heap at the end."""

    title: str
    parts_ms: dict[str, float]
    requests: float
    heap_mb: float
    messages: float = 0.0


def measure(system: RunningSystem) -> list[PageLoad]:
    """The empty page, the console at rest, the console while customers write."""
    with ExitStack() as stack:
        customers = [stack.enter_context(_customer(system)) for _ in range(CONVERSATIONS)]
        _queue_up(system, [conversation for conversation, _ in customers])
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(CHROMIUM_FLAGS)
        )
        stack.callback(browser.close)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{system.base_url}/console/login")
        empty = _watch(page, "an empty page")
        _sign_in(page, system)
        page.locator(".row__link").first.click()
        page.locator("#conversation[data-conversation]").wait_for()
        page.wait_for_timeout(2000)
        still = _watch(page, "the console, nobody writes")
        with _writing([connection for _, connection in customers]) as written:
            page.wait_for_timeout(1000)
            before = len(written)
            busy = _watch(page, f"the console, {CONVERSATIONS} live")
            busy.messages = (len(written) - before) / WINDOW_SECONDS
    return [empty, still, busy]


@contextmanager
def _customer(system: RunningSystem) -> Iterator[tuple[str, JsonConnection]]:
    web = f"{system.base_url}/webchat/demo"
    with JsonConnection(web) as opening:
        opened = opening.call("POST", "/sessions", {"visitor_id": uuid.uuid4().hex})
    headers = {"Authorization": f"Bearer {opened['session']}"}
    with JsonConnection(web, headers) as connection:
        yield opened["conversation"], connection


def _queue_up(system: RunningSystem, conversations: list[str]) -> None:
    """People own them: the bot says nothing while the browser is measured."""
    login = {"email": SUPERVISOR, "password": system.demo_password}
    with JsonConnection(f"{system.base_url}/api/v1") as opening:
        token = opening.call("POST", "/session", login)["token"]
    headers = {"Authorization": f"Bearer {token}"}
    with JsonConnection(f"{system.base_url}/api/v1", headers) as api:
        for conversation in conversations:
            api.call("POST", f"/conversations/{conversation}/assign", {"queue": "suporte"})


def _sign_in(page: Page, system: RunningSystem) -> None:
    page.get_by_label("E-mail").fill(SUPERVISOR)
    page.get_by_label("Senha").fill(system.demo_password)
    page.get_by_role("button", name="Entrar").click()
    page.locator('#connection[data-state="live"]').wait_for()


@contextmanager
def _writing(connections: list[JsonConnection]) -> Iterator[list[float]]:
    """Customers take turns in writing; gives the moments at which they wrote."""
    written: list[float] = []
    end = threading.Event()

    def write() -> None:
        due = time.monotonic()
        while not end.is_set():
            body = {"client_id": str(uuid.uuid4()), "text": f"Mensagem número {len(written)}"}
            connections[len(written) % len(connections)].call("POST", "/messages", body)
            written.append(time.monotonic())
            due += 1 / MESSAGES_A_SECOND
            end.wait(max(0.0, due - time.monotonic()))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        end.set()
        thread.join()


def _watch(page: Page, title: str) -> PageLoad:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    before, asked = _metrics(cdp), len(requests)
    page.wait_for_timeout(WINDOW_SECONDS * 1000)
    after = _metrics(cdp)
    seconds = after["Timestamp"] - before["Timestamp"]
    parts = {part: (after[part] - before[part]) / seconds * 1000 for part in PARTS}
    cdp.detach()
    heap_mb = after["JSHeapUsedSize"] / 2**20
    return PageLoad(title, parts, (len(requests) - asked) / seconds, heap_mb)


def _metrics(cdp: CDPSession) -> dict[str, float]:
    answer = cdp.send("Performance.getMetrics")
    return {each["name"]: float(each["value"]) for each in answer["metrics"]}


def report(loads: list[PageLoad]) -> str:
    """The lines for a person."""
    lines = [
        f"One console's main thread, ms a second (over {WINDOW_SECONDS:.0f} s)",
        f"  {'':<28} scripts   style  layout     all   requests/s   heap   messages/s",
    ]
    for load in loads:
        script, style, layout, everything = (load.parts_ms[part] for part in PARTS)
        lines.append(
            f"  {load.title:<28} {script:7.1f} {style:7.1f} {layout:7.1f} {everything:7.1f}"
            f" {load.requests:12.1f} {load.heap_mb:5.1f}M {load.messages:12.1f}"
        )
    return "\n".join(lines)
