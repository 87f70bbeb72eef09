"""Webhooks over the API and the settings' page, on the running service with a real receiver."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from desk.webhooks.tables import WebhookEndpoint
from tests.desk.building import until_settled
from tests.fakes.http import Answer, BackgroundServer
from tests.fakes.webhook import FakeReceiver, verify
from tests.handoff.serving import PASSWORD, Served

ADMIN, SUPERVISOR, AGENT = "admin@demo.ponte", "supervisora@demo.ponte", "ana@demo.ponte"
PAGE = "/console/settings/webhooks"


@pytest.fixture
def receiver() -> FakeReceiver:
    return FakeReceiver()


@pytest.fixture
def url(receiver: FakeReceiver) -> Iterator[str]:
    with BackgroundServer(receiver) as server:
        yield server.url + "/ponte"


@pytest.fixture
def admin(served: Served, url: str) -> Iterator[httpx.Client]:
    """An admin whose webhooks are gone, and none of their deliveries on its way, at the end."""
    del url  # The receiver goes after them.
    with served.team(ADMIN) as client:
        yield client
        made = [each["id"] for each in client.get("/webhooks").json()["webhooks"]]
        for each in made:
            assert client.post(f"/webhooks/{each}/deactivate").status_code == 200
        served.until(lambda: not served.call(leased(served)), "the end of all deliveries")
        for each in made:
            assert client.delete(f"/webhooks/{each}").status_code == 204


async def leased(served: Served) -> list[int]:
    query = select(WebhookEndpoint.id).where(WebhookEndpoint.leased_until.is_not(None))
    async with served.database.reading() as session:
        return list((await session.execute(query)).scalars())


def add(admin: httpx.Client, url: str, *kinds: str) -> dict[str, Any]:
    body = {"name": "CRM", "url": url, "kinds": list(kinds or ("conversation.created",))}
    answer = admin.post("/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def log_of(admin: httpx.Client, made: dict[str, Any], **query: Any) -> dict[str, Any]:
    answer = admin.get(f"/webhooks/{made['id']}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


@contextmanager
def console(served: Served, email: str) -> Iterator[httpx.Client]:
    with served.client() as client:
        login = {"email": email, "password": PASSWORD}
        assert client.post("/console/login", data=login).status_code == 302
        yield client


def csrf_of(client: httpx.Client) -> str:
    found = re.search(r'data-csrf="([0-9a-f]+)"', client.get(PAGE).text)
    assert found is not None
    return found.group(1)


def test_a_customers_visit_reaches_the_other_software(
    served: Served, admin: httpx.Client, receiver: FakeReceiver, url: str
) -> None:
    made = add(admin, url, "conversation.created", "message.created")
    with served.visitor() as maria:
        maria.post("meu CNPJ é 11.222.333/0001-81")
        served.until(lambda: len(receiver.heard) >= 2, "two deliveries")
        payloads = [verify(each, made["secret"]) for each in receiver.heard]
        assert payloads[0]["kind"] == "conversation.created"
        assert {each["conversation"] for each in payloads} == {maria.conversation}
    assert not any(b"11.222" in each.body for each in receiver.heard)
    served.until(
        lambda: len(log_of(admin, made, state="sent")["deliveries"]) == len(receiver.heard)
    )


def test_admins_alone_reach_webhooks(served: Served, admin: httpx.Client, url: str) -> None:
    made = add(admin, url)
    one = f"/webhooks/{made['id']}"
    calls = [
        ("GET", "/webhooks"),
        ("POST", "/webhooks"),
        ("GET", "/webhooks/kinds"),
        ("PATCH", one),
        ("DELETE", one),
        *(("POST", f"{one}/{what}") for what in ("activate", "deactivate", "secret", "ping")),
        ("POST", one + "/replay"),
        ("POST", one + "/deliveries/1/replay"),
        ("GET", one + "/deliveries"),
    ]
    for email in (SUPERVISOR, AGENT):
        with served.team(email) as client, console(served, email) as browser:
            for method, path in calls:
                assert client.request(method, path).status_code == 403, (email, method, path)
            for path in ("", "/new", f"/{made['id']}"):
                assert browser.get(PAGE + path).status_code == 403
            form = {"csrf": "0" * 64}
            assert browser.post(f"{PAGE}/{made['id']}/secret", data=form).status_code == 403
    with served.client() as nobody:
        assert nobody.get("/api/v1/webhooks").status_code == 401


def test_the_secret_is_told_once_and_stands_in_no_log(admin: httpx.Client, url: str) -> None:
    made = add(admin, url + "?token=muito-secreto")
    assert made["secret"].startswith("whsec_")
    assert "secret" not in admin.get("/webhooks").json()["webhooks"][0]
    new = admin.post(f"/webhooks/{made['id']}/secret").json()["secret"]
    assert new != made["secret"]
    admin.patch(f"/webhooks/{made['id']}", json={"name": "ERP", "url": url + "?token=outro"})
    events = admin.get("/audit", params={"kind": "desk", "limit": 20}).json()["events"]
    mine = [each for each in events if each["kind"].startswith("webhook.")]
    kinds = [each["kind"] for each in mine[:3]]
    assert kinds == ["webhook.changed", "webhook.secret_rotated", "webhook.created"]
    assert mine[0]["data"]["after"]["name"] == "ERP"
    for hidden in (made["secret"], new, "muito-secreto", "outro"):
        assert hidden not in str(mine)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://empresa.com.br"}, "url"),
        ({"url": "https://10.0.0.1"}, "url"),
        ({"url": "x" * 600}, "url"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["user.created"]}, "kinds"),
        ({"name": "  "}, "name"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    admin: httpx.Client, url: str, change: dict[str, Any], field: str
) -> None:
    body = {"name": "CRM", "url": url, "kinds": ["ticket.opened"]}
    answer = admin.post("/webhooks", json=body | change)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


def test_a_test_shows_in_the_log_and_one_delivery_is_sent_again(
    served: Served, admin: httpx.Client, receiver: FakeReceiver, url: str
) -> None:
    made = add(admin, url)
    receiver.answers = [Answer(b"", 500)]
    assert admin.post(f"/webhooks/{made['id']}/ping").status_code == 202
    served.until(lambda: log_of(admin, made)["deliveries"][0]["status"] == 500)
    row = log_of(admin, made)["deliveries"][0]
    assert (row["kind"], row["state"], row["error"], row["tries"]) == (
        "ping",
        "pending",
        "refused",
        1,
    )
    again = f"/webhooks/{made['id']}/deliveries/{row['id']}/replay"
    assert admin.post(again).status_code == 202
    served.until(lambda: log_of(admin, made)["deliveries"][0]["state"] == "sent")
    first, second = receiver.heard
    assert verify(first, made["secret"]) == verify(second, made["secret"])
    other = add(admin, url)
    assert admin.post(again.replace(f"/{made['id']}/", f"/{other['id']}/")).status_code == 404


def test_a_period_is_sent_again_with_what_came_while_it_was_off(
    served: Served, admin: httpx.Client, receiver: FakeReceiver, url: str
) -> None:
    made = add(admin, url)
    one = f"/webhooks/{made['id']}"
    assert admin.post(one + "/deactivate").json()["active"] is False
    since = datetime.now(UTC)
    with served.visitor() as first, served.visitor() as second:
        missed = {first.conversation, second.conversation}
        for visitor in (first, second):
            visitor.post("oi")
    served.call(until_settled(served.database))
    period = {"since": since.isoformat(), "until": (since + timedelta(hours=1)).isoformat()}
    assert admin.post(one + "/replay", json=period).status_code == 409
    assert admin.post(one + "/ping").status_code == 409
    assert admin.post(one + "/activate").json()["active"] is True
    answer = admin.post(one + "/replay", json=period)
    assert (answer.status_code, answer.json()) == (202, {"count": 2})
    served.until(lambda: len(receiver.heard) == 2, "both")
    assert {verify(each, made["secret"])["conversation"] for each in receiver.heard} == missed
    served.until(lambda: not log_of(admin, made, state="pending")["deliveries"])
    assert admin.post(one + "/replay", json=period).json() == {"count": 2}
    served.until(lambda: len(receiver.heard) == 4, "both again")
    assert receiver.ids[:2] == receiver.ids[2:]
    too_long = period | {"since": (since - timedelta(days=40)).isoformat()}
    assert admin.post(one + "/replay", json=too_long).status_code == 400


def test_the_log_is_read_page_by_page(
    served: Served, admin: httpx.Client, receiver: FakeReceiver, url: str
) -> None:
    made = add(admin, url)
    for _ in range(5):
        admin.post(f"/webhooks/{made['id']}/ping")
    served.until(lambda: len(receiver.heard) == 5)
    ids: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    while query.get("cursor", "") is not None:
        page = log_of(admin, made, **query)
        ids += [each["id"] for each in page["deliveries"]]
        query["cursor"] = page["next_cursor"]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)
    for wrong in ({"state": "x"}, {"cursor": "x"}):
        path = f"/webhooks/{made['id']}/deliveries"
        assert admin.get(path, params=wrong).status_code == 400


def test_the_document_describes_what_endpoints_get(served: Served) -> None:
    with served.client() as client:
        document = client.get("/api/openapi.json").json()
    schema = document["webhooks"]["event"]["post"]["requestBody"]["content"]["application/json"]
    name = schema["schema"]["$ref"].rsplit("/", 1)[1]
    event = document["components"]["schemas"][name]
    assert set(event["properties"]) == {
        *("version", "id", "kind", "at", "actor", "conversation", "ticket_id", "facts")
    }
    assert "HMAC-SHA256" in event["description"]


def test_the_page_makes_tests_and_removes_a_webhook(
    served: Served, receiver: FakeReceiver, url: str
) -> None:
    with console(served, ADMIN) as browser:
        form: dict[str, Any] = {"csrf": csrf_of(browser), "name": "Meu CRM", "url": "http://x.com"}
        refused = browser.post(f"{PAGE}/new", data=form | {"kinds": ["ticket.opened"]})
        assert refused.status_code == 400
        assert "Use https" in refused.text
        assert 'value="Meu CRM"' in refused.text
        assert re.search(r'value="ticket.opened"\s+checked', refused.text)
        made = browser.post(f"{PAGE}/new", data=form | {"url": url, "kinds": ["ticket.opened"]})
        assert made.status_code == 200
        secret = re.search(r"whsec_[\w+/=]+", made.text)
        assert secret is not None
        listed = re.search(rf'{PAGE}/(\d+)">Meu CRM', browser.get(PAGE).text)
        assert listed is not None
        one = f"{PAGE}/{listed.group(1)}"
        assert secret.group() not in browser.get(one).text
        assert browser.post(f"{one}/ping", data=form).status_code == 303
        served.until(lambda: receiver.heard)
        verify(receiver.heard[0], secret.group())
        served.until(lambda: "HTTP 204" in browser.get(one).text)
        page = browser.get(one).text
        assert "Teste" in page
        replay = re.search(r"/deliveries/\d+/replay", page)
        assert replay is not None
        assert browser.post(one + replay.group(), data=form).status_code == 303
        served.until(lambda: len(receiver.heard) == 2)
        days = {"since": "2026-02-01", "until": "2026-01-01"}
        wrong = browser.post(f"{one}/replay", data=form | days)
        assert wrong.status_code == 400
        assert 'value="2026-02-01"' in wrong.text
        renewed = browser.post(f"{one}/secret", data=form).text
        assert secret.group() not in renewed
        assert "whsec_" in renewed
        assert browser.post(f"{one}/off", data=form).status_code == 303
        assert "Desligado" in browser.get(one).text
        assert "Ligue o webhook antes." in browser.post(f"{one}/ping", data=form).text
        assert browser.post(f"{one}/delete", data=form).status_code == 303
        assert browser.get(one).status_code == 404
