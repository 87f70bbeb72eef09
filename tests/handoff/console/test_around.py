"""Around a conversation, tickets and contacts: who may do what, what becomes of wrong values."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import select

from desk.conversations.find import conversation_by_public_id
from desk.conversations.tables import Message
from desk.tickets.opening import open_ticket
from tests.handoff.serving import MAX_UPLOAD_BYTES, PASSWORD, Served, Visitor

SCRIPT = "<script>alert(1)</script>"


@contextmanager
def signed_in(served: Served, email: str) -> Iterator[httpx.Client]:
    """A browser after signing in, whose posts carry the page's token."""
    with served.client(Origin=served.base_url) as client:
        answer = client.post("/console/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        found = re.search(r'data-csrf="([0-9a-f]+)"', client.get("/console/tickets").text)
        assert found is not None
        client.headers["X-CSRF-Token"] = found.group(1)
        yield client


@pytest.fixture
def ana(served: Served) -> Iterator[httpx.Client]:
    with signed_in(served, "ana@demo.ponte") as client:
        yield client


@pytest.fixture
def bruno(served: Served) -> Iterator[httpx.Client]:
    with signed_in(served, "bruno@demo.ponte") as client:
        yield client


@pytest.fixture
def sueli(served: Served) -> Iterator[httpx.Client]:
    with signed_in(served, "supervisora@demo.ponte") as client:
        yield client


class Maria:
    """A customer in Suporte with a ticket there; everything she typed tries to be markup."""

    conversation: str
    contact: str
    ticket: str


@pytest.fixture
def maria(served: Served) -> Iterator[Maria]:
    with served.visitor() as visitor:
        visitor.post(f"socorro {SCRIPT}")
        served.until(lambda: len(visitor.messages()) == 2)
        served.queue_up(visitor.conversation, "suporte")
        yield served.call(_made(served, visitor))


async def _made(served: Served, visitor: Visitor) -> Maria:
    made = Maria()
    made.conversation = visitor.conversation
    async with served.database.transaction() as session:
        conversation = await conversation_by_public_id(session, visitor.conversation)
        assert conversation is not None
        ticket = await open_ticket(
            session,
            contact_id=conversation.contact_id,
            company_id=None,
            subject=f"Erro {SCRIPT}",
            description=SCRIPT,
            request_type_id=None,
        )
    made.contact, made.ticket = str(conversation.contact_id), ticket.number
    return made


def test_pages_of_tickets_and_contacts_are_for_who_may_see_them(
    served: Served, ana: httpx.Client, bruno: httpx.Client, maria: Maria
) -> None:
    pages = [
        f"/console/tickets/{maria.ticket}",
        f"/console/contacts/{maria.contact}",
        f"/console/contacts/{maria.contact}/edit",
        f"/console/tickets?contact={maria.contact}",
    ]
    for path in pages:
        assert ana.get(path).status_code == 200, path
        assert bruno.get(path).status_code == 404, path
        with served.client() as stranger:
            assert stranger.get(path).headers["location"] == "/console/login"
    assert maria.ticket not in bruno.get("/console/tickets?status=all").text
    posts = {
        f"/console/tickets/{maria.ticket}": {"status": "closed"},
        f"/console/contacts/{maria.contact}/edit": {"name": "x"},
        f"/console/conversations/{maria.conversation}/transfer": {"to": "queue:1"},
        f"/console/conversations/{maria.conversation}/tag": {"tag": "x"},
    }
    for path, fields in posts.items():
        assert bruno.post(path, data=fields).status_code == 404, path
        token = bruno.headers.pop("X-CSRF-Token")
        assert ana.post(path, data=fields, headers={"X-CSRF-Token": token}).status_code == 403
        bruno.headers["X-CSRF-Token"] = token


def test_what_customers_typed_is_never_markup(ana: httpx.Client, maria: Maria) -> None:
    for path in (
        f"/console/tickets/{maria.ticket}",
        "/console/tickets?status=all",
        f"/console/contacts/{maria.contact}",
        f"/console/conversations/{maria.conversation}/pane",
    ):
        page = ana.get(path).text
        assert "&lt;script&gt;" in page, path
        assert SCRIPT not in page, path


def test_urgency_and_taking_over_are_for_supervisors(
    ana: httpx.Client, sueli: httpx.Client, maria: Maria
) -> None:
    path = f"/console/conversations/{maria.conversation}"
    assert ana.post(f"{path}/claim").status_code == 200
    assert ana.post(f"{path}/priority", data={"priority": "2"}).status_code == 403
    assert ana.post(f"{path}/take-over").status_code == 403
    assert sueli.post(f"{path}/priority", data={"priority": "99"}).status_code == 400
    assert "Urgente" in sueli.post(f"{path}/priority", data={"priority": "2"}).text
    assert "Com você" in sueli.post(f"{path}/take-over").text
    assert "Com Sueli" in ana.get(f"{path}/pane").text


def test_a_supervisor_sees_the_sentence_before_it_is_taught(
    served: Served, ana: httpx.Client, sueli: httpx.Client
) -> None:
    with served.visitor() as visitor:
        for text in (f"a impressora do balcão parou {SCRIPT}", "kkkk"):
            visitor.post(text)
        served.until(lambda: len(visitor.messages()) == 4)
        served.queue_up(visitor.conversation, "suporte")
    path = f"/console/conversations/{visitor.conversation}"
    assert ana.get(f"{path}/example").status_code == 403
    dialog = sueli.get(f"{path}/example").text
    assert "a impressora do balcão parou &lt;script&gt;" in dialog
    assert "kkkk" not in dialog
    (number,) = re.findall(r'name="message_id" value="(\d+)"', dialog)
    assert sueli.post(f"{path}/example", data={"message_id": "987654321"}).status_code == 409
    taught = sueli.post(f"{path}/example", data={"message_id": number}).text
    assert "Exemplo desta fila: “a impressora do balcão parou" in taught


def test_a_conversation_goes_only_where_it_can_be_worked(
    ana: httpx.Client, sueli: httpx.Client, maria: Maria
) -> None:
    path = f"/console/conversations/{maria.conversation}"
    ana.post(f"{path}/claim")
    dialog = ana.get(f"{path}/transfer").text
    targets = dict(re.findall(r'value="((?:agent|queue):\d+)"[^<]*<span[^>]*>([^<]+)<', dialog))
    assert "Bruno Atendente" not in targets.values()
    for wrong in ("", "queue:999999999999", "agent:x", "user:1"):
        assert ana.post(f"{path}/transfer", data={"to": wrong}).status_code == 400, wrong
    to_sueli = next(key for key, name in targets.items() if name == "Sueli Supervisora")
    note = {"to": to_sueli, "note": "ela pediu a chefe"}
    ana.post(f"{path}/transfer", data=note)
    page = sueli.get(f"{path}/pane").text
    assert "Com você" in page
    assert "ela pediu a chefe" in page
    again = ana.post(f"{path}/transfer", data={"to": to_sueli})
    assert again.status_code == 403
    history = sueli.get(f"{path}/history").text
    assert "Ana Atendente passou a conversa para Sueli Supervisora" in history


def test_an_unknown_tag_is_said_and_a_summary_reaches_the_bot(
    served: Served, ana: httpx.Client, maria: Maria
) -> None:
    path = f"/console/conversations/{maria.conversation}"
    refused = ana.post(f"{path}/tag", data={"tag": "inexistente"})
    assert (refused.status_code, refused.json()["error"]["message"]) == (
        404,
        "Etiqueta não encontrada.",
    )
    ana.post(f"{path}/claim")
    ending = {"status": "resolved", "summary": "trocou o cabo"}
    assert "Resolvido" in ana.post(f"{path}/status", data=ending).text
    too_long = {"status": "resolved", "summary": "x" * 1001}
    assert ana.post(f"{path}/status", data=too_long).status_code == 400

    async def told() -> list[dict[str, str]]:
        async with served.database.reading() as session:
            conversation = await conversation_by_public_id(session, maria.conversation)
            assert conversation is not None
            query = select(Message.data).where(
                Message.conversation_id == conversation.id, Message.kind == "internal"
            )
            return list((await session.execute(query)).scalars())

    (facts,) = served.call(told())
    assert (facts["outcome"], facts["summary"]) == ("resolved", "trocou o cabo")


def test_an_agent_corrects_a_name_and_a_supervisor_the_address(
    ana: httpx.Client, sueli: httpx.Client, maria: Maria
) -> None:
    path = f"/console/contacts/{maria.contact}/edit"
    assert "disabled" in ana.get(path).text
    address = f"{uuid.uuid4().hex}@x.com"
    ana.post(path, data={"name": "Maria", "email": address, "phone": ""})
    assert address not in sueli.get(path).text
    wrong = sueli.post(path, data={"name": "Maria", "email": "maria", "phone": "12"})
    assert wrong.status_code == 400
    assert 'value="maria"' in wrong.text
    assert sueli.post(path, data={"name": "Maria", "email": address}).status_code == 303
    assert address in sueli.get(f"/console/contacts/{maria.contact}").text


def test_what_was_typed_on_a_ticket_stays_when_its_files_are_too_large(
    ana: httpx.Client, maria: Maria
) -> None:
    path = f"/console/tickets/{maria.ticket}/actions"
    huge = {"file": ("grande.bin", b"x" * (MAX_UPLOAD_BYTES + 200_000))}
    refused = ana.post(path, data={"text": "não me perca"}, files=huge)
    assert refused.status_code == 400
    assert "não me perca" in refused.text
    assert "passa do limite" in refused.text
    nothing = ana.post(path, data={"text": " "}, files={"file": ("", b"")})
    assert nothing.status_code == 400
    key = uuid.uuid4().hex
    for _ in range(2):
        posted = ana.post(path, data={"text": "uma vez", "key": key}, files={"file": ("", b"")})
        assert posted.status_code == 303
    assert ana.get(f"/console/tickets/{maria.ticket}").text.count("uma vez") == 1


def test_lists_go_on_by_parts_and_odd_addresses_are_no_failure(
    sueli: httpx.Client, maria: Maria
) -> None:
    part = {"HX-Request": "true"}
    rows = sueli.get(f"/console/tickets?q={maria.ticket}", headers=part).text
    assert rows.count("ticket-row__number") == 1
    assert "<html" not in rows
    for query in ("cursor=x", "status=x"):
        assert sueli.get(f"/console/tickets?{query}").status_code == 400
    for query in ("queue=x", "type=9999999999999", "q=%00%25'", "company=1"):
        assert sueli.get(f"/console/tickets?{query}").status_code == 200, query
    assert sueli.get(f"/console/contacts/{maria.contact}?cursor=x").status_code == 400
    assert sueli.get("/console/contacts/99999999999999").status_code == 404
    assert sueli.get("/console/tickets/nenhum").status_code == 404


def test_canned_replies_are_kept_by_who_may(
    ana: httpx.Client, bruno: httpx.Client, sueli: httpx.Client
) -> None:
    path = "/console/settings/canned-replies"
    shortcut = f"r{uuid.uuid4().hex[:8]}"
    fields = {"scope": "global", "shortcut": shortcut, "title": "Título", "text": "Olá"}
    no_file = {"file": ("", b"")}
    assert ana.post(f"{path}/new", data=fields, files=no_file).status_code == 403
    wrong = sueli.post(f"{path}/new", data=fields | {"text": "{{cpf}}"}, files=no_file)
    assert wrong.status_code == 400
    assert shortcut in wrong.text
    assert sueli.post(f"{path}/new", data=fields, files=no_file).status_code == 303
    found = re.search(rf'href="({path}/\d+)">Título', sueli.get(f"{path}?q={shortcut}").text)
    assert found is not None
    assert "quem supervisiona" in ana.get(found.group(1)).text
    assert ana.post(f"{found.group(1)}/delete").status_code == 403
    own = fields | {"scope": "personal"}
    assert ana.post(f"{path}/new", data=own, files=no_file).status_code == 303
    assert ana.get(f"{path}?q={shortcut}").text.count(f"/{shortcut}<") == 2
    assert bruno.get(f"{path}?q={shortcut}").text.count(f"/{shortcut}<") == 1
    assert sueli.post(f"{found.group(1)}/delete").status_code == 303
    assert sueli.get(found.group(1)).status_code == 404


def test_a_portal_note_that_is_over_is_refused_at_its_end(sueli: httpx.Client) -> None:
    path = "/console/settings/portal-note"
    page = sueli.post(path, data={"text": "Instável", "ends_at": "2020-01-01T10:00"})
    assert page.status_code == 400
    (error,) = re.findall(r'id="ends_at-error">(.*?)</p>', page.text, re.DOTALL)
    assert "O fim já passou" in error
