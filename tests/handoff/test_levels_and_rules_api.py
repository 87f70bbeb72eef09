"""Service levels, rules and macros over the API and the settings' pages, on the running service."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from desk.conversations.find import conversation_by_public_id
from desk.conversations.levels.tables import ServiceClock
from desk.conversations.rules.tables import Rule, RuleTimer
from desk.conversations.tables import Conversation
from desk.team.queues import find_queue
from tests.handoff.serving import PASSWORD, Served, Visitor

ADMIN, SUPERVISOR, AGENT = "admin@demo.ponte", "supervisora@demo.ponte", "ana@demo.ponte"
REMIND: dict[str, Any] = {
    "name": "Lembrar depois de uma hora",
    "basis": "status",
    "status": "waiting",
    "amount": 1,
    "unit": "hours",
    "message": "Ainda precisa de ajuda, {{contact.first_name}}?",
}


def queue_id_of(served: Served, slug: str = "suporte") -> int:
    async def find() -> int:
        async with served.database.reading() as session:
            queue = await find_queue(session, slug)
            assert queue is not None
            return queue.id

    return served.call(find())


def row_of(served: Served, public_id: str) -> Conversation:
    async def read() -> Conversation:
        async with served.database.reading() as session:
            found = await conversation_by_public_id(session, public_id)
            assert found is not None
            return found

    return served.call(read())


def good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201, 202), answer.text
    body: dict[str, Any] = answer.json()
    return body


def message_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["message"])


def waits(served: Served) -> Visitor:
    visitor = served.visitor()
    served.queue_up(visitor.conversation, "suporte")
    return visitor


def promise(served: Served, **targets: Any) -> None:
    with served.team(SUPERVISOR) as sueli:
        path = f"/queues/{queue_id_of(served)}/service-level"
        assert good(sueli.patch(path, json=targets))["queue"] == "Suporte"


def test_agents_read_what_is_promised_and_supervisors_change_it(served: Served) -> None:
    path = f"/queues/{queue_id_of(served)}/service-level"
    with served.team(AGENT) as ana, served.team(SUPERVISOR) as sueli:
        assert ana.patch(path, json={"resolution_normal": 60}).status_code == 403
        good(sueli.patch(path, json={"resolution_normal": 90}))
        wrong = sueli.patch(path, json={"resolution_urgent": 120})
        assert wrong.status_code == 400
        assert "não pode ser maior" in message_of(wrong)
        assert sueli.patch(path, json={"resolution_normal": 0}).status_code == 400
        listed = good(ana.get("/service-levels"))["service_levels"]
    mine = next(each for each in listed if each["queue"] == "Suporte")
    assert mine["targets"]["resolution_normal"] == 90
    with served.team(ADMIN) as admin:
        events = good(admin.get("/audit", params={"kind": "service_level.changed"}))["events"]
    assert events[0]["data"]["after"] == {"resolution_normal": 90}


def test_a_conversation_tells_when_its_answer_is_due_and_whether_it_came_in_time(
    served: Served,
) -> None:
    promise(served, first_response_normal=30, resolution_normal=480)
    with waits(served) as visitor, served.team(AGENT) as ana:
        path = f"/conversations/{visitor.conversation}"
        served.until(lambda: ana.get(path).json()["service_level"], "the clock")
        level = ana.get(path).json()["service_level"]
        assert (level["kind"], level["state"]) == ("first_response", "running")
        listed = good(ana.get("/conversations", params={"sort": "deadline"}))["conversations"]
        assert visitor.conversation in [each["id"] for each in listed]
        good(ana.post(f"{path}/claim", json={}))
        good(ana.post(f"{path}/messages", json={"text": "Oi!", "client_id": str(uuid.uuid4())}))

        def met() -> bool:
            levels = good(ana.get(f"{path}/service-levels"))["service_levels"]
            return ("first_response", "met") in [(each["kind"], each["state"]) for each in levels]

        served.until(met, "the answer to be counted")
        assert ana.get(path).json()["service_level"]["kind"] == "resolution"


def test_what_is_late_is_marked_by_itself_and_found_by_the_filter(served: Served) -> None:
    promise(served, first_response_normal=30)
    with waits(served) as visitor, served.team(AGENT) as ana:
        path = f"/conversations/{visitor.conversation}"
        served.until(lambda: ana.get(path).json()["service_level"], "the clock")
        row = row_of(served, visitor.conversation)

        async def an_hour_passes() -> None:
            past = datetime.now(UTC) - timedelta(minutes=5)
            async with served.database.transaction() as session:
                await session.execute(
                    update(ServiceClock)
                    .where(ServiceClock.conversation_id == row.id, ServiceClock.due_at.is_not(None))
                    .values(due_at=past, look_at=past)
                )
                await session.execute(
                    update(Conversation)
                    .where(Conversation.id == row.id)
                    .values(service_due_at=past)
                )

        served.call(an_hour_passes())
        served.until(lambda: ana.get(path).json()["service_level"]["state"] == "late", "the mark")
        late = good(ana.get("/conversations", params={"service_level": "late"}))["conversations"]
        assert visitor.conversation in [each["id"] for each in late]
        assert ana.get("/conversations", params={"service_level": "x"}).status_code == 400


def test_a_rule_reminds_by_itself_once_it_is_switched_on(served: Served) -> None:
    with waits(served) as visitor, served.team(SUPERVISOR) as sueli, served.team(AGENT) as ana:
        rule = good(sueli.post("/rules", json=REMIND))
        assert rule["active"] is False
        good(sueli.post(f"/rules/{rule['id']}/activate"))
        path = f"/conversations/{visitor.conversation}"
        good(ana.post(f"{path}/claim", json={}))
        good(ana.post(f"{path}/status", json={"status": "waiting"}))
        row = row_of(served, visitor.conversation)
        served.until(lambda: timers_of(served, row.id, rule["id"]), "the timer")

        async def an_hour_passes() -> None:
            past = datetime.now(UTC) - timedelta(hours=2)
            async with served.database.transaction() as session:
                # The rule ages too: planned anew now, what was due before it began counts for none.
                await session.execute(
                    update(Rule).where(Rule.id == rule["id"]).values(counts_from=past)
                )
                await session.execute(
                    update(Conversation).where(Conversation.id == row.id).values(status_since=past)
                )
                await session.execute(
                    update(RuleTimer)
                    .where(RuleTimer.conversation_id == row.id, RuleTimer.rule_id == rule["id"])
                    .values(since=past, due_at=past)
                )

        served.call(an_hour_passes())
        served.until(
            lambda: good(sueli.get(f"/rules/{rule['id']}/firings"))["firings"], "the reminder"
        )
        (firing,) = good(sueli.get(f"/rules/{rule['id']}/firings"))["firings"]
        assert (firing["conversation"], firing["done"]) == (visitor.conversation, ["message"])
        messages = visitor.messages()
        assert messages[-1]["author"]["kind"] == "system"
        said = [each["text"] for each in messages]
        assert [each for each in said if each.startswith("Ainda precisa de ajuda,")] == said[-1:]
        assert "{{" not in said[-1]
        good(sueli.post(f"/rules/{rule['id']}/deactivate"))
        assert ana.get("/rules").status_code == 403


def timers_of(served: Served, conversation_id: int, rule_id: int) -> int:
    async def count() -> int:
        async with served.database.reading() as session:
            query = select(func.count()).where(
                RuleTimer.conversation_id == conversation_id, RuleTimer.rule_id == rule_id
            )
            return (await session.execute(query)).scalar_one()

    return served.call(count())


def test_a_rule_is_tried_on_the_past_before_anybody_is_written_to(served: Served) -> None:
    with waits(served) as visitor, served.team(SUPERVISOR) as sueli, served.team(AGENT) as ana:
        path = f"/conversations/{visitor.conversation}"
        good(ana.post(f"{path}/claim", json={}))
        good(ana.post(f"{path}/status", json={"status": "waiting"}))
        before = [each["text"] for each in visitor.messages()]
        now = datetime.now(UTC)
        period = {
            "since": (now - timedelta(days=1)).isoformat(),
            "until": (now + timedelta(hours=5)).isoformat(),
        }
        none_yet = good(sueli.post("/rules/try", json={"rule": REMIND, **period}))
        assert visitor.conversation not in str(none_yet)
        too_long = {"since": "2020-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}
        answer = sueli.post("/rules/try", json={"rule": REMIND, **too_long})
        assert answer.status_code == 400
        assert "até um ano" in message_of(answer)
        assert [each["text"] for each in visitor.messages()] == before


def test_a_rule_that_makes_no_sense_is_refused_with_its_reason(served: Served) -> None:
    with served.team(SUPERVISOR) as sueli:
        for wrong, words in (
            ({"status": None}, "Escolha o status"),
            ({"message": ""}, "ao menos uma ação"),
            ({"time": "business", "unit": "days"}, "conte em horas"),
            ({"message": "{{cpf}}"}, "não existe"),
            ({"add_tag_id": 99999}, "não existe mais"),
            ({"amount": 0}, "O menor valor é 1"),
        ):
            answer = sueli.post("/rules", json=REMIND | wrong)
            assert answer.status_code == 400, answer.text
            assert words in message_of(answer)


def test_a_macro_is_previewed_and_applied_once(served: Served) -> None:
    with waits(served) as visitor, served.team(SUPERVISOR) as sueli, served.team(AGENT) as ana:
        shortcut = f"m{uuid.uuid4().hex[:8]}"
        reply = good(
            sueli.post(
                "/canned-replies",
                json={"scope": "global", "shortcut": shortcut, "title": "Boleto", "text": "Segue."},
            )
        )
        assert reply["is_macro"] is False
        macro = {"set_status": "waiting", "set_priority": 1}
        assert ana.put(f"/canned-replies/{reply['id']}/macro", json=macro).status_code == 403
        good(sueli.put(f"/canned-replies/{reply['id']}/macro", json=macro))
        assert good(ana.get(f"/canned-replies/{reply['id']}"))["is_macro"] is True
        path = f"/conversations/{visitor.conversation}/macros/{reply['id']}"
        preview = good(ana.get(path))
        assert "Assuma" in preview["refusal"]
        body = {"client_id": str(uuid.uuid4())}
        assert ana.post(path, json=body).status_code == 409
        good(ana.post(f"/conversations/{visitor.conversation}/claim", json={}))
        preview = good(ana.get(path))
        assert preview["refusal"] is None
        assert [step["kind"] for step in preview["steps"]] == ["status", "priority"]
        first, again = good(ana.post(path, json=body)), good(ana.post(path, json=body))
        assert first == again
        assert first["changed"] == ["priority", "status"]
        assert [each["text"] for each in visitor.messages()].count("Segue.") == 1


@contextmanager
def console(served: Served, email: str) -> Iterator[httpx.Client]:
    with served.client(Accept="text/html", Origin=served.base_url) as client:
        login = {"email": email, "password": PASSWORD}
        assert client.post("/console/login", data=login).status_code == 302
        yield client


def post(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    token = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert token is not None, path
    return client.post(path, data={"csrf": token[1], **fields})


def test_supervisors_set_targets_on_the_page_and_nothing_typed_is_lost(served: Served) -> None:
    path = f"/console/settings/service-levels/{queue_id_of(served)}"
    common = {"warn_by": "percent", "warn_percent": "75", "warn_minutes": "15"}
    with console(served, SUPERVISOR) as sueli:
        wrong = post(sueli, path, first_response_normal="10", first_response_urgent="44", **common)
        assert wrong.status_code == 400
        assert "não pode ser maior" in wrong.text
        assert 'value="44"' in wrong.text
        right = post(sueli, path, first_response_normal="44", first_response_urgent="10", **common)
        assert right.status_code == 303
        listed = sueli.get("/console/settings/service-levels").text
        assert "44 min" in listed
    with console(served, AGENT) as ana:
        assert ana.get(path).status_code == 403


def test_supervisors_make_a_rule_try_it_and_switch_it_on(served: Served) -> None:
    new = "/console/settings/rules/new"
    fields = {
        "name": "Pela página",
        "basis": "status",
        "status": "waiting",
        "amount": "3",
        "unit": "days",
        "time": "calendar",
    }
    with console(served, SUPERVISOR) as sueli:
        wrong = post(sueli, new, **fields)
        assert wrong.status_code == 400
        assert "Escolha ao menos uma ação." in wrong.text
        assert "Pela página" in wrong.text
        assert post(sueli, new, **fields, message="Tudo bem?").status_code == 303
        listed = sueli.get("/console/settings/rules").text
        assert "Aguardando há 3 dias → escrever ao cliente" in listed
        found = re.search(r'href="(/console/settings/rules/\d+)">Pela página', listed)
        assert found is not None
        tried = sueli.get(f"{found[1]}?try=1&since=2026-01-01&until=2026-02-01").text
        assert "Não teria agido em nenhuma conversa" in tried
        assert "até um ano" in sueli.get(f"{found[1]}?try=1&since=2020-01-01&until=2026-02-01").text
        token = re.search(r'name="csrf" value="([^"]+)"', tried)
        assert token is not None
        assert sueli.post(f"{found[1]}/on", data={"csrf": token[1]}).status_code == 303
        assert "Ligada" in sueli.get(found[1]).text
        assert sueli.post(f"{found[1]}/off", data={"csrf": token[1]}).status_code == 303


@pytest.mark.parametrize("path", ["/rules", "/service-levels"])
def test_agents_do_not_see_the_settings_of_supervisors(served: Served, path: str) -> None:
    with console(served, AGENT) as ana:
        assert ana.get(f"/console/settings{path}").status_code == 403
