"""The list of conversations over HTTP: filters, search and tags."""

import base64
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from desk.events.log import SYSTEM
from desk.tags.settings import TagValues, create_tag
from tests.handoff.serving import Served, Visitor

# A priority that no database keeps.
LARGE_CURSOR = base64.urlsafe_b64encode(b'[0,1099511627776,0,"2026-01-01",1]').decode().rstrip("=")


@pytest.fixture
def waiting(served: Served) -> Iterator[Visitor]:
    """A customer who waits in the queue of Suporte."""
    with served.visitor() as visitor:
        visitor.post("quero uma pessoa")
        served.until(lambda: len(visitor.messages()) == 2)
        served.queue_up(visitor.conversation, "suporte")
        yield visitor


def test_filters_of_the_address_narrow_the_list(served: Served, waiting: Visitor) -> None:
    with served.team("supervisora@demo.ponte") as sueli:

        def listed(query: str) -> bool:
            answer = sueli.get(f"/conversations?{query}")
            assert answer.status_code == 200, answer.text
            return waiting.conversation in [row["id"] for row in answer.json()["conversations"]]

        today = datetime.now(UTC).date()
        for query in (
            "",
            "status=open,waiting",
            "status=open&status=closed",
            "view=queue&sort=priority",
            "queue=suporte&sort=waiting",
            "unread=1",
            "priority=0",
            f"until={today.replace(year=today.year + 1)}",
            "since=2020-01-01T10:00:00-03:00&dates=opened",
        ):
            assert listed(query), query
        for query in (
            "status=closed",
            "view=mine",
            "queue=financeiro",
            "assignee=ana@demo.ponte",
            "mentioned=1",
            "priority=2",
            "sentiment=negative",
            "until=2020-01-01",
            "channel=999",
        ):
            assert not listed(query), query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=aberto", "status"),
        ("view=todas", "view"),
        ("sort=up", "sort"),
        ("queue=nenhuma", "queue"),
        ("assignee=nobody@demo.ponte", "assignee"),
        ("tag=nenhuma", "tag"),
        ("sentiment=3", "sentiment"),
        ("since=ontem", "since"),
        ("until=2026-13-45", "until"),
        ("until=9999-12-31", "until"),
        ("since=9999-12-31T23:59:59-03:00", "since"),
        ("since=0001-01-01T00:00:00%2B14:00", "since"),
        ("unread=talvez", "unread"),
        ("cursor=x", "cursor"),
        (f"sort=priority&cursor={LARGE_CURSOR}", "cursor"),
        ("company=-1", "company"),
    ],
)
def test_a_wrong_value_is_named(served: Served, query: str, field: str) -> None:
    with served.team("ana@demo.ponte") as ana:
        answer = ana.get(f"/conversations?{query}")
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)


def test_what_was_written_is_found_soon_with_its_words(served: Served, waiting: Visitor) -> None:
    word = f"jabuticaba{uuid.uuid4().hex[:8]}"
    waiting.post(f"Sem acesso à {word}, e agora?")
    with served.team("ana@demo.ponte") as ana, served.team("bruno@demo.ponte") as bruno:

        def found() -> list[dict[str, str]]:
            answer = ana.get(f"/conversations?q=ACESSO+{word[:-1]}")
            rows: list[dict[str, str]] = answer.json()["conversations"]
            return rows

        served.until(lambda: len(found()) == 1)
        assert found()[0]["excerpt"] == f"Sem acesso à {word}, e agora?"
        assert bruno.get(f"/conversations?q={word}").json()["conversations"] == []


def test_a_tag_is_put_once_filters_and_is_taken_off(served: Served, waiting: Visitor) -> None:
    name = f"Atenção {uuid.uuid4().hex[:6]}"

    async def make() -> None:
        async with served.services.database.transaction() as session:
            await create_tag(session, TagValues(name=name), SYSTEM)

    served.call(make())
    url = f"/conversations/{waiting.conversation}/tags/{name}"
    with served.team("ana@demo.ponte") as ana, served.team("bruno@demo.ponte") as bruno:
        for _ in range(2):
            assert ana.put(url.replace("Atenção", "atencao")).json() == {"tags": [name]}
        (row,) = ana.get("/conversations", params={"tag": name}).json()["conversations"]
        assert (row["id"], row["tags"]) == (waiting.conversation, [name])
        events = ana.get(f"/conversations/{waiting.conversation}").json()
        assert events["tags"] == [name]
        assert bruno.put(url).status_code == 404
        assert ana.put(f"/conversations/{waiting.conversation}/tags/inexistente").status_code == 404
        for _ in range(2):
            assert ana.delete(url).json() == {"tags": []}
        assert ana.get("/conversations", params={"tag": name}).json()["conversations"] == []
