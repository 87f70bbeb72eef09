"""Approved templates, by agents and campaigns, where the 24-hour window is closed."""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.handoff.serving import Served
from tests.handoff.test_campaigns import ADMIN, AGENT, SUPERVISOR, console, good, token_of
from tests.handoff.whatsapp_chat import WhatsAppChat
from tests.handoff.whatsapp_templates import LISTED, channel_id, with_templates


@pytest.fixture
def admin(whatsapp: WhatsAppChat) -> Iterator[httpx.Client]:
    with whatsapp.served.team(ADMIN) as client:
        yield client


@pytest.fixture
def late(whatsapp: WhatsAppChat, admin: httpx.Client) -> WhatsAppChat:
    """Somebody whom Ana is talking to, silent for more than a day; there are templates."""
    with_templates(whatsapp, admin)
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    whatsapp.claimed()
    whatsapp.close_window()
    whatsapp.served.whatsapp.sent.clear()
    return whatsapp


def test_free_words_are_refused_and_templates_offered_where_the_window_is_closed(
    late: WhatsAppChat,
) -> None:
    with late.served.team(AGENT) as ana:
        path = f"/conversations/{late.public_id}"
        words = {"client_id": str(uuid.uuid4()), "text": "ainda aí?"}
        answer = ana.post(f"{path}/messages", json=words)
        assert answer.status_code == 409
        assert "24 horas" in answer.json()["error"]["message"]
        here = good(ana.get(f"{path}/templates"))
    assert here["window"]["open"] is False
    assert {each["name"] for each in here["templates"]} == {"aviso_geral", "boas_vindas", "news"}
    assert late.states() == ["sent"]


def test_an_agent_sends_a_template_once_with_its_variables(late: WhatsAppChat) -> None:
    with late.served.team(AGENT) as ana:
        path = f"/conversations/{late.public_id}/templates"
        ids = {each["name"]: each["id"] for each in good(ana.get(path))["templates"]}
        body = {"client_id": str(uuid.uuid4()), "template": ids["boas_vindas"]}
        answer = ana.post(path, json={**body, "values": {"header.1": "a nota"}})
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "values")
        filled = {**body, "values": {"header.1": "a nota", "nome": "Maria {{nome}}"}}
        first = good(ana.post(path, json=filled))
        assert good(ana.post(path, json=filled)) == first
        other = {**filled, "template": ids["aviso_geral"], "values": {"1": "a", "2": "b"}}
        assert ana.post(path, json=other).status_code == 409
        edited = ana.patch(
            f"/conversations/{late.public_id}/messages/{first['id']}", json={"text": "x"}
        )
        assert edited.status_code == 409
        gone = {**filled, "client_id": str(uuid.uuid4()), "template": 999_999}
        assert ana.post(path, json=gone).status_code == 404
    late.until_states("sent", "sent")
    (sent,) = late.served.whatsapp.sent
    assert sent["type"] == "template"
    assert sent["template"] == {
        "name": "boas_vindas",
        "language": {"code": "pt_BR"},
        "components": [
            {"type": "header", "parameters": [{"type": "text", "text": "a nota"}]},
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "parameter_name": "nome", "text": "Maria {{nome}}"}
                ],
            },
        ],
    }
    assert late.rows[-1].text == "Sobre a nota\n\nOlá Maria {{nome}}!\n\nAcme Sistemas"


def test_a_template_is_for_channels_that_have_them(served: Served) -> None:
    with served.visitor() as visitor, served.team(SUPERVISOR) as sueli:
        visitor.post("oi")
        served.until(lambda: len(visitor.messages()) > 1)
        path = f"/conversations/{visitor.conversation}/templates"
        here = good(sueli.get(path))
        assert here == {"window": {"open": True, "closes_at": None}, "templates": []}
        body = {"client_id": str(uuid.uuid4()), "template": 1}
        assert sueli.post(path, json=body).status_code == 409


def test_a_campaign_reaches_a_closed_window_by_its_template(
    whatsapp: WhatsAppChat, admin: httpx.Client
) -> None:
    with_templates(whatsapp, admin)
    whatsapp.write("oi")
    whatsapp.until_states("sent")
    whatsapp.close_window()
    good(admin.post("/tags", json={"name": whatsapp.number, "color": "orange"}))
    good(admin.put(f"/conversations/{whatsapp.public_id}/tags/{whatsapp.number}"))
    tags = good(admin.get("/tags"))["tags"]
    tag = next(each["id"] for each in tags if each["name"] == whatsapp.number)
    draft = {"name": "Aviso", "message": "Chegou!", "tag_ids": [tag]}
    with whatsapp.served.team(SUPERVISOR) as sueli:
        made = good(sueli.post("/campaigns", json=draft))["id"]
        path = f"/campaigns/{made}"
        without = good(sueli.get(f"{path}/preview"))
        assert without["left_out"] == {"window_closed": 1}
        values = {"1": "{{contact.first_name}}", "2": "42"}
        chosen = {"template": "aviso_geral", "template_language": "pt_BR"}
        good(sueli.patch(path, json={**chosen, "template_values": values}))
        preview = good(sueli.get(f"{path}/preview"))
        assert preview["reachable"] == 1
        said = "Olá Maria, seu chamado 42 foi atualizado."
        assert preview["template_message"] == said
        good(sueli.post(f"{path}/schedule", json={}))
        whatsapp.until_states("sent", "sent")
        wamid = whatsapp.sent[-1]["wamid"]
        whatsapp.tell(wamid, "failed", errors=[{"code": 131049, "title": "Meta chose not to"}])
        whatsapp.until_states("sent", "failed")
        (row,) = good(sueli.get(f"{path}/recipients"))["recipients"]
    assert row["result"] == "failed"
    sent = whatsapp.sent[-1]["template"]
    assert (sent["name"], sent["components"][0]["parameters"][0]["text"]) == (
        "aviso_geral",
        "Maria",
    )
    assert whatsapp.rows[-1].text == said


def test_a_campaigns_form_offers_the_templates_and_a_field_for_each_variable(
    whatsapp: WhatsAppChat, admin: httpx.Client
) -> None:
    with_templates(whatsapp, admin)
    whatsapp.served.whatsapp.templates = LISTED
    with console(whatsapp.served, SUPERVISOR) as client:
        page = client.get("/console/settings/campaigns/new").text
        assert 'value="aviso_geral|pt_BR"' in page
        assert "em_analise" not in page
        token = token_of(client, "/console/settings/campaigns/new")
        sent = {"csrf": token, "name": "Do formulário", "message": "Oi", "per_minute": "20"}
        chosen = {"statuses": "open", "template": "aviso_geral|pt_BR", "template_value.1": "Zé"}
        made = client.post("/console/settings/campaigns/new", data={**sent, **chosen})
        assert made.status_code == 303, made.text
        found = good(admin.get("/campaigns"))["campaigns"][0]
        assert found["values"]["template_values"] == {"1": "Zé"}
        draft = client.get(f"/console/settings/campaigns/{found['id']}").text
    assert 'name="template_value.1"' in draft
    assert 'value="Zé"' in draft
    assert "Olá Zé, seu chamado {{2}} foi atualizado." in draft


def test_a_campaign_of_other_channels_is_offered_no_template(
    whatsapp: WhatsAppChat, admin: httpx.Client
) -> None:
    with_templates(whatsapp, admin)
    whatsapp.served.whatsapp.templates = LISTED
    draft = {"name": "Só no chat", "message": "Oi", "template": "sumiu"}
    web = [channel_id(admin, "demo")]
    made = good(admin.post("/campaigns", json={**draft, "channel_ids": web}))["id"]
    with console(whatsapp.served, SUPERVISOR) as client:
        page = client.get(f"/console/settings/campaigns/{made}").text
    assert "aviso_geral" not in page
    assert "sumiu, não aprovado agora" in page
