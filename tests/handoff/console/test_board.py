"""The board's pages and the presence control, over HTTP against the real service."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.handoff.serving import PASSWORD, Served, Visitor


@contextmanager
def signed_in(served: Served, email: str) -> Iterator[httpx.Client]:
    """A browser after signing in, whose posts carry the page's token."""
    with served.client(Origin=served.base_url) as client:
        answer = client.post("/console/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        found = re.search(r'data-csrf="([0-9a-f]+)"', client.get("/console/board").text)
        assert found is not None
        client.headers["X-CSRF-Token"] = found.group(1)
        yield client


@pytest.fixture
def waiting(served: Served) -> Iterator[Visitor]:
    """A customer in the queue Suporte."""
    with served.visitor() as visitor:
        visitor.post("quero uma pessoa")
        served.queue_up(visitor.conversation, "suporte")
        yield visitor


def test_a_supervisor_is_offered_what_an_agent_only_reads(served: Served, waiting: Visitor) -> None:
    offered = f'data-choices="{waiting.conversation}"'
    with (
        signed_in(served, "supervisora@demo.ponte") as sueli,
        signed_in(served, "ana@demo.ponte") as ana,
        signed_in(served, "bruno@demo.ponte") as bruno,
    ):
        for path in ("/console/board", "/console/board/content"):
            assert offered in sueli.get(path).text
            seen = ana.get(path).text
            assert waiting.conversation in seen
            assert offered not in seen
            assert 'draggable="true"' not in seen
            assert waiting.conversation not in bruno.get(path).text
        choices = f"/console/board/conversations/{waiting.conversation}"
        assert "Posição na fila" in sueli.get(choices).text
        assert ana.get(choices).status_code == 403
        assert sueli.get("/console/board/conversations/nenhuma").status_code == 404


def test_a_stranger_is_led_to_the_login(served: Served) -> None:
    with served.client() as client:
        for path in ("/console/board", "/console/board/content", "/console/presence"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (302, "/console/login")


def test_the_bar_says_whether_one_is_there_and_keeps_what_one_says(served: Served) -> None:
    with signed_in(served, "ana@demo.ponte") as ana:
        assert 'data-presence="available"' in ana.get("/console/board").text
        part = {"HX-Request": "true"}
        said = ana.post("/console/presence", data={"presence": "away"}, headers=part)
        assert 'data-presence="away"' in said.text
        assert 'data-presence="away"' in ana.get("/console/board").text
        assert ana.post("/console/presence", data={"presence": "asleep"}).status_code == 400
        back = ana.post("/console/presence", data={"presence": "available"})  # without scripts
        assert (back.status_code, back.headers["location"]) == (303, "/console")
        assert 'data-presence="available"' in ana.get("/console/presence").text
