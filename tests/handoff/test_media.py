"""Files: whoever was shown the message may open them, for a day, and nothing in them runs."""

import time
import uuid
from collections.abc import Iterator

import pytest

from handoff.media import VALID_SECONDS, media_url
from tests.handoff.serving import Served, Visitor

HTML = b"<html><script>alert(1)</script></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 30


@pytest.fixture
def visitor(served: Served) -> Iterator[Visitor]:
    with served.visitor() as visitor:
        yield visitor


def url_of(visitor: Visitor, name: str, content: bytes) -> str:
    answer = visitor.post_files((name, content))
    assert answer.status_code == 202, answer.text
    (message,) = [each for each in visitor.messages() if each["id"] == answer.json()["id"]]
    url: str = message["attachments"][0]["url"]
    return url


@pytest.mark.parametrize(
    ("name", "content", "kind", "mime"),
    [
        ("foto.png", PNG, "inline", "image/png"),
        ("pagina.html", HTML, "inline", "text/plain"),
        ("desenho.svg", SVG, "inline", "text/plain"),
        ("foto.png", SVG, "inline", "text/plain"),
        ("foto.html", PNG, "inline", "image/png"),
        ("prog.exe", b"MZ\x90\x00" + b"\x00" * 60, "attachment", ""),
        ("dados.bin", bytes(range(256)), "attachment", "application/octet-stream"),
    ],
)
def test_a_file_is_served_as_what_it_is_and_never_as_what_runs(
    visitor: Visitor, served: Served, name: str, content: bytes, kind: str, mime: str
) -> None:
    answer = visitor.client.get(served.base_url + url_of(visitor, name, content))
    assert answer.content == content
    headers = answer.headers
    assert headers["content-disposition"].startswith(kind + ";")
    assert headers["content-type"].startswith(mime)
    assert not any(word in headers["content-type"] for word in ("html", "svg", "xml", "script"))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["cache-control"].startswith("private")


def test_an_address_that_was_touched_opens_nothing(visitor: Visitor, served: Served) -> None:
    first = url_of(visitor, "a.png", PNG)
    url_of(visitor, "b.txt", b"segredo")
    _, _, token, name = first.split("/")
    media_id, expires_at, signature = token.split(".", 2)
    touched = [
        f"{int(media_id) + 1}.{expires_at}.{signature}",
        f"{media_id}.{int(expires_at) + 1}.{signature}",
        f"{media_id}.{expires_at}.{signature[:-1]}",
        f"{media_id}.{expires_at}.",
        f"{media_id}.{expires_at}",
        media_id,
        "²." + token,
        "x.y.z",
        "%ff%fe",
        "%00",
        "é",
    ]
    with served.client() as client:
        for each in touched:
            assert client.get(f"/media/{each}/{name}").status_code == 404, each
        assert client.get(first).status_code == 200


def test_an_address_stops_opening_after_its_day(
    visitor: Visitor, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = url_of(visitor, "a.png", PNG)
    media_id = int(url.split("/")[2].split(".")[0])
    now = time.time()
    with served.client() as client:
        assert media_url(served.services, media_id, "a.png") == url  # the same within the hour
        monkeypatch.setattr(time, "time", lambda: now - VALID_SECONDS - 7200)
        old = media_url(served.services, media_id, "a.png")
        monkeypatch.undo()
        assert client.get(old).status_code == 404
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    "name", ['"; x="', "a\r\nSet-Cookie: x=1", "ção 😀.png", "../../etc/passwd"]
)
def test_a_hostile_name_stays_within_its_header(
    visitor: Visitor, served: Served, name: str
) -> None:
    answer = visitor.client.get(served.base_url + url_of(visitor, name, PNG))
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].isascii()
    assert "/" not in answer.headers["content-disposition"]


def test_players_may_ask_for_a_part(visitor: Visitor, served: Served) -> None:
    url = served.base_url + url_of(visitor, "a.png", PNG)
    part = visitor.client.get(url, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, PNG[:4])
    beyond = visitor.client.get(url, headers={"Range": "bytes=99999-"})
    assert beyond.status_code == 416
    for odd in ("bytes=x-y", "lines=1-2", "bytes=5-1"):
        assert visitor.client.get(url, headers={"Range": odd}).status_code < 500


def test_a_file_of_an_agent_reaches_the_customer(visitor: Visitor, served: Served) -> None:
    visitor.post("oi")
    served.queue_up(visitor.conversation, "suporte")
    with served.team("ana@demo.ponte") as ana:
        path = f"/conversations/{visitor.conversation}"
        ana.post(path + "/claim", json={})
        answer = ana.post(
            path + "/messages",
            data={"client_id": str(uuid.uuid4()), "text": "segue"},
            files={"file": ("manual.pdf", b"%PDF-1.7\n", "application/pdf")},
        )
        assert answer.status_code == 202, answer.text
        too_large = ana.post(
            path + "/messages",
            data={"client_id": str(uuid.uuid4())},
            files={"file": ("grande.bin", b"x" * 300_000, "application/octet-stream")},
        )
        assert too_large.status_code == 413
    (attachment,) = visitor.messages()[-1]["attachments"]
    assert (attachment["name"], attachment["mime"]) == ("manual.pdf", "application/pdf")
    assert visitor.client.get(served.base_url + attachment["url"]).content == b"%PDF-1.7\n"
