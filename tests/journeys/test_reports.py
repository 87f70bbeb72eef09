"""Reports in a real browser over the demo's made-up months: figures, charts, tables, lists."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from desk.db import Database
from desk.demo import seed_demo
from desk.demo_history.write import write_demo_history
from desk.reports.catalogue import REPORTS
from handoff.pulse import Pulse
from handoff.report_keeper import ReportKeeper
from tests.desk.building import worked_off
from tests.handoff.serving import PASSWORD, Served, copy_of
from tests.journeys.conftest import OpenPage, picture

ZONE = ZoneInfo("America/Sao_Paulo")
# A year is `make demo-history`; a browser needs no more than two months to look at.
DAYS = 60
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 1600}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 1600}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 1800}, "color_scheme": "light"},
}


async def tell_history(url: str) -> None:
    """The demo with its months, counted."""
    database = Database(url)
    async with database.transaction() as session:
        await seed_demo(session, PASSWORD)
    async with database.transaction() as session:
        await write_demo_history(session, datetime.now(UTC), ZONE, days=DAYS)
    keeper = ReportKeeper(database, Pulse(database), ZONE)
    await keeper.begin()
    await worked_off(database, keeper)
    await database.close()


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service over the made-up months."""
    folder = tmp_path_factory.mktemp("reports")
    url = copy_of(sqlite_template, folder)
    asyncio.run(tell_history(url))
    with Served(url, folder) as running:
        yield running


def sign_in(page: Page, served: Served, email: str = "supervisora@demo.ponte") -> None:
    page.goto(f"{served.base_url}/console/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.locator("#connection").wait_for()


def query() -> str:
    today = datetime.now(UTC).astimezone(ZONE).date()
    return f"since={today - timedelta(days=DAYS // 2)}&until={today}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("look", LOOKS)
def test_every_report_is_readable_everywhere(
    served: Served, open_page: OpenPage, look: str
) -> None:
    page = open_page(look, **LOOKS[look])
    sign_in(page, served)
    wrong: list[str] = []
    for name in ("", *REPORTS):
        page.goto(f"{served.base_url}/console/reports/{name}?{query()}")
        page.wait_for_load_state("load")
        picture(page, f"report-{look}-{name or 'overview'}")
        excess = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if excess > 0:
            wrong.append(f"{name} is {excess} px too wide")
        if name:
            image = page.locator(".chart__image")
            expect(image).to_have_attribute("alt", re.compile("na tabela"))
            assert image.evaluate("image => image.complete && image.naturalWidth > 0"), name
            assert page.locator("tbody tr").count() > 4
        result = Axe().run(page)
        if result.violations_count:
            wrong.append(f"{name}: {result.generate_report()[:2000]}")
    assert wrong == [], "\n".join(wrong)


def test_a_supervisor_goes_from_a_figure_to_its_conversations(
    served: Served, open_page: OpenPage
) -> None:
    page = open_page("supervisora", **LOOKS["light"])
    sign_in(page, served)
    page.get_by_role("link", name="Relatórios").click()
    expect(page.get_by_role("heading", name="Relatórios", exact=True)).to_be_visible()
    page.get_by_role("navigation", name="Relatórios").get_by_text("Transferências").click()
    page.get_by_label("Por", exact=True).select_option("agent")
    page.get_by_role("button", name="Mostrar").click()
    row = page.locator("tbody tr").filter(has_text="Ana Atendente")
    number = int(row.locator("td").nth(1).inner_text())
    row.locator("td").nth(1).get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text("Ana Atendente")
    rows = page.locator(".service-row")
    expect(rows.first).to_be_visible()
    more = page.get_by_role("link", name="Mostrar mais")
    while more.count():
        before = rows.count()
        more.click()
        page.wait_for_function(
            "before => document.querySelectorAll('.service-row').length > before", arg=before
        )
    assert rows.count() == number
    picture(page, "report-conversations")
    rows.first.click()
    expect(page.locator("#main")).to_contain_text("Ana Atendente")


def test_a_wrong_period_keeps_what_was_typed_and_the_file_is_one_click_away(
    served: Served, open_page: OpenPage
) -> None:
    page = open_page("supervisora", **LOOKS["phone"])
    sign_in(page, served)
    page.goto(f"{served.base_url}/console/reports/resolution")
    page.get_by_label("De", exact=True).fill("2026-05-02")
    page.get_by_label("Até", exact=True).fill("2026-05-01")
    page.get_by_role("button", name="Mostrar").click()
    expect(page.get_by_role("alert").filter(has_text="antes do começo")).to_be_visible()
    expect(page.get_by_label("De", exact=True)).to_have_value("2026-05-02")
    picture(page, "report-wrong-period")
    page.get_by_role("link", name="30 dias").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Baixar tabela (CSV)").click()
    assert download.value.suggested_filename == "resolution.csv"
    page.goto(f"{served.base_url}/console/reports/resolution?since=2017-01-01&until=2017-12-31")
    expect(page.locator("#main")).to_contain_text("sem comparação")
    picture(page, "report-empty")


def test_agents_read_their_own(served: Served, open_page: OpenPage) -> None:
    page = open_page("ana", **LOOKS["light"])
    sign_in(page, served, "ana@demo.ponte")
    page.get_by_role("link", name="Relatórios").click()
    expect(page.locator("#main")).to_contain_text("Só os seus atendimentos")
    expect(page.get_by_label("Fila")).to_have_count(0)
    picture(page, "report-agent")
