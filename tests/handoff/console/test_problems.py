"""Recurring problems in the console and over the API: counts, and the tickets behind them."""

import pytest

from desk.conversations.find import conversation_by_public_id
from desk.guides.folder import read_guides
from desk.guides.runs import end_run, note_step, start_run
from desk.guides.tables import Outcome
from desk.tickets.opening import open_ticket
from tests.handoff.serving import PASSWORD, Served

ADMIN, SUPERVISOR, AGENT = "admin@demo.ponte", "supervisora@demo.ponte", "ana@demo.ponte"


async def a_solved_run(served: Served, public_id: str) -> str:
    """The second step of a guide helped; gives the ticket's number."""
    guide = next(
        each
        for each in read_guides(served.services.settings.help_dir).guides
        if each.slug == "lentidao"
    )
    async with served.database.transaction() as session:
        conversation = await conversation_by_public_id(session, public_id)
        assert conversation is not None
        ticket = await open_ticket(
            session,
            contact_id=conversation.contact_id,
            company_id=None,
            subject=guide.title,
            description="",
            request_type_id=None,
        )
        run = await start_run(session, conversation.id, guide, account_state="", portal_noted=False)
        await note_step(session, run.id, 1, guide.basic[0].text, worked=False)
        await note_step(session, run.id, 2, guide.basic[1].text, worked=True)
        await end_run(session, run, Outcome.SOLVED, ticket_id=ticket.id, solved_at=2)
    return ticket.number


def test_a_supervisor_sees_what_recurs_and_the_tickets_behind_it(served: Served) -> None:
    visitor = served.visitor()
    number = served.call(a_solved_run(served, visitor.conversation))
    visitor.client.close()
    with served.team(SUPERVISOR) as supervisor:
        report = supervisor.get("/reports/problems").json()
        problem = next(each for each in report["problems"] if each["guide"] == "lentidao")
        assert problem["title"] == "O portal está lento"
        assert problem["outcomes"]["solved"] == problem["total"] >= 1
        assert [(each["position"], each["worked"]) for each in problem["steps"]][:1] == [(1, 0)]
        runs = supervisor.get("/reports/problems/runs?guide=lentidao&limit=1").json()
        assert (runs["runs"][0]["ticket"], runs["runs"][0]["solved_at"]) == (number, 2)
        none = supervisor.get("/reports/problems?since=2020-01-01&until=2020-01-31").json()
        assert (none["since"], none["until"], none["problems"]) == ("2020-01-01", "2020-01-31", [])
    with served.client(Accept="text/html", Origin=served.base_url) as console:
        console.post("/console/login", data={"email": SUPERVISOR, "password": PASSWORD})
        page = console.get("/console/problems?guide=lentidao").text
        assert "O portal está lento" in page
        assert f'href="/console/tickets/{number}"' in page
        assert "<strong>Ctrl + F5</strong>" in page, "steps read as customers see them"
        empty = console.get("/console/problems?since=2020-01-01&until=2020-01-31").text
        assert "Nenhum passo a passo neste período." in empty
        # What is no day is taken for none: a page has no use for an error there.
        assert "O portal está lento" in console.get("/console/problems?since=ontem").text


@pytest.mark.parametrize(
    "query",
    ["since=ontem", "until=2026-13-01", "since=2020-01-01", "since=2999-01-01", "until=0001-01-01"],
)
def test_a_period_that_is_none_is_refused_by_the_api(served: Served, query: str) -> None:
    with served.team(ADMIN) as admin:
        answer = admin.get(f"/reports/problems?{query}")
        assert answer.status_code == 400, answer.text


def test_agents_have_no_report(served: Served) -> None:
    with served.team(AGENT) as agent:
        assert agent.get("/reports/problems").status_code == 403
        assert agent.get("/reports/problems/runs").status_code == 403
    with served.client(Accept="text/html", Origin=served.base_url) as console:
        console.post("/console/login", data={"email": AGENT, "password": PASSWORD})
        assert console.get("/console/problems").status_code in (302, 303, 403)
        assert "/console/problems" not in console.get("/console/tickets").text
