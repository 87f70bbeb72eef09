"""The web chat's API: bad input gets a clear word, nothing is lost, nothing is shown to others."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from desk.conversations.find import conversation_by_public_id
from desk.conversations.ownership import claim
from desk.conversations.team_messages import post_agent_message
from desk.events.log import events_of_conversation
from desk.team.users import find_user
from tests.fakes.rasa import failed_action, says
from tests.handoff.serving import MAX_UPLOAD_BYTES, Served, Visitor

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 30


@pytest.fixture
def visitor(served: Served) -> Iterator[Visitor]:
    with served.visitor() as visitor:
        yield visitor
    served.rasa.turns.clear()


def error_of(answer: httpx.Response) -> dict[str, str]:
    """The error, after a look at what no error may say."""
    assert "Traceback" not in answer.text
    assert "sqlalchemy" not in answer.text.lower()
    error: dict[str, str] = answer.json()["error"]
    assert error["message"]
    return error


def answered(visitor: Visitor, after: int = 0) -> list[str]:
    """The texts that came back after a number."""
    replies: list[str] = []
    deadline = time.monotonic() + 20
    while not replies:
        assert time.monotonic() < deadline
        page = visitor.messages(after, wait=5)
        replies = [each["text"] for each in page if each["direction"] == "out"]
    return replies


def test_a_message_is_accepted_stored_and_answered(visitor: Visitor) -> None:
    answer = visitor.post("oi")
    assert answer.status_code == 202
    assert answer.json()["seq"] == 1
    assert answered(visitor) == ["re: oi"]
    mine, reply = visitor.messages()
    assert mine.keys() == reply.keys()
    assert mine["id"] == answer.json()["id"]
    assert (mine["seq"], mine["direction"], mine["author"]["kind"]) == (1, "in", "contact")
    assert (reply["seq"], reply["direction"]) == (2, "out")
    assert reply["author"] == {"kind": "bot", "name": "Acme Sistemas"}
    assert reply["buttons"] == reply["attachments"] == []
    assert (reply["edited_at"], reply["deleted"]) == (None, False)
    assert datetime.fromisoformat(reply["created_at"]) <= datetime.now(UTC)


def test_a_service_begins_with_the_first_message_not_with_the_page(
    served: Served, visitor: Visitor
) -> None:
    async def created() -> list[datetime]:
        async with served.database.reading() as session:
            found = await conversation_by_public_id(session, visitor.conversation)
            assert found is not None
            events = await events_of_conversation(session, found.id)
        return [each.at for each in events if each.kind == "conversation.created"]

    assert served.call(created()) == []
    with served.team("supervisora@demo.ponte") as sueli:
        listed = sueli.get("/conversations").json()["conversations"]
        assert visitor.conversation not in [each["id"] for each in listed]
        for text in ("oi", "tudo bem?"):
            visitor.post(text)
        (begun,) = served.call(created())
        shown = sueli.get(f"/conversations/{visitor.conversation}").json()
    assert abs(datetime.fromisoformat(shown["created_at"]) - begun).total_seconds() < 1


def test_the_same_client_id_is_the_same_message_and_another_body_a_conflict(
    visitor: Visitor,
) -> None:
    client_id = str(uuid.uuid4())
    first, again = visitor.post("oi", client_id), visitor.post("oi", client_id)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    conflict = visitor.post("outra", client_id)
    assert conflict.status_code == 409
    assert error_of(conflict)["code"] == "conflict"


@pytest.mark.parametrize(
    "text", ["😀👍🏽", "x" * 20_000, "x" * 32_768, "<b>&amp;</b>\n'\"", "é\u0301"]
)
def test_odd_text_is_accepted_and_comes_back_as_it_was(visitor: Visitor, text: str) -> None:
    assert visitor.post(text).status_code == 202
    assert visitor.messages()[0]["text"] == text


def test_half_a_character_and_a_nul_are_accepted_without_them(visitor: Visitor) -> None:
    body = f'{{"client_id": "{uuid.uuid4()}", "text": "oi \\ud83d\\u0000!"}}'
    answer = visitor.client.post("/messages", content=body)
    assert answer.status_code == 202, answer.text
    assert visitor.messages()[0]["text"] == "oi !"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "oi"}, "client_id"),
        ({"client_id": "not-a-uuid", "text": "oi"}, "client_id"),
        ({"client_id": str(uuid.uuid4()), "text": ""}, "text"),
        ({"client_id": str(uuid.uuid4()), "text": " \n\u200b"[:2]}, "text"),
        ({"client_id": str(uuid.uuid4()), "text": 7}, "text"),
        ({"client_id": str(uuid.uuid4()), "text": "oi", "secret": 1}, "secret"),
        ({"client_id": str(uuid.uuid4()), "text": "oi", "reply_to": 2**70}, "reply_to"),
        ({"client_id": str(uuid.uuid4()), "text": "oi", "reply_to": -1}, "reply_to"),
        ({"client_id": str(uuid.uuid4()), "text": "oi", "payload": "x" * 5000}, "payload"),
        ([], "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b"[" * 100_000, "body"),
    ],
)
def test_a_malformed_body_is_refused_with_its_field(
    visitor: Visitor, body: object, field: str
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = visitor.client.post("/messages", content=content)
    assert answer.status_code == 400, answer.text
    assert error_of(answer)["field"] == field
    assert visitor.messages() == []


def test_a_text_over_the_limit_is_refused_with_its_length(visitor: Visitor) -> None:
    answer = visitor.post("x" * 32_769)
    assert answer.status_code == 413
    error = error_of(answer)
    assert error["field"] == "text"
    assert "32769" in error["message"]


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Bearer é", "Basic eA==", "Bearer " + "x" * 3000]
)
def test_a_token_that_is_not_ours_opens_nothing(visitor: Visitor, authorization: str) -> None:
    headers = [(b"Authorization", authorization.encode())]
    bare = httpx.Client(base_url=visitor.client.base_url)
    message = {"client_id": str(uuid.uuid4()), "text": "oi"}
    for answer in (
        bare.post("/messages", json=message, headers=headers),
        bare.post("/messages", files={"file": ("a.txt", b"x" * 50_000)}, headers=headers),
        bare.get("/messages", headers=headers),
        bare.get("/events", headers=headers),
        bare.patch("/messages/1", json={"text": "x"}, headers=headers),
        bare.delete("/messages/1", headers=headers),
    ):
        assert answer.status_code == 401, answer.text
        assert error_of(answer)["code"] == "unauthorized"
    bare.close()
    assert visitor.messages() == []


def test_a_token_opens_its_own_conversation_and_channel_alone(
    served: Served, visitor: Visitor
) -> None:
    message_id = visitor.post("segredo").json()["id"]
    with served.visitor() as stranger:
        assert stranger.messages() == []
        assert (
            stranger.client.patch(f"/messages/{message_id}", json={"text": "x"}).status_code == 404
        )
        assert stranger.client.delete(f"/messages/{message_id}").status_code == 404
        quoted = stranger.post("isso", reply_to=message_id)
        assert (quoted.status_code, error_of(quoted)["field"]) == (400, "reply_to")
    other_channel = visitor.client.base_url.copy_with(path="/webchat/outro/messages")
    assert visitor.client.get(other_channel).status_code == 401


def test_a_visitor_comes_back_with_its_secret_and_nobody_without(
    served: Served, visitor: Visitor
) -> None:
    visitor.post("oi")
    with served.client() as client:
        path = "/webchat/demo/sessions"
        again = client.post(path, json={"visitor_id": visitor.secret}).json()
        assert again["conversation"] == visitor.conversation
        assert again["session"] != visitor.token
        for weak in ("1", "a" * 40, "12345678901234567890"):
            answer = client.post(path, json={"visitor_id": weak})
            assert (answer.status_code, error_of(answer)["field"]) == (400, "visitor_id")
        assert client.post("/webchat/outro/sessions", json={}).status_code == 404
        odd = client.post(path, content=b'{"name": "Ma\\u0000ria \\ud83d"}')
        assert odd.status_code == 201, odd.text


def test_a_file_is_kept_as_it_came_and_served_by_a_signed_address(
    served: Served, visitor: Visitor
) -> None:
    answer = visitor.post_files(("foto.png", PNG), ("nota.txt", b"oi"), text="veja")
    assert answer.status_code == 202, answer.text
    (message, *_) = visitor.messages()
    first, second = message["attachments"]
    assert (first["name"], first["mime"], first["size"]) == ("foto.png", "image/png", len(PNG))
    assert (second["name"], second["mime"]) == ("nota.txt", "text/plain")
    with served.client() as stranger:
        assert stranger.get(first["url"]).content == PNG


@pytest.mark.parametrize(
    ("files", "status", "word"),
    [
        ([("vazio.pdf", b"")], 400, "vazio.pdf"),
        ([("grande.bin", b"x" * (MAX_UPLOAD_BYTES + 1))], 413, "limite"),
        ([("enorme.bin", b"x" * (MAX_UPLOAD_BYTES * 3))], 413, "limite"),
        ([(f"{n}.txt", b"x") for n in range(11)], 400, "10"),
    ],
    ids=["of 0 bytes", "over the bound", "far over the bound", "too many"],
)
def test_a_file_that_cannot_be_taken_gets_a_clear_word_and_nothing_is_lost(
    visitor: Visitor, files: list[tuple[str, bytes]], status: int, word: str
) -> None:
    answer = visitor.post_files(*files, text="segue")
    assert answer.status_code == status, answer.text
    error = error_of(answer)
    assert error["field"] == "file"
    assert word in error["message"]
    assert visitor.messages() == []
    assert visitor.post("e agora?").status_code == 202  # the session goes on
    assert answered(visitor) == ["re: e agora?"]


def test_a_file_of_exactly_the_bound_is_taken(visitor: Visitor) -> None:
    assert visitor.post_files(("limite.bin", b"\x00" * MAX_UPLOAD_BYTES)).status_code == 202


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\n"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        ),
        ("multipart/form-data; boundary=b", b"\xff" * 1000),
        ("multipart/form-data; boundary=\xe9", b"--b"),
    ],
)
def test_a_broken_form_is_refused(visitor: Visitor, content_type: str, content: bytes) -> None:
    headers = [(b"Content-Type", content_type.encode("latin-1"))]
    answer = visitor.client.post("/messages", content=content, headers=headers)
    assert answer.status_code == 400, answer.text
    error_of(answer)


@pytest.mark.parametrize(
    "name", ["../../x.png", 'a"b.png', "a\r\nX: y.png", "ção 😀.png", "\u202egnp.exe"]
)
def test_a_hostile_name_is_made_harmless(served: Served, visitor: Visitor, name: str) -> None:
    assert visitor.post_files((name, PNG)).status_code == 202
    (attachment,) = visitor.messages()[0]["attachments"]
    assert not set(attachment["name"]) & set('/\\"\r\n\u202e')
    answer = visitor.client.get(served.base_url + attachment["url"])
    assert answer.content == PNG
    assert "x" not in answer.headers


@pytest.mark.parametrize("after", ["-1", "x", "²", "9" * 9, "9" * 30])
def test_a_number_that_is_none_is_refused_or_finds_nothing(visitor: Visitor, after: str) -> None:
    visitor.post("oi")
    answer = visitor.client.get("/messages", params={"after": after})
    assert (answer.status_code, answer.json().get("messages", [])) in [(400, []), (200, [])]
    for method in ("PATCH", "DELETE"):
        answer = visitor.client.request(method, f"/messages/{'9' * 30}", json={"text": "x"})
        assert answer.status_code == 404, answer.text


def test_a_wait_ends_when_the_answer_comes(served: Served, visitor: Visitor) -> None:
    started = time.monotonic()
    assert visitor.messages(wait=1) == []
    assert time.monotonic() - started >= 1
    threading.Timer(0.3, lambda: visitor.post("oi")).start()
    assert visitor.messages(wait=20)[0]["text"] == "oi"
    assert time.monotonic() - started < 15


def test_the_event_stream_tells_what_is_there_new_and_changed(
    served: Served, visitor: Visitor
) -> None:
    message_id = visitor.post("oi").json()["id"]
    answered(visitor)
    seen: list[dict[str, object]] = []
    with visitor.client.stream("GET", "/events", params={"after": 0}, timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        wrote = False
        for line in stream.iter_lines():
            if not line.startswith("data: "):
                continue
            seen += json.loads(line.removeprefix("data: "))["messages"]
            if len(seen) >= 2 and not wrote:
                wrote = True
                visitor.client.patch(f"/messages/{message_id}", json={"text": "olá"})
            if any(message["text"] == "olá" for message in seen):
                break
    assert [message["text"] for message in seen[:2]] == ["oi", "re: oi"]
    assert seen[-1]["id"] == message_id
    assert seen[-1]["edited_at"]


def test_an_edit_and_a_deletion_are_the_customers_own(visitor: Visitor) -> None:
    message_id = visitor.post("oi").json()["id"]
    answered(visitor)
    edited = visitor.client.patch(f"/messages/{message_id}", json={"text": "olá"})
    assert (edited.status_code, edited.json()["text"]) == (200, "olá")
    deleted = visitor.client.delete(f"/messages/{message_id}")
    assert (deleted.json()["deleted"], deleted.json()["text"]) == (True, "")
    reply_id = visitor.messages()[1]["id"]
    assert visitor.client.delete(f"/messages/{reply_id}").status_code == 404
    empty = visitor.client.patch(f"/messages/{message_id}", json={"text": "  "})
    assert (empty.status_code, error_of(empty)["field"]) == (400, "text")


def test_the_bots_own_failure_reaches_the_customer_as_words(
    served: Served, visitor: Visitor
) -> None:
    served.rasa.turns += [failed_action(), failed_action()]
    visitor.post("oi")
    (apology,) = answered(visitor)
    assert "failed_action" not in apology
    state = visitor.client.get("/messages").json()["conversation"]
    assert state == {"status": "open", "owner": "queue"}


def test_what_people_of_the_team_are_called_is_not_shown(served: Served, visitor: Visitor) -> None:
    visitor.post("oi")
    answered(visitor)

    async def ana_writes() -> None:
        async with served.database.transaction() as session:
            conversation = await conversation_by_public_id(session, visitor.conversation)
            ana = await find_user(session, "ana@demo.ponte")
            assert conversation is not None
            assert ana is not None
            await claim(session, conversation.id, ana)
            await post_agent_message(session, conversation.id, ana, text="Como posso ajudar?")

    served.call(ana_writes())
    page = visitor.messages()
    assert page[-1]["author"] == {"kind": "agent", "name": "Acme Sistemas"}
    assert "Ana" not in json.dumps(page)


def test_buttons_come_with_their_payloads_and_pass_when_pressed(
    served: Served, visitor: Visitor
) -> None:
    button = {"title": "Sim", "payload": "/affirm"}
    served.rasa.turns.append(says("Certo?", buttons=[button]))
    visitor.post("oi")
    answered(visitor)
    assert visitor.messages()[1]["buttons"] == [button]
    visitor.post("Sim", payload="/affirm")
    assert answered(visitor, after=3) == ["re: /affirm"]


def test_what_the_customer_has_read_shows_to_the_team(served: Served, visitor: Visitor) -> None:
    visitor.post("oi")
    assert answered(visitor) == ["re: oi"]
    reply = visitor.messages()[-1]
    assert visitor.client.post("/read", json={"seq": 10**9}).status_code == 204
    assert visitor.messages()[-1]["delivery"] == "read"
    served.queue_up(visitor.conversation, "suporte")
    with served.team("ana@demo.ponte") as ana:
        shown = ana.get(f"/conversations/{visitor.conversation}/messages").json()["messages"]
    assert (shown[-1]["id"], shown[-1]["delivery"]) == (reply["id"], "read")


@pytest.mark.parametrize(
    "body", [{}, {"seq": -1}, {"seq": 2**40}, {"seq": "x"}, {"seq": 1, "a": 1}]
)
def test_a_malformed_read_mark_is_refused(visitor: Visitor, body: dict[str, object]) -> None:
    assert visitor.client.post("/read", json=body).status_code == 400
