"""Campaigns over the API and the console, on the running service, and answers that say stop."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.handoff.serving import PASSWORD, Served, Visitor

ADMIN, SUPERVISOR, AGENT = "admin@demo.ponte", "supervisora@demo.ponte", "ana@demo.ponte"


def good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201, 202), answer.text
    body: dict[str, Any] = answer.json()
    return body


def tagged(served: Served, visitor: Visitor, name: str) -> int:
    """A tag of the test's own on one conversation: what chooses it alone."""
    with served.team(ADMIN) as admin:
        tag = good(admin.post("/tags", json={"name": name, "color": "orange"}))["id"]
        path = f"/conversations/{visitor.conversation}/tags/{name}"
        good(admin.put(path))
    return int(tag)


def spoken(served: Served) -> Visitor:
    visitor = served.visitor()
    visitor.post("oi")
    served.until(lambda: len(visitor.messages()) > 1, "the bot's answer")
    return visitor


def texts(visitor: Visitor) -> list[str]:
    return [each["text"] for each in visitor.messages()]


def campaign(served: Served, tag: int, **values: Any) -> int:
    body = {"name": "Novidade", "message": "Chegou a versão 2!", "tag_ids": [tag]} | values
    with served.team(SUPERVISOR) as sueli:
        return int(good(sueli.post("/campaigns", json=body))["id"])


@contextmanager
def console(served: Served, email: str) -> Iterator[httpx.Client]:
    with served.client(Accept="text/html", Origin=served.base_url) as client:
        login = {"email": email, "password": PASSWORD}
        assert client.post("/console/login", data=login).status_code == 302
        yield client


def token_of(client: httpx.Client, path: str) -> str:
    token = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert token is not None, path
    return token[1]


def test_a_campaign_goes_out_and_an_answer_that_says_stop_is_honoured(served: Served) -> None:
    with spoken(served) as maria, served.team(SUPERVISOR) as sueli:
        tag = tagged(served, maria, "campanha-um")
        first = campaign(served, tag)
        preview = good(sueli.get(f"/campaigns/{first}/preview"))
        assert (preview["chosen"], preview["reachable"]) == (1, 1)
        assert "PARAR" in preview["message"]
        (chosen,) = preview["recipients"]
        assert good(sueli.post(f"/campaigns/{first}/schedule", json={}))["state"] == "scheduled"
        served.until(lambda: "versão 2" in texts(maria)[-1], "the campaign's message")
        path = f"/campaigns/{first}"
        served.until(lambda: sueli.get(path).json()["state"] == "finished", "the end")
        (row,) = good(sueli.get(f"{path}/recipients"))["recipients"]
        assert row["result"] in ("sent", "delivered")
        maria.post("parar")
        served.until(lambda: "nenhum canal" in " ".join(texts(maria)[-2:]) or None, "the word")
        assert maria.messages()[-1]["author"]["kind"] == "system"
        contact = f"/contacts/{chosen['contact']}/opt-out"
        out = good(sueli.get(contact))
        assert (out["source"], out["campaign"]) == ("campaign", first)
        second = campaign(served, tag)
        preview = good(sueli.get(f"/campaigns/{second}/preview"))
        assert preview["left_out"] == {"opted_out": 1}
        refused = sueli.post(f"/campaigns/{second}/schedule", json={})
        assert refused.status_code == 400
        assert "Ninguém receberia" in refused.json()["error"]["message"]
        assert good(sueli.delete(contact))["opted_out_at"] is None
        assert good(sueli.get(f"/campaigns/{second}/preview"))["reachable"] == 1
        with served.team(ADMIN) as admin:
            kinds = [each["kind"] for each in good(admin.get("/audit"))["events"]]
        assert {"contact.opted_out", "contact.opted_in", "campaign.created"} <= set(kinds)


def test_the_same_words_without_a_campaign_go_to_the_bot(served: Served) -> None:
    with spoken(served) as maria, served.team(SUPERVISOR) as sueli:
        tag = tagged(served, maria, "campanha-dois")
        maria.post("parar")
        served.until(lambda: len(maria.messages()) > 3, "the bot's answer")
        assert "nenhum canal" not in " ".join(texts(maria))
        preview = good(sueli.get(f"/campaigns/{campaign(served, tag)}/preview"))
        assert preview["reachable"] == 1


def test_leaving_after_a_campaign_ends_the_chat_and_nothing_else(served: Served) -> None:
    with spoken(served) as maria, served.team(SUPERVISOR) as sueli:
        tag = tagged(served, maria, "campanha-tres")
        one = campaign(served, tag)
        good(sueli.post(f"/campaigns/{one}/schedule", json={}))
        served.until(lambda: "versão 2" in texts(maria)[-1], "the campaign's message")
        before = len(maria.messages())
        maria.post("sair")
        served.until(lambda: len(maria.messages()) > before + 1, "the bot's answer")
        preview = good(sueli.get(f"/campaigns/{one}/preview"))
        assert preview["left_out"] == {}


def test_steps_that_do_not_fit_and_people_who_may_not_are_refused(served: Served) -> None:
    with spoken(served) as maria, served.team(SUPERVISOR) as sueli, served.team(AGENT) as ana:
        one = campaign(served, tagged(served, maria, "campanha-quatro"))
        assert ana.get("/campaigns").status_code == 403
        assert sueli.post(f"/campaigns/{one}/pause").status_code == 409
        assert sueli.post(f"/campaigns/{one}/resume").status_code == 409
        wrong = sueli.post("/campaigns", json={"name": "x", "message": "y"})
        assert wrong.status_code == 400
        assert "critério" in wrong.json()["error"]["message"]
        assert sueli.patch(f"/campaigns/{one}", json={"opened_since": "ontem"}).status_code == 400
        assert (
            good(sueli.patch(f"/campaigns/{one}", json={"per_minute": 5}))["values"]["per_minute"]
            == 5
        )
        later = {"starts_at": "2001-01-01T00:00:00Z"}
        assert sueli.post(f"/campaigns/{one}/schedule", json=later).status_code == 400
        assert good(sueli.post(f"/campaigns/{one}/test"))["state"] == "draft"
        assert good(sueli.post(f"/campaigns/{one}/cancel"))["state"] == "cancelled"
        assert sueli.patch(f"/campaigns/{one}", json={"per_minute": 6}).status_code == 409


def test_a_supervisor_does_it_all_on_the_pages(served: Served) -> None:
    root = "/console/settings/campaigns"
    with spoken(served) as maria, console(served, SUPERVISOR) as browser:
        tag = tagged(served, maria, "campanha-cinco")
        csrf = token_of(browser, f"{root}/new")
        typed = {"csrf": csrf, "name": "Pela página", "message": "", "tag_ids": str(tag)}
        again = browser.post(f"{root}/new", data=typed | {"per_minute": "30"})
        assert again.status_code == 400
        assert "Pela página" in again.text
        made = browser.post(
            f"{root}/new", data=typed | {"message": "Olá da página!", "per_minute": "30"}
        )
        assert made.status_code == 303
        listed = browser.get(root).text
        one = re.findall(r'campaigns/(\d+)">\s*Pela página', listed)[0]
        page = browser.get(f"{root}/{one}").text
        assert "1 de 1 contato(s)" in page
        assert "Olá da página!" in page
        tested = browser.post(f"{root}/{one}/test", data={"csrf": csrf})
        assert tested.headers["location"].endswith("ok=tested")
        wrong = browser.post(
            f"{root}/{one}/schedule", data={"csrf": csrf, "starts_at": "2001-01-01T10:00"}
        )
        assert wrong.status_code == 400
        assert "Escolha um momento" in wrong.text
        assert "2001-01-01T10:00" in wrong.text
        begun = browser.post(f"{root}/{one}/schedule", data={"csrf": csrf, "starts_at": ""})
        assert begun.status_code == 303
        served.until(lambda: "Olá da página!" in texts(maria)[-1], "the message")
        served.until(lambda: "Terminada" in browser.get(f"{root}/{one}").text, "the end")
        part = browser.get(f"{root}/{one}", headers={"hx-request": "true"}).text
        assert part.lstrip().startswith("<section")
        assert "100%" in part
        file = browser.get(f"{root}/{one}/results.csv")
        assert file.text.startswith("\ufeffContato;Nome;Resultado")
        assert len(file.text.strip().splitlines()) == 2
        late = browser.post(f"{root}/{one}/pause", data={"csrf": csrf})
        assert late.status_code == 400
        assert "Só uma campanha em andamento" in late.text


def test_somebody_of_the_team_notes_an_opt_out_on_the_contacts_page(served: Served) -> None:
    with (
        spoken(served) as maria,
        served.team(SUPERVISOR) as sueli,
        console(served, SUPERVISOR) as browser,
    ):
        one = campaign(served, tagged(served, maria, "campanha-seis"))
        (chosen,) = good(sueli.get(f"/campaigns/{one}/preview"))["recipients"]
        page = f"/console/contacts/{chosen['contact']}"
        csrf = token_of(browser, page)
        assert "Pode receber campanhas." in browser.get(page).text
        assert browser.post(f"{page}/campaigns/out", data={"csrf": csrf}).status_code == 303
        assert "a equipe anotou o pedido" in browser.get(page).text
        assert browser.post(f"{page}/campaigns/in", data={"csrf": csrf}).status_code == 303
        assert "Pode receber campanhas." in browser.get(page).text
