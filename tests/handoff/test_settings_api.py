"""The settings over the JSON API: who may, what is refused, what is recorded."""

import uuid

import httpx
import pytest

from tests.fakes.telegram import BOT_TOKEN, refusal
from tests.handoff.serving import PASSWORD, Served

ADMIN, SUPERVISOR, AGENT = "admin@demo.ponte", "supervisora@demo.ponte", "ana@demo.ponte"
ADMINS_ONLY = (
    ("POST", "/users"),
    ("PATCH", "/users/1"),
    ("POST", "/users/1/password"),
    ("POST", "/users/1/deactivate"),
    ("POST", "/users/1/reactivate"),
    ("POST", "/queues"),
    ("PATCH", "/queues/1"),
    ("POST", "/queues/1/deactivate"),
    ("POST", "/request-types"),
    ("PATCH", "/request-types/1"),
    ("POST", "/companies"),
    ("PATCH", "/companies/1"),
    ("POST", "/contacts"),
    ("POST", "/channels"),
    ("PATCH", "/channels/1"),
    ("POST", "/channels/1/connect"),
    ("POST", "/calendars"),
    ("PUT", "/calendars/1"),
    ("DELETE", "/calendars/1"),
    ("POST", "/imports"),
    ("GET", "/audit"),
)


def error_of(answer: httpx.Response, status: int = 400) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    error: dict[str, str] = answer.json()["error"]
    return error


def made(answer: httpx.Response) -> dict[str, object]:
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, object] = answer.json()
    return body


@pytest.mark.parametrize(("method", "path"), ADMINS_ONLY)
def test_only_admins_reach_the_settings(served: Served, method: str, path: str) -> None:
    for email in (SUPERVISOR, AGENT):
        with served.team(email) as person:
            assert person.request(method, path, json={}).status_code == 403


def test_a_new_person_signs_in_with_the_provisional_password_and_must_change_it(
    served: Served,
) -> None:
    email = f"{uuid.uuid4().hex[:8]}@demo.ponte"
    with served.team(ADMIN) as admin, served.client() as browser:
        body = {"email": email.upper(), "name": "  Carla   Dias ", "queues": ["suporte"]}
        carla = made(admin.post("/users", json=body))
        assert (carla["email"], carla["name"], carla["role"]) == (email, "Carla Dias", "agent")
        again = admin.post("/users", json=body)
        assert error_of(again)["field"] == "email"
        login = {"email": email, "password": str(carla["password"])}
        token = browser.post("/api/v1/session", json=login).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        refused = browser.get("/api/v1/queues", headers=headers)
        assert error_of(refused, 403)["code"] == "must_change_password"
        page = browser.post("/console/login", data=login)
        assert page.status_code == 302
        assert browser.get("/console").headers["location"] == "/console/profile/password"
        listed = admin.get("/users").text
        assert str(carla["password"]) not in listed
        assert str(carla["password"]) not in admin.get("/audit").text


def test_the_last_admin_stays_one_and_nobody_demotes_or_ends_themselves(served: Served) -> None:
    with served.team(ADMIN) as admin:
        me = next(each for each in admin.get("/users").json()["users"] if each["email"] == ADMIN)
        demoted = admin.patch(f"/users/{me['id']}", json={"role": "agent"})
        assert error_of(demoted)["field"] == "role"
        error_of(admin.post(f"/users/{me['id']}/deactivate"), 409)
        email = f"{uuid.uuid4().hex[:8]}@demo.ponte"
        body = {"email": email, "name": "Outra", "role": "admin"}
        other = made(admin.post("/users", json=body))
        made(admin.patch(f"/users/{other['id']}", json={"role": "supervisor"}))
        assert made(admin.post(f"/users/{other['id']}/deactivate")) == {"returned": 0}


def test_who_is_deactivated_is_out_at_once_and_their_conversations_wait_again(
    served: Served,
) -> None:
    email = f"{uuid.uuid4().hex[:8]}@demo.ponte"
    with served.team(ADMIN) as admin, served.visitor() as visitor:
        body = {"email": email, "name": "Vai Embora", "queues": ["suporte"]}
        leaver = made(admin.post("/users", json=body))
        _own_password(served, email, str(leaver["password"]))
        visitor.post("quero uma pessoa")
        served.until(lambda: len(visitor.messages()) == 2)
        served.queue_up(visitor.conversation, "suporte")
        with served.team(email) as person:
            person.post(f"/conversations/{visitor.conversation}/claim", json={})
            assert made(admin.post(f"/users/{leaver['id']}/deactivate")) == {"returned": 1}
            assert person.get("/queues").status_code == 401
        conversation = admin.get(f"/conversations/{visitor.conversation}").json()
        assert (conversation["owner"], conversation["assignee"]) == ("queue", None)
        made(admin.post(f"/users/{leaver['id']}/reactivate"))


def test_a_queue_that_holds_conversations_closes_only_when_they_have_somewhere_to_go(
    served: Served,
) -> None:
    name = f"Fila {uuid.uuid4().hex[:6]}"
    with served.team(ADMIN) as admin, served.visitor() as visitor:
        queue = made(admin.post("/queues", json={"name": name, "assignment": "round_robin"}))
        assert error_of(admin.post("/queues", json={"name": name.upper()}))["field"] == "name"
        visitor.post("oi")
        served.until(lambda: visitor.messages())
        served.queue_up(visitor.conversation, str(queue["slug"]))
        stuck = admin.post(f"/queues/{queue['id']}/deactivate", json={})
        assert "1 conversa" in error_of(stuck, 409)["message"]
        other = next(q for q in admin.get("/queues").json()["queues"] if q["slug"] == "suporte")
        closed = admin.post(f"/queues/{queue['id']}/deactivate", json={"move_to": other["id"]})
        assert made(closed) == {"moved": 1}
        assert admin.get(f"/conversations/{visitor.conversation}").json()["queue"] == "Suporte"
        made(admin.post(f"/queues/{queue['id']}/reactivate"))


def test_a_patch_changes_what_it_names_and_nothing_else(served: Served) -> None:
    with served.team(ADMIN) as admin:
        body = {"name": f"Tipo {uuid.uuid4().hex[:6]}", "synthetic": False}
        kind = made(admin.post("/request-types", json=body))
        changed = made(admin.patch(f"/request-types/{kind['id']}", json={"active": False}))
        assert changed == kind | {"active": False}
        wrong = admin.patch(f"/request-types/{kind['id']}", json={"queue_id": 999_999})
        assert error_of(wrong)["field"] == "queue_id"
        assert error_of(admin.patch("/request-types/1", json={"colour": "x"}))["field"] == "colour"
        assert admin.patch(f"/request-types/{2**62}", json={}).status_code == 404


def test_tags_that_read_alike_are_one(served: Served) -> None:
    name = f"Cobrança {uuid.uuid4().hex[:6]}"
    with served.team(SUPERVISOR) as sueli:
        tag = made(sueli.post("/tags", json={"name": name, "color": "red"}))
        again = sueli.post("/tags", json={"name": name.upper().replace("Ç", "C")})
        assert name in error_of(again)["message"]
        made(sueli.patch(f"/tags/{tag['id']}", json={"color": "blue"}))
        assert sueli.delete(f"/tags/{tag['id']}").status_code == 204
        assert sueli.delete(f"/tags/{tag['id']}").status_code == 404


def test_companies_are_found_by_folded_name_and_by_cnpj_page_by_page(served: Served) -> None:
    with served.team(ADMIN) as admin:
        for cnpj, name in (("38119044000108", "Açougue São José"), ("00000000000191", "Órion")):
            made(admin.post("/companies", json={"cnpj": cnpj, "name": name}))
        wrong = admin.post("/companies", json={"cnpj": "11222333000199", "name": "x"})
        assert error_of(wrong)["field"] == "cnpj"
        known = admin.post("/companies", json={"cnpj": "11.222.333/0001-81", "name": "x"})
        assert "Padaria Estrela" in error_of(known)["message"]
        for q in ("acougue sao", "38.119.044", "JOSÉ"):
            found = admin.get("/companies", params={"q": q}).json()["companies"]
            assert [each["name"] for each in found] == ["Açougue São José"], q
        names: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = admin.get("/companies", params={"limit": 2, "cursor": cursor}).json()
            names += [each["name"] for each in page["companies"]]
            cursor = page["next_cursor"]
        assert names[0] == "Açougue São José"
        assert names.index("Órion") < names.index("Padaria Estrela LTDA")
        assert len(names) == len(set(names)) >= 6
        aurora = admin.get("/companies", params={"q": "90410023000167"}).json()["companies"][0]
        others = admin.get(f"/companies/{aurora['id']}").json()["establishments"]
        assert [each["cnpj"] for each in others] == ["90410023000248"]


def test_a_contacts_address_is_one_account_and_the_log_knows_no_person(served: Served) -> None:
    email = f"{uuid.uuid4().hex[:8]}@cliente.com.br"
    with served.team(ADMIN) as admin:
        body = {"name": "Zélia Prado", "email": email, "companies": ["11.222.333/0001-81"]}
        contact = made(admin.post("/contacts", json=body))
        assert error_of(admin.post("/contacts", json=body))["field"] == "email"
        missing = admin.post("/contacts", json=body | {"companies": ["38119044000299"]})
        assert error_of(missing)["field"] == "companies"
        made(admin.patch(f"/contacts/{contact['id']}", json={"phone": "(11) 91234-5678"}))
        for q, ids in (
            ("zelia 1", []),
            ("zelia", [contact["id"]]),
            ("91234 5678", [contact["id"]]),
        ):
            found = admin.get("/contacts", params={"q": q}).json()["contacts"]
            assert [each["id"] for each in found] == ids, q
        log = admin.get("/audit", params={"kind": "customers"}).text
        assert "contact.changed" in log
        assert "Zélia" not in log
        assert "91234" not in log


def test_a_telegram_channel_keeps_its_token_and_says_what_telegram_says(served: Served) -> None:
    with served.team(ADMIN) as admin:
        slug = f"bot-{uuid.uuid4().hex[:6]}"
        body = {"kind": "telegram", "slug": slug, "name": "Bot", "brand": "Acme"}
        channel = made(admin.post("/channels", json=body))
        assert error_of(admin.post("/channels", json=body))["field"] == "slug"
        path = f"/channels/{channel['id']}"
        assert error_of(admin.post(path + "/connect", json={}))["field"] == "token"
        made(admin.post(path + "/connect", json={"token": BOT_TOKEN}))
        told = served.telegram.calls[-2]
        assert told["url"] == f"{served.base_url}/channels/telegram/{slug}"
        assert len(told["secret_token"]) >= 32
        served.telegram.answers.append(refusal("Unauthorized", 401))
        words = error_of(admin.post(path + "/connect", json={}))["message"]
        assert words == "Não conectou: o token do bot não vale mais."
        moved = admin.patch(path, json={"slug": "outro"})
        assert error_of(moved)["field"] == "slug"
        assert BOT_TOKEN not in admin.get("/channels").text + admin.get("/audit").text
        webchat = admin.get("/channels").json()["channels"][0]["id"]
        wrong = admin.post(f"/channels/{webchat}/connect", json={"token": BOT_TOKEN})
        assert error_of(wrong)["field"] == "token"


def test_a_calendar_in_use_stays(served: Served) -> None:
    with served.team(ADMIN) as admin:
        body = {"name": f"H {uuid.uuid4().hex[:6]}", "week": {"0": [["08:00", "18:00"]]}}
        calendar = made(admin.post("/calendars", json=body | {"state": "SP"}))
        shown = admin.get(f"/calendars/{calendar['id']}").json()
        assert "2" in {day["date"][0] for day in shown["holidays"]}
        queue = made(admin.post("/queues", json={"name": str(body["name"])}))
        made(admin.patch(f"/queues/{queue['id']}", json={"calendar_id": calendar["id"]}))
        error_of(admin.delete(f"/calendars/{calendar['id']}"), 409)
        made(admin.patch(f"/queues/{queue['id']}", json={"calendar_id": None}))
        assert admin.delete(f"/calendars/{calendar['id']}").status_code == 204
        wrong = admin.post("/calendars", json=body | {"week": {"0": [["18:00", "08:00"]]}})
        assert error_of(wrong)["field"] == "week"


def test_an_import_shows_first_does_then_and_changes_nothing_the_second_time(
    served: Served,
) -> None:
    table = "CNPJ;Nome;Bloqueada\n45.997.418/0001-53;Bebidas do Vale;não\n1;Errada;\n"
    body = {"kind": "companies", "csv": table}
    with served.team(ADMIN) as admin:
        dry = made(admin.post("/imports", json=body))
        assert (dry["create"], dry["error"], dry["dry_run"]) == (1, 1, True)
        assert admin.get("/companies", params={"q": "bebidas"}).json()["companies"] == []
        done = made(admin.post("/imports", json=body | {"dry_run": False}))
        assert (done["create"], done["skip"], done["finished"]) == (1, 0, True)
        again = made(admin.post("/imports", json=body | {"dry_run": False}))
        assert (again["create"], again["change"], again["skip"]) == (0, 0, 1)
        assert error_of(admin.post("/imports", json=body | {"csv": "a;b\n1;2"}))["field"] == "csv"
        events = admin.get("/audit", params={"kind": "import.finished"}).json()["events"]
        assert [each["data"]["create"] for each in events] == [0, 1]


def test_the_log_is_filtered_by_person_and_kind_and_goes_on_page_by_page(served: Served) -> None:
    with served.team(ADMIN) as admin, served.team(SUPERVISOR) as sueli:
        for number in range(5):
            made(sueli.post("/tags", json={"name": f"L{number} {uuid.uuid4().hex[:6]}"}))
        sueli_id = next(
            each["id"]
            for each in admin.get("/users").json()["users"]
            if each["email"] == SUPERVISOR
        )
        seqs: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"user": sueli_id, "kind": "tag.created", "limit": 2, "cursor": cursor}
            page = admin.get("/audit", params=query).json()
            seqs += [each["seq"] for each in page["events"]]
            cursor = page["next_cursor"]
        assert len(seqs) >= 5
        assert seqs == sorted(set(seqs), reverse=True)
        assert admin.get("/audit", params={"until": "2020-01-01"}).json()["events"] == []
        assert admin.get("/audit", params={"since": "2020-01-01"}).json()["events"]
        for wrong in ({"kind": "x"}, {"since": "ontem"}, {"cursor": "x"}, {"user": "ana"}):
            assert admin.get("/audit", params=wrong).status_code == 400


def _own_password(served: Served, email: str, provisional: str) -> None:
    """Does what the first page after a provisional password asks for."""
    with served.client() as browser:
        browser.post("/console/login", data={"email": email, "password": provisional})
        page = browser.get("/console/profile/password").text
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        form = {"csrf": csrf, "password": PASSWORD + "!", "again": PASSWORD + "!"}
        assert browser.post("/console/profile/password", data=form).status_code == 303
