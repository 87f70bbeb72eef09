"""Canned replies, tickets and a contact's history for programs."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from desk.conversations.tables import Conversation
from desk.tickets.opening import open_ticket
from tests.handoff.serving import Served, Visitor

PDF = b"%PDF-1.4 boleto"


@pytest.fixture
def ana(served: Served) -> Iterator[httpx.Client]:
    with served.team("ana@demo.ponte") as client:
        yield client


@pytest.fixture
def sueli(served: Served) -> Iterator[httpx.Client]:
    with served.team("supervisora@demo.ponte") as client:
        yield client


@pytest.fixture
def waiting(served: Served) -> Iterator[Visitor]:
    """A customer who waits in the queue of Suporte."""
    with served.visitor() as visitor:
        visitor.post("preciso de ajuda com a impressão")
        served.until(lambda: len(visitor.messages()) == 2)
        served.queue_up(visitor.conversation, "suporte")
        yield visitor


def a_reply(**more: Any) -> dict[str, Any]:
    shortcut = f"r{uuid.uuid4().hex[:10]}"
    return {"shortcut": shortcut, "title": "Saudação", "text": "Olá!"} | more


def created(client: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = client.post("/canned-replies", json=a_reply(**more))
    assert answer.status_code == 201, answer.text
    reply: dict[str, Any] = answer.json()
    return reply


def test_a_reply_is_filled_for_a_conversation_and_counted_when_used(
    ana: httpx.Client, waiting: Visitor
) -> None:
    text = "{{greeting}}, {{contact.first_name}}! Sou {{agent.first_name}}."
    reply = created(ana, text=text)
    asked = {"q": reply["shortcut"], "conversation": waiting.conversation}
    (found,) = ana.get("/canned-replies", params=asked).json()["canned_replies"]
    assert found["text"] == text
    assert found["filled"]["text"].endswith(", cliente! Sou Ana.")
    (gap,) = found["filled"]["gaps"]
    assert gap["variable"] == "contact.first_name"
    used = ana.post(
        f"/canned-replies/{reply['id']}/use", json={"conversation": waiting.conversation}
    )
    assert used.json()["filled"] == found["filled"]
    assert ana.get(f"/canned-replies/{reply['id']}").json()["uses"] == 1


def test_files_come_with_a_reply_and_can_be_taken_away(ana: httpx.Client) -> None:
    answer = ana.post(
        "/canned-replies", data=a_reply(text=""), files=[("file", ("boleto.pdf", PDF))]
    )
    assert answer.status_code == 201, answer.text
    (file,) = answer.json()["files"]
    one = f"/canned-replies/{answer.json()['id']}"
    assert httpx.get(str(ana.base_url.copy_with(path=file["url"]))).content == PDF
    nothing = ana.patch(one, json={"remove_files": [file["id"]]})
    assert (nothing.status_code, nothing.json()["error"]["field"]) == (400, "text")
    changed = ana.patch(one, data={"text": "Segue"}, files=[("file", ("outro.pdf", PDF))])
    assert [each["name"] for each in changed.json()["files"]] == ["boleto.pdf", "outro.pdf"]
    left = ana.patch(one, json={"remove_files": [file["id"]]})
    assert [each["name"] for each in left.json()["files"]] == ["outro.pdf"]


def test_agents_write_their_own_and_supervisors_the_shared_ones(
    ana: httpx.Client, sueli: httpx.Client
) -> None:
    assert ana.post("/canned-replies", json=a_reply(scope="global")).status_code == 403
    team = created(sueli, scope="team", queue="suporte")
    assert team["queue_name"] == "Suporte"
    one = f"/canned-replies/{team['id']}"
    assert ana.get(one).status_code == 200
    assert ana.patch(one, json={"text": "x"}).status_code == 403
    assert ana.delete(one).status_code == 403
    mine = created(ana)
    assert sueli.get(f"/canned-replies/{mine['id']}").status_code == 404
    assert sueli.delete(one).status_code == 204
    assert ana.get(one).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": "{{cpf}}"}, "text"),
        ({"shortcut": "a b"}, "shortcut"),
        ({"scope": "minha"}, "scope"),
        ({"queue": "nenhuma"}, "queue"),
        ({"color": "azul"}, "color"),
    ],
)
def test_a_wrong_field_of_a_reply_is_named(
    ana: httpx.Client, wrong: dict[str, Any], field: str
) -> None:
    answer = ana.post("/canned-replies", json=a_reply(**wrong))
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)


def test_what_is_unfilled_never_reaches_a_customer(ana: httpx.Client, waiting: Visitor) -> None:
    ana.post(f"/conversations/{waiting.conversation}/claim", json={})
    body = {"client_id": str(uuid.uuid4()), "text": "Olá {{contact.first_name}}"}
    answer = ana.post(f"/conversations/{waiting.conversation}/messages", json=body)
    assert answer.status_code == 400
    assert "{{contact.first_name}}" in answer.json()["error"]["message"]
    body["text"] = "Em Jinja escreva {{ usuario }}"
    answer = ana.post(f"/conversations/{waiting.conversation}/messages", json=body)
    assert answer.status_code == 202


@pytest.fixture
def number(served: Served, waiting: Visitor) -> str:
    """A ticket of the customer who waits."""

    async def opened() -> str:
        async with served.database.transaction() as session:
            query = select(Conversation).where(Conversation.public_id == waiting.conversation)
            conversation = (await session.execute(query)).scalar_one()
            ticket = await open_ticket(
                session,
                contact_id=conversation.contact_id,
                company_id=None,
                subject="Impressora fiscal",
                description="não imprime",
                request_type_id=None,
            )
            return ticket.number

    return served.call(opened())


def test_tickets_are_found_by_filters_and_go_on_by_cursor(ana: httpx.Client, number: str) -> None:
    contact_id = ana.get(f"/tickets/{number}").json()["contact_id"]
    asked = {"q": "IMPRESSORA", "contact": contact_id, "status": "open,waiting"}
    (found,) = ana.get("/tickets", params=asked).json()["tickets"]
    assert (found["number"], found["queue"]) == (number, "Suporte")
    assert ana.get("/tickets", params=asked | {"status": "closed"}).json()["tickets"] == []
    for wrong in ({"status": "x"}, {"queue": "x"}, {"company": "x"}, {"cursor": "x"}):
        assert ana.get("/tickets", params=wrong).status_code == 400


def test_a_ticket_is_changed_as_a_whole_or_not_at_all(ana: httpx.Client, number: str) -> None:
    path = f"/tickets/{number}"
    wrong = ana.patch(path, json={"status": "waiting", "request_type": 10**6})
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (400, "request_type")
    assert ana.get(path).json()["status"] == "open"
    changed = ana.patch(path, json={"status": "waiting", "queue": None})
    assert changed.json()["status"] == "waiting"
    assert ana.get(path).json()["queue"] is None
    assert ana.patch(path, json={"queue": "suporte"}).json()["queue_id"] is not None


def test_an_action_with_files_is_posted_once(ana: httpx.Client, number: str) -> None:
    path = f"/tickets/{number}/actions"
    fields = {"text": "Segue", "request_key": uuid.uuid4().hex}
    for _ in range(2):
        answer = ana.post(path, data=fields, files=[("file", ("boleto.pdf", PDF))])
        assert answer.status_code == 201, answer.text
    shown = ana.get(f"/tickets/{number}").json()
    assert [each["text"] for each in shown["actions"]] == ["Segue"]
    assert [(each["name"], each["action_id"]) for each in shown["files"]] == [
        ("boleto.pdf", shown["actions"][0]["id"])
    ]
    assert ana.post(path, json={"text": " "}).status_code == 400


def test_a_contacts_history_is_read_and_searched_by_who_may(
    served: Served, ana: httpx.Client, number: str, waiting: Visitor
) -> None:
    contact_id = ana.get(f"/tickets/{number}").json()["contact_id"]
    path = f"/contacts/{contact_id}/messages"
    messages = ana.get(path).json()["messages"]
    assert messages[-1]["text"] == "preciso de ajuda com a impressão"
    assert messages[-1]["conversation"] == waiting.conversation
    found = ana.get(path, params={"q": "PRECISO impressao"}).json()["messages"]
    assert found[-1]["id"] == messages[-1]["id"]
    assert ana.get(path, params={"q": "outra coisa"}).json()["messages"] == []
    ana.patch(f"/tickets/{number}", json={"queue": "suporte"})
    with served.team("bruno@demo.ponte") as bruno:
        assert bruno.get(path).status_code == 404
    assert ana.get("/contacts/999999999999/messages").status_code == 404


def test_an_agent_corrects_what_is_known_of_whom_they_serve(
    served: Served, ana: httpx.Client, sueli: httpx.Client, number: str
) -> None:
    contact_id = ana.get(f"/tickets/{number}").json()["contact_id"]
    path = f"/contacts/{contact_id}/details"
    changed = ana.patch(path, json={"name": "Maria Souza"})
    assert changed.json() == {
        "id": contact_id,
        "name": "Maria Souza",
        "email": None,
        "phone": None,
    }
    address = f"{uuid.uuid4().hex}@x.com"
    assert ana.patch(path, json={"email": address}).status_code == 403
    assert sueli.patch(path, json={"email": address}).json()["email"] == address
    wrong = ana.patch(path, json={"phone": "12"})
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (400, "phone")
    with served.team("bruno@demo.ponte") as bruno:
        assert bruno.patch(path, json={"name": "x"}).status_code == 404
