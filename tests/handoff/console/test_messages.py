"""The thread of an open conversation: the line of the unseen, names, quotes, odd values."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.handoff.serving import PASSWORD, Served, Visitor

SUELI = "supervisora@demo.ponte"
LINE = 'id="unseen"'


@contextmanager
def signed_in(served: Served, email: str) -> Iterator[httpx.Client]:
    """A browser after signing in, whose posts carry the page's token."""
    with served.client(Origin=served.base_url) as client:
        client.post("/console/login", data={"email": email, "password": PASSWORD})
        found = re.search(r'data-csrf="([0-9a-f]+)"', client.get("/console/tickets").text)
        assert found is not None
        client.headers["X-CSRF-Token"] = found.group(1)
        yield client


@pytest.fixture
def ana(served: Served) -> Iterator[httpx.Client]:
    with signed_in(served, "ana@demo.ponte") as client:
        yield client


@pytest.fixture
def visitor(served: Served, ana: httpx.Client) -> Iterator[Visitor]:
    """A customer whom Ana has answered; two messages came since then."""
    with served.visitor() as visitor:
        visitor.post("oi")
        served.until(lambda: len(visitor.messages()) == 2)
        served.queue_up(visitor.conversation, "suporte")
        ana.post(of(visitor, "claim"))
        say(ana, visitor, "olá")
        visitor.post("primeira que ninguém viu")
        visitor.post("segunda")
        yield visitor


def of(visitor: Visitor, rest: str) -> str:
    return f"/console/conversations/{visitor.conversation}/{rest}"


def say(client: httpx.Client, visitor: Visitor, text: str, **fields: Any) -> httpx.Response:
    """Posts as the page does: a form that may carry files."""
    form = {"client_id": str(uuid.uuid4()), "text": text, **fields}
    return client.post(
        of(visitor, "messages"), files={name: (None, value) for name, value in form.items()}
    )


def line_before(page: str) -> str:
    """The words after the line of the unseen."""
    _, _, rest = page.partition(LINE)
    words = re.search(r"message__text[^>]*>([^<]+)<", rest)
    return words.group(1) if words else ""


def test_the_line_of_the_unseen_stays_where_it_was_while_the_page_says_so(
    visitor: Visitor, ana: httpx.Client
) -> None:
    page = ana.get(of(visitor, "pane")).text
    assert line_before(page) == "primeira que ninguém viu"
    seen = re.search(r'data-seen-seq="(-?\d+)"', page)
    newest = re.search(r'data-last-seq="(\d+)"', page)
    assert seen is not None
    assert newest is not None
    assert ana.post(of(visitor, "seen"), data={"seq": newest.group(1)}).status_code == 200
    kept = ana.get(of(visitor, "pane"), headers={"Ponte-Seen-Seq": seen.group(1)}).text
    assert line_before(kept) == "primeira que ninguém viu"
    opened_again = ana.get(of(visitor, "pane")).text
    assert LINE not in opened_again
    assert 'data-seen-seq="-1"' in opened_again
    visitor.post("chegou com a conversa aberta")
    still_open = ana.get(of(visitor, "pane"), headers={"Ponte-Seen-Seq": "-1"}).text
    assert LINE not in still_open


@pytest.mark.parametrize("value", ["x", "", "9" * 30, "--1", "1.5", "²"])
def test_an_odd_place_of_the_line_is_left_aside(
    visitor: Visitor, ana: httpx.Client, value: str
) -> None:
    answer = ana.get(of(visitor, "pane"), headers={b"Ponte-Seen-Seq": value.encode()})
    assert answer.status_code == 200
    assert line_before(answer.text) == "primeira que ninguém viu"


def test_who_is_named_has_news_until_they_look(
    served: Served, visitor: Visitor, ana: httpx.Client
) -> None:
    ana.post(of(visitor, "seen"), data={"seq": "99"})
    with signed_in(served, SUELI) as sueli:
        assert "data-unread" not in sueli.get(of(visitor, "pane")).text
        users = ana.get(f"/api/v1/conversations/{visitor.conversation}/mentionable").json()["users"]
        (her,) = [user["id"] for user in users if user["name"].startswith("Sueli")]
        note = {"client_id": str(uuid.uuid4()), "text": "@Sueli veja", "mentions": f"{her} x ²"}
        assert ana.post(of(visitor, "notes"), data=note).status_code == 202
        named = sueli.get(of(visitor, "pane")).text
        assert "data-unread" in named
        assert '<span class="mention">@Sueli</span>' in named
        sueli.post(of(visitor, "seen"), data={"seq": "99"})
        assert "data-unread" not in sueli.get(of(visitor, "pane")).text


def test_a_quote_stands_in_the_thread_and_a_foreign_one_is_refused(
    visitor: Visitor, ana: httpx.Client
) -> None:
    quoted = visitor.messages()[-1]
    assert say(ana, visitor, "vi", reply_to=str(quoted["id"])).status_code == 202
    assert f'data-quoted="{quoted["id"]}"' in ana.get(of(visitor, "pane")).text
    assert visitor.messages()[-1]["reply_to"] == quoted["id"]
    assert say(ana, visitor, "vi", reply_to="999999999").status_code == 400


def test_words_of_others_never_become_markup(visitor: Visitor, ana: httpx.Client) -> None:
    visitor.post("<script>alert(1)</script>")
    quoted = visitor.messages()[-1]
    say(ana, visitor, '"><img src=x onerror=alert(1)>', reply_to=str(quoted["id"]))
    page = ana.get(of(visitor, "pane")).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
