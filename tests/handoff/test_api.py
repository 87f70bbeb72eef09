"""The JSON API: who may do what, and what becomes of wrong values."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from handoff.security import LOGIN_LIMIT
from tests.handoff.serving import PASSWORD, Served, Visitor

ODD_VALUES = ("\x00", "\ud83d", "²", "9" * 30, "%", "'", "x" * 1000)


@pytest.fixture
def waiting(served: Served) -> Iterator[Visitor]:
    """A customer who waits in the queue of Suporte."""
    with served.visitor() as visitor:
        visitor.post("quero uma pessoa")
        served.until(lambda: len(visitor.messages()) == 2)
        served.queue_up(visitor.conversation, "suporte")
        yield visitor


def error_of(answer: httpx.Response) -> dict[str, str]:
    """The error, after a look at what no error may say."""
    assert "Traceback" not in answer.text
    error: dict[str, str] = answer.json()["error"]
    return error


def of(visitor: Visitor, rest: str = "") -> str:
    return f"/conversations/{visitor.conversation}{rest}"


def message(text: str = "oi", client_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {"client_id": client_id or str(uuid.uuid4()), "text": text, **more}


def test_a_login_gives_a_token_that_works_until_it_is_closed(served: Served) -> None:
    with served.client() as client:
        login = {"email": " ANA@demo.ponte", "password": PASSWORD}
        answer = client.post("/api/v1/session", json=login)
        assert answer.status_code == 201
        token = answer.json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/api/v1/queues", headers=headers).status_code == 200
        assert client.delete("/api/v1/session", headers=headers).status_code == 204
        assert client.get("/api/v1/queues", headers=headers).status_code == 401


def test_whoever_guesses_passwords_must_wait_and_others_need_not(served: Served) -> None:
    with served.client() as client:
        email = f"{uuid.uuid4().hex}@demo.ponte"
        answers = [
            client.post("/api/v1/session", json={"email": email, "password": f"{number}"})
            for number in range(LOGIN_LIMIT.amount + 1)
        ]
        assert [each.status_code for each in answers] == [401] * LOGIN_LIMIT.amount + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
        right = {"email": "bruno@demo.ponte", "password": PASSWORD}
        assert client.post("/api/v1/session", json=right).status_code == 201


@pytest.mark.parametrize("value", ODD_VALUES)
def test_odd_values_are_wrong_values_and_nothing_worse(served: Served, value: str) -> None:
    with served.client() as client, served.team("supervisora@demo.ponte") as sueli:
        content = json.dumps({"email": value, "password": value})
        login = client.post("/api/v1/session", content=content)
        assert login.status_code in (400, 401), login.text
        quoted = value.encode("utf-8", "surrogatepass")
        for name in ("q", "cursor", "status", "queue", "assignee", "company", "channel", "sort"):
            url = f"/conversations?{name}=" + "".join(f"%{byte:02x}" for byte in quoted)
            answer = sueli.get(url)
            assert answer.status_code in (200, 400), (name, answer.text)
        answer = sueli.get("/tickets?q=" + "".join(f"%{byte:02x}" for byte in quoted))
        assert answer.status_code in (200, 400), answer.text
        path = "/conversations/" + "".join(f"%{byte:02x}" for byte in quoted)
        assert sueli.get(path).status_code in (400, 404)
        assert sueli.post(path + "/claim", json={}).status_code in (400, 404)


def test_without_a_login_nothing_is_told(served: Served, waiting: Visitor) -> None:
    with served.client() as client:
        for method, path in (
            ("GET", "/conversations"),
            ("GET", of(waiting)),
            ("GET", of(waiting, "/messages")),
            ("POST", of(waiting, "/messages")),
            ("POST", of(waiting, "/claim")),
            ("GET", "/tickets"),
            ("GET", "/users"),
        ):
            for headers in ({}, {"Authorization": f"Bearer {waiting.token}"}):
                answer = client.request(method, "/api/v1" + path, headers=headers)
                assert (answer.status_code, error_of(answer)["code"]) == (401, "unauthorized")


def test_an_agent_of_another_queue_cannot_read_write_or_take(
    served: Served, waiting: Visitor
) -> None:
    with served.team("bruno@demo.ponte") as bruno:
        listed = bruno.get("/conversations", params={"q": "quero uma pessoa"}).json()
        assert listed["conversations"] == []
        for method, rest, body in (
            ("GET", "", None),
            ("GET", "/messages", None),
            ("GET", "/events", None),
            ("POST", "/messages", message()),
            ("POST", "/notes", {"text": "x"}),
            ("POST", "/claim", {}),
            ("POST", "/assign", {"agent": "bruno@demo.ponte"}),
            ("POST", "/status", {"status": "closed"}),
            ("POST", "/release", {}),
            ("PATCH", "/messages/1", {"text": "x"}),
            ("DELETE", "/messages/1", None),
        ):
            answer = bruno.request(method, of(waiting, rest), json=body)
            assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found"), rest
    with served.team("ana@demo.ponte") as ana:
        assert ana.get(of(waiting)).json()["owner"] == "queue"


def test_roles_reach_what_is_theirs(served: Served, waiting: Visitor) -> None:
    with served.team("ana@demo.ponte") as ana:
        for method, path in (
            ("GET", "/users"),
            ("GET", "/channels"),
            ("POST", of(waiting, "/priority")),
        ):
            assert ana.request(method, path, json={"priority": 1}).status_code == 403
    with served.team("supervisora@demo.ponte") as sueli:
        assert sueli.get("/users").status_code == 200
        channels = sueli.get("/channels").text
        assert "secret" not in channels
        raised = sueli.post(of(waiting, "/priority"), json={"priority": 2})
        assert raised.json()["priority"] == 2
        assert sueli.post(of(waiting, "/priority"), json={"priority": 3}).status_code == 400


def test_one_agent_takes_writes_and_resolves_and_the_customer_reads(
    served: Served, waiting: Visitor
) -> None:
    with served.team("ana@demo.ponte") as ana, served.team("supervisora@demo.ponte") as sueli:
        early = ana.post(of(waiting, "/messages"), json=message())
        assert (early.status_code, error_of(early)["code"]) == (409, "conflict")
        claimed = ana.post(of(waiting, "/claim"), json={})
        assert (claimed.status_code, claimed.json()["assignee"]) == (200, "Ana Atendente")
        late = sueli.post(of(waiting, "/claim"), json={})
        assert (late.status_code, error_of(late)["code"]) == (409, "claimed_by_other")
        assert "Ana" in error_of(late)["message"]
        body = message("Como posso ajudar?")
        first, again = (ana.post(of(waiting, "/messages"), json=body) for _ in range(2))
        assert (first.status_code, again.json()) == (202, first.json())
        changed = ana.post(of(waiting, "/messages"), json={**body, "text": "outra"})
        assert changed.status_code == 409
        assert ana.post(of(waiting, "/notes"), json={"text": "segredo"}).status_code == 201
        shown = waiting.messages(after=2)
        assert [each["text"] for each in shown] == ["Como posso ajudar?"]
        resolved = ana.post(of(waiting, "/status"), json={"status": "resolved"})
        assert (resolved.json()["status"], resolved.json()["owner"]) == ("resolved", "bot")
        served.until(lambda: waiting.messages(after=4), "the bot's words on the end")
        events = ana.get(of(waiting, "/events")).json()["events"]
    owners = [e["data"]["after"] for e in events if e["kind"] == "conversation.owner_changed"]
    statuses = [e["data"]["after"] for e in events if e["kind"] == "conversation.status_changed"]
    assert owners == ["queue", "agent", "bot"]
    assert statuses == ["in_service", "resolved"]


@pytest.mark.parametrize(
    ("rest", "body", "field"),
    [
        ("/messages", {"text": "oi"}, "client_id"),
        ("/messages", message(""), "text"),
        ("/messages", message(reply_to=2**70), "reply_to"),
        ("/messages", message(reply_to=1), "reply_to"),
        ("/messages", message(colour="red"), "colour"),
        ("/notes", {"text": " "}, "text"),
        ("/notes", {}, "text"),
        ("/status", {"status": "done"}, "status"),
        ("/assign", {}, "agent"),
        ("/assign", {"agent": "a", "queue": "b"}, "agent"),
        ("/claim", {"by": "force"}, "by"),
        ("/claim", [], "body"),
        ("/status", b"{", "body"),
        ("/status", b"[" * 100_000, "body"),
    ],
)
def test_a_malformed_body_is_refused_with_its_field(
    served: Served, waiting: Visitor, rest: str, body: object, field: str
) -> None:
    with served.team("ana@demo.ponte") as ana:
        ana.post(of(waiting, "/claim"), json={})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = ana.post(of(waiting, rest), content=content)
        assert answer.status_code == 400, answer.text
        assert error_of(answer)["field"] == field


def test_what_is_given_to_nobody_known_is_not_given(served: Served, waiting: Visitor) -> None:
    with served.team("ana@demo.ponte") as ana:
        for body in ({"agent": "ninguem@demo.ponte"}, {"queue": "nenhuma"}, {"agent": "\x00"}):
            assert ana.post(of(waiting, "/assign"), json=body).status_code in (400, 404)
        moved = ana.post(of(waiting, "/assign"), json={"queue": "financeiro"})
        assert moved.json()["queue"] == "Financeiro"
        assert ana.get(of(waiting)).status_code == 404  # no longer hers to see


def test_a_cookie_needs_the_pages_token_and_its_own_site(served: Served, waiting: Visitor) -> None:
    with served.team("ana@demo.ponte") as ana, served.client() as browser:
        token = ana.headers["Authorization"].removeprefix("Bearer ")
        cookie = {"Cookie": f"ponte_session={token}"}
        path = "/api/v1" + of(waiting, "/claim")
        assert browser.get("/api/v1/queues", headers=cookie).status_code == 200
        for extra in (
            {},
            {"X-CSRF-Token": "x"},
            {"X-CSRF-Token": "é".encode().decode("latin-1")},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            headers = [
                (name.encode(), value.encode("latin-1"))
                for name, value in {**cookie, **extra}.items()
            ]
            answer = browser.post(path, json={}, headers=headers)
            assert answer.status_code == 403, answer.text
        assert ana.get(of(waiting)).json()["owner"] == "queue"


def test_the_list_pages_by_cursor_over_http(served: Served) -> None:
    visitors = [served.visitor() for _ in range(3)]
    for visitor in visitors:
        visitor.post("página")
        served.queue_up(visitor.conversation, "comercial")
    with served.team("supervisora@demo.ponte") as sueli:
        query = {"queue": "comercial", "q": "página"}

        def found() -> set[str]:
            listed = sueli.get("/conversations", params=query).json()
            assert listed["next_cursor"] is None
            return {each["id"] for each in listed["conversations"]}

        # What was written is found a moment later.
        wanted = {visitor.conversation for visitor in visitors}
        served.until(lambda: found() == wanted, "finding them")
    for visitor in visitors:
        visitor.client.close()


def test_every_answer_carries_the_headers_of_a_careful_service(served: Served) -> None:
    with served.client() as client:
        for path in ("/healthz", "/api/v1/queues", "/nada", "/webchat/demo"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "default-src 'self'" in headers["content-security-policy"]
            assert headers["referrer-policy"] == "same-origin"
            assert "cache-control" in headers


def test_health_is_told_and_what_is_missing_is_named(served: Served) -> None:
    with served.client() as client:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["parts"]) == (
            503,
            {"database": True, "rasa": True, "actions": False},
        )
        assert "python_info" in client.get("/metrics").text


def test_the_openapi_document_speaks_of_every_call(served: Served) -> None:
    with served.client() as client:
        document = client.get("/api/openapi.json").json()
        operations = [
            (method, path) for path, methods in document["paths"].items() for method in methods
        ]
        assert len(operations) > 15
        for method, path in operations:
            answer = client.request(method.upper(), re.sub(r"\{\w+\}", "1", path), json={})
            assert answer.status_code in (400, 401), (method, path)


def test_a_colleague_is_named_in_a_note_and_one_without_access_is_not(
    served: Served, waiting: Visitor
) -> None:
    with served.team("ana@demo.ponte") as ana, served.team("bruno@demo.ponte") as bruno:
        answer = ana.get(of(waiting, "/mentionable")).json()
        listed = answer["users"]
        assert "Bruno" in [each["name"].split()[0] for each in answer["without_access"]]
        assert bruno.get(of(waiting, "/mentionable")).status_code == 404
        ids = {each["name"].split()[0]: each["id"] for each in listed}
        assert "Sueli" in ids
        assert not {"Ana", "Bruno"} & ids.keys()
        note = {"text": "@Sueli veja", "mentions": [ids["Sueli"]]}
        answer = ana.post(of(waiting, "/notes"), json=note)
        assert answer.status_code == 201, answer.text
        shown = ana.get(of(waiting, "/messages")).json()["messages"][-1]
        assert [name.split()[0] for name in shown["mentions"]] == ["Sueli"]
        for wrong in ([0], [2**40], [999_999], ["x"], "x", [max(ids.values()) + 500]):
            refused = ana.post(of(waiting, "/notes"), json={"text": "oi", "mentions": wrong})
            assert refused.status_code == 400, wrong
            assert error_of(refused)["field"].startswith("mentions")


def test_a_quote_an_edit_and_what_was_said_before(served: Served, waiting: Visitor) -> None:
    asked = waiting.messages()[0]
    with served.team("ana@demo.ponte") as ana:
        ana.post(of(waiting, "/claim"), json={})
        sent = ana.post(of(waiting, "/messages"), json=message("dois dias", reply_to=asked["id"]))
        path = of(waiting, f"/messages/{sent.json()['id']}")
        assert ana.patch(path, json={"text": "três dias"}).status_code == 200
        shown = ana.get(of(waiting, "/messages")).json()["messages"][-1]
        assert (shown["quote"]["id"], shown["quote"]["text"]) == (asked["id"], asked["text"])
        (before,) = ana.get(path + "/revisions").json()["revisions"]
        assert before["text"] == "dois dias"
        assert ana.post(path + "/resend", json={}).status_code == 409
        assert ana.get(of(waiting, "/messages/999999999999/revisions")).status_code == 404
    mine = waiting.messages()[-1]
    assert (mine["reply_to"], mine["text"]) == (asked["id"], "três dias")
    assert mine["edited_at"] is not None
    assert "revisions" not in mine
