"""Reports as programs and browsers get them: figures, files, rights, clear refusals."""

import csv
import io
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select, update

from desk.contacts.tables import Contact
from desk.conversations.tables import Conversation
from desk.reports.catalogue import REPORTS
from handoff.charts.pictures import Series, draw_chart
from tests.handoff.serving import PASSWORD, Served

FORMULA = '=HYPERLINK("http://x")'
DAYS = {"since": "2026-01-01"}


@pytest.fixture
def supervisor(served: Served) -> Iterator[httpx.Client]:
    with served.team("supervisora@demo.ponte") as client:
        yield client


@pytest.fixture
def agent(served: Served) -> Iterator[httpx.Client]:
    with served.team("ana@demo.ponte") as client:
        yield client


def a_resolved_service(served: Served, agent: httpx.Client) -> str:
    """Somebody waits in the queue, ana takes and resolves it; gives the conversation."""
    with served.visitor() as visitor:
        served.queue_up(visitor.conversation, "suporte")
        visitor.post("bom dia")
        talk = f"/conversations/{visitor.conversation}"
        assert agent.post(f"{talk}/claim", json={}).status_code == 200
        assert agent.post(f"{talk}/status", json={"status": "resolved"}).status_code == 200
        return str(visitor.conversation)


def figures(client: httpx.Client, name: str, **query: str) -> dict[str, float]:
    answer = client.get(f"/reports/{name}", params=query)
    assert answer.status_code == 200, answer.text
    total: dict[str, float] = answer.json()["total"]
    return total


def test_a_service_is_counted_and_found_behind_its_figure(
    served: Served, supervisor: httpx.Client, agent: httpx.Client
) -> None:
    before = figures(supervisor, "services")["resolved"]
    public_id = a_resolved_service(served, agent)
    served.until(lambda: figures(supervisor, "services")["resolved"] == before + 1, "the count")
    query = {"by": "agent", "figure": "resolved"}
    rows = supervisor.get("/reports/services", params=query).json()["rows"]
    ana = next(row for row in rows if row["label"].startswith("Ana"))
    found = supervisor.get(
        "/reports/services/conversations", params={**query, "bar": ana["bar"], "limit": "1"}
    ).json()
    assert [row["conversation"] for row in found["services"]] == [public_id]
    assert supervisor.get("/reports").json()["reports"][0]["figures"][0]["definition"]


def test_agents_see_their_own_figures_and_nobody_elses(
    served: Served, supervisor: httpx.Client, agent: httpx.Client
) -> None:
    a_resolved_service(served, agent)
    served.until(lambda: figures(agent, "services")["resolved"] >= 1, "the count")
    with served.team("bruno@demo.ponte") as bruno:
        assert figures(bruno, "services")["resolved"] == 0
        me = bruno.get("/reports/services", params={"by": "agent"})
        assert me.status_code == 403
        assert bruno.get("/reports/services", params={"agent": "3"}).status_code == 403
        assert bruno.get("/reports/services", params={"queue": "1"}).status_code == 403
        assert bruno.get("/reports/services.csv", params={"by": "tag"}).status_code == 403
        rows = bruno.get("/reports/conversations.csv", params={"format": "plain"}).text
        assert len(rows.splitlines()) == 1
    assert figures(supervisor, "services")["resolved"] >= 1


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/reports/nenhum", {}, 404),
        ("/reports/nenhum.csv", {}, 404),
        ("/reports/services", {"since": "ontem"}, 400),
        ("/reports/services", {"since": "2026-02-02", "until": "2026-02-01"}, 400),
        ("/reports/services", {"since": "2001-01-01"}, 400),
        ("/reports/services", {"by": "cor"}, 400),
        ("/reports/services", {"queue": "x"}, 400),
        ("/reports/services.csv", {"format": "xls"}, 400),
        ("/reports/services/conversations", {"figure": "nenhum"}, 400),
        ("/reports/services/conversations", {"by": "day", "bar": "x"}, 400),
        ("/reports/services/conversations", {"cursor": "x"}, 400),
        ("/reports/services", {"company": "999999"}, 200),
        ("/reports/backlog", {"since": "2016-12-01", "until": "2026-11-28", "by": "day"}, 200),
        ("/reports/first_response", {"by": "hour", "queue": "1", "tag": "0"}, 200),
    ],
)
def test_what_cannot_be_asked_is_said_where_it_came_in(
    supervisor: httpx.Client, path: str, query: dict[str, str], status: int
) -> None:
    answer = supervisor.get(path, params=query)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.json()["error"]["field"] in {*query, "until", "since", "cursor"}


def test_files_open_in_brazilian_spreadsheets_and_hold_no_formula(
    served: Served, supervisor: httpx.Client, agent: httpx.Client
) -> None:
    public_id = a_resolved_service(served, agent)
    _rename_contact(served, public_id)
    served.until(lambda: "Resolvido" in _row_of(supervisor, public_id), "the row")
    answer = supervisor.get("/reports/conversations.csv", params=DAYS)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.startswith("\ufeff".encode())
    lines = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    row = next(line for line in lines if line[0] == public_id)
    assert f"'{FORMULA}" in row
    cells = [cell for line in lines for cell in line]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert row[lines[0].index("Status")] == "Resolvido"
    plain = supervisor.get("/reports/conversations.csv", params={**DAYS, "format": "plain"})
    head, *rest = list(csv.reader(io.StringIO(plain.text)))
    mine = dict(zip(head, next(line for line in rest if line[0] == public_id), strict=True))
    assert mine["status"] == "resolved"
    assert float(mine["open"]) >= 0
    assert mine["opened_at"].endswith("-03:00")
    table = supervisor.get("/reports/containment.csv", params={"by": "queue"})
    assert table.text.splitlines()[0].removeprefix("\ufeff").startswith("Fila;")


def test_pages_show_what_was_typed_and_why_it_cannot_be_read(served: Served) -> None:
    with served.client(Accept="text/html", Origin=served.base_url) as browser:
        _sign_in(browser, "supervisora@demo.ponte")
        backwards = {"since": "2026-05-02", "until": "2026-05-01"}
        page = browser.get("/console/reports/services", params=backwards)
        assert page.status_code == 400
        assert "O fim do período é antes do começo." in page.text
        assert 'value="2026-05-02"' in page.text
        for name in REPORTS:
            page = browser.get(f"/console/reports/{name}", params={"by": "company"})
            assert page.status_code == 200, name
        chart = browser.get("/console/reports/services/chart.svg", params={"theme": "dark"})
        assert chart.headers["content-type"].startswith("image/svg+xml")
        assert "script" not in chart.headers["content-security-policy"]
        assert "<script" not in chart.text


def test_an_agents_page_offers_only_what_is_theirs(served: Served) -> None:
    with served.client(Accept="text/html", Origin=served.base_url) as browser:
        _sign_in(browser, "ana@demo.ponte")
        page = browser.get("/console/reports/services")
        assert page.status_code == 200
        assert "Só os seus atendimentos" in page.text
        assert 'name="queue"' not in page.text
        assert browser.get("/console/reports/services", params={"by": "agent"}).status_code == 403


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_series_of_a_chart_differ_without_colour(theme: str) -> None:
    svg = draw_chart(
        "stacked",
        ["a", "b"],
        [Series(f"Série {number}", [1, None]) for number in range(6)],
        theme="dark" if theme == "dark" else "light",
    )
    assert svg.count("<pattern ") == 6
    assert all(f".color-{number} rect" in svg for number in range(6))
    assert "Nada" in draw_chart("bars", [], [Series("x", [])], nothing="Nada")


def _sign_in(browser: httpx.Client, email: str) -> None:
    answer = browser.post("/console/login", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 302


def _row_of(client: httpx.Client, public_id: str) -> str:
    lines = client.get("/reports/conversations.csv").text.splitlines()
    return next((line for line in lines if public_id in line), "")


def _rename_contact(served: Served, public_id: str) -> None:
    async def rename() -> None:
        async with served.database.transaction() as session:
            talk = select(Conversation.contact_id).where(Conversation.public_id == public_id)
            contact_id = (await session.execute(talk)).scalar_one()
            await session.execute(
                update(Contact).where(Contact.id == contact_id).values(name=FORMULA)
            )

    served.call(rename())
