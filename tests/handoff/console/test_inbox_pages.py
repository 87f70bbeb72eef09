"""The inbox's parts over HTTP: what each may see, odd addresses, and what is remembered."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.handoff.console.test_board import signed_in
from tests.handoff.serving import Served, Visitor

PARTS = ("/console", "/console/inbox", "/console/inbox/filters", "/console/inbox/companies")
ODD = ("\x00", "²", "9" * 30, "%", "'\"<b>", "x" * 3000, "-1", "2026-99-99", "é", "a:b*c(d)")


@pytest.fixture
def waiting(served: Served) -> Iterator[Visitor]:
    """A customer in the queue Suporte."""
    with served.visitor() as visitor:
        visitor.post("quero uma pessoa <b>agora</b>")
        served.queue_up(visitor.conversation, "suporte")
        yield visitor


def test_an_agent_finds_its_queues_in_the_list_and_in_the_filters(
    served: Served, waiting: Visitor
) -> None:
    with (
        signed_in(served, "ana@demo.ponte") as ana,
        signed_in(served, "bruno@demo.ponte") as bruno,
    ):
        for query in ("view=queue", "view=all&status=open", "view=all&unread=1", "view=all"):
            for address in (f"/console/inbox?{query}", f"/console?{query}"):
                assert waiting.conversation in ana.get(address).text
                assert waiting.conversation not in bruno.get(address).text
        checked = f"/console/inbox?view=queue&check={waiting.conversation}"
        assert ana.get(checked).text.count(f'id="row-{waiting.conversation}"') == 2
        assert waiting.conversation not in bruno.get(checked).text
        assert ">Suporte</option>" in ana.get("/console/inbox/filters").text
        panel = bruno.get("/console/inbox/filters").text
        assert ">Financeiro</option>" in panel
        assert ">Suporte</option>" not in panel


def test_odd_addresses_are_shown_as_if_they_said_nothing(served: Served, waiting: Visitor) -> None:
    names = ("view", "status", "queue", "company", "tag", "since", "q", "sort", "shown", "check")
    with signed_in(served, "ana@demo.ponte") as ana:
        for part in PARTS:
            for name in names:
                for value in ODD:
                    answer = ana.get(f"{part}?{name}={quote(value)}&company_q={quote(value)}")
                    assert answer.status_code == 200, (part, name, value)
        assert waiting.conversation in ana.get("/console/inbox?view=todas&queue=x").text
        assert ana.get("/console/inbox/more?view=queue&cursor=abc").status_code == 400


def test_what_a_customer_typed_is_never_markup(served: Served, waiting: Visitor) -> None:
    with signed_in(served, "ana@demo.ponte") as ana:
        served.until(lambda: "<mark>" in ana.get("/console/inbox?view=all&q=agora").text)
        found = ana.get("/console/inbox?view=all&q=pessoa+agora").text
        assert "&lt;b&gt;" in found
        assert "<b>" not in found
        searched = ana.get(f"/console/inbox?q={quote('<b>x')}").text
        assert "<b>x" not in searched


def test_the_view_last_looked_at_is_there_the_next_time_and_a_search_is_not(
    served: Served,
) -> None:
    with signed_in(served, "ana@demo.ponte") as ana:
        kept = {"query": "view=all&status=open&priority=2&sort=waiting&q=segredo&evil=1"}
        assert ana.post("/console/inbox/remember", data=kept).status_code == 204
        page = ana.get("/console").text
        assert 'data-query="view=all&amp;status=open&amp;priority=2&amp;sort=waiting"' in page
        assert "segredo" not in page
        assert 'data-query="view=mine"' in ana.get("/console?view=mine").text
        assert ana.post("/console/inbox/remember", data={}).status_code == 204
        assert 'data-query="view=queue"' in ana.get("/console").text


@pytest.mark.parametrize(
    ("words", "feeling"),
    [
        ("que atendimento horrível, ninguém responde", "Insatisfeito"),
        ("meu cnpj é 11.222.333/0001-81", "Neutro"),
        ("resolveu, muito obrigada!", "Satisfeito"),
    ],
)
def test_a_row_says_how_its_customer_feels(served: Served, words: str, feeling: str) -> None:
    with served.visitor() as visitor, signed_in(served, "ana@demo.ponte") as ana:
        visitor.post(words)
        served.queue_up(visitor.conversation, "suporte")

        def row() -> str:
            page = ana.get("/console/inbox?view=queue").text
            return page.partition(f'id="row-{visitor.conversation}"')[2].partition("</li>")[0]

        served.until(lambda: feeling in row())
