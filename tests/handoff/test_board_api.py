"""The board and what supervisors do on it, over HTTP against the real service."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from desk.team.presence import mark_seen
from desk.team.queues import find_queue
from desk.team.tables import Assignment, Queue, QueueMember, User
from desk.team.users import find_user
from tests.handoff.serving import Served, Visitor


@pytest.fixture
def queue(served: Served) -> Iterator[str]:
    """The queue Comercial, empty again at the end."""
    yield "comercial"
    with served.team("supervisora@demo.ponte") as sueli:
        set_queue(served, assignment=Assignment.MANUAL)
        for each in listed(sueli)["waiting"] + listed(sueli)["in_service"]:
            sueli.post(f"/conversations/{each['id']}/status", json={"status": "closed"})


@pytest.fixture
def waiting(served: Served, queue: str) -> Iterator[list[Visitor]]:
    """Three customers who wait in it, the first one longest."""
    visitors = [served.visitor() for _ in range(3)]
    for visitor in visitors:
        visitor.post("quero uma pessoa")
        served.queue_up(visitor.conversation, queue)
    yield visitors
    for visitor in visitors:
        visitor.client.close()


def set_queue(served: Served, **values: Any) -> None:
    async def write() -> None:
        async with served.database.transaction() as session:
            await session.execute(update(Queue).where(Queue.slug == "comercial").values(**values))
        served.services.pulse.beat()

    served.call(write())


def set_user(served: Served, email: str, **values: Any) -> None:
    async def write() -> None:
        async with served.database.transaction() as session:
            await session.execute(update(User).where(User.email == email).values(**values))
        served.services.pulse.beat()

    served.call(write())


def opens_console(served: Served, email: str) -> None:
    async def see() -> None:
        async with served.database.transaction() as session:
            user = await find_user(session, email)
            assert user is not None
            await mark_seen(session, user.id)
        served.services.pulse.beat()

    served.call(see())


def listed(client: httpx.Client, slug: str = "comercial") -> dict[str, Any]:
    answer = client.get("/board")
    assert answer.status_code == 200, answer.text
    (found,) = [each for each in answer.json()["queues"] if each["slug"] == slug]
    return dict(found)


def order(client: httpx.Client) -> list[str]:
    return [each["id"] for each in listed(client)["waiting"]]


def test_a_supervisor_sees_every_queue_and_an_agent_their_own(
    served: Served, waiting: list[Visitor]
) -> None:
    with served.team("supervisora@demo.ponte") as sueli, served.team("ana@demo.ponte") as ana:
        shown = listed(sueli)
        assert [each["id"] for each in shown["waiting"]] == [v.conversation for v in waiting]
        assert (shown["waiting_count"], shown["in_service_count"], shown["is_open"]) == (3, 0, True)
        assert shown["longest_wait_since"] == shown["waiting"][0]["waiting_since"]
        board = ana.get("/board").json()
    assert [each["slug"] for each in board["queues"]] == ["suporte"]
    assert "bruno@demo.ponte" not in [each["email"] for each in board["team"]]
    assert waiting[0].conversation not in str(board)


def test_the_order_is_changed_by_hand_and_by_priority_by_supervisors_alone(
    served: Served, waiting: list[Visitor]
) -> None:
    first, second, third = (visitor.conversation for visitor in waiting)
    with served.team("supervisora@demo.ponte") as sueli, served.team("admin@demo.ponte") as alice:
        assert sueli.post(f"/conversations/{third}/position", json={"to": "top"}).status_code == 200
        assert order(sueli) == [third, first, second]
        sueli.post(f"/conversations/{second}/position", json={"before": first})
        assert order(sueli) == [third, second, first]
        sueli.post(f"/conversations/{first}/priority", json={"priority": 1})
        assert order(sueli) == [first, third, second]
        alice.post(f"/conversations/{third}/position", json={"to": "down"})
        assert order(alice) == [first, second, third]
        across = sueli.post(f"/conversations/{third}/position", json={"before": first})
        assert (across.status_code, across.json()["error"]["field"]) == (400, "before")
        for body in ({}, {"to": "top", "before": first}, {"to": "middle"}):
            path = f"/conversations/{third}/position"
            assert sueli.post(path, json=body).status_code == 400
    with served.team("ana@demo.ponte") as ana:
        for action in ("position", "take-over", "priority"):
            answer = ana.post(f"/conversations/{third}/{action}", json={})
            assert answer.status_code == 403, action


def test_a_supervisor_hands_on_takes_over_and_gives_back(
    served: Served, waiting: list[Visitor]
) -> None:
    one = f"/conversations/{waiting[0].conversation}"
    with served.team("supervisora@demo.ponte") as sueli, served.team("ana@demo.ponte") as ana:
        sueli.post(f"{one}/assign", json={"queue": "suporte"})
        targets = sueli.get(f"{one}/targets").json()
        assert "ana@demo.ponte" in [each["email"] for each in targets["agents"]]
        assert "bruno@demo.ponte" not in [each["email"] for each in targets["agents"]]
        wrong = sueli.post(f"{one}/assign", json={"agent": "bruno@demo.ponte"})
        assert (wrong.status_code, wrong.json()["error"]["field"]) == (400, "agent")
        given = sueli.post(f"{one}/assign", json={"agent": "ana@demo.ponte"})
        assert given.json()["assignee"] == "Ana Atendente"
        assert listed(sueli, "suporte")["in_service_count"] == 1
        taken = sueli.post(f"{one}/take-over", json={})
        assert taken.json()["assignee"] == "Sueli Supervisora"
        for action, body in (("return", {}), ("assign", {"queue": "comercial"})):
            refused = ana.post(f"{one}/{action}", json=body)
            assert refused.status_code == 403, refused.text
            assert "com outra pessoa" in refused.json()["error"]["message"]
        assert sueli.post(f"{one}/return", json={}).json()["owner"] == "queue"
        events = sueli.get(f"{one}/events").json()["events"]
    reasons = [
        each["data"]["reason"] for each in events if each["kind"] == "conversation.owner_changed"
    ]
    assert reasons == ["move", "move", "assign", "take_over", "return"]


def test_what_a_customer_is_answered_first_counts_for_today(
    served: Served, waiting: list[Visitor]
) -> None:
    one = f"/conversations/{waiting[0].conversation}"
    with served.team("supervisora@demo.ponte") as sueli:
        before = listed(sueli)["first_responses_today"]
        sueli.post(f"{one}/claim", json={})
        for text in ("Bom dia!", "Como posso ajudar?"):
            body = {"client_id": str(uuid.uuid4()), "text": text}
            assert sueli.post(f"{one}/messages", json=body).status_code == 202
        after = listed(sueli)
    assert after["first_responses_today"] == before + 1
    assert 0 <= after["mean_first_response_seconds"] < 120


def test_who_says_available_gets_what_waits_and_who_says_away_does_not(
    served: Served, waiting: list[Visitor]
) -> None:
    async def serve() -> None:
        async with served.database.transaction() as session:
            bruno = await find_user(session, "bruno@demo.ponte")
            found = await find_queue(session, "comercial")
            assert bruno is not None
            assert found is not None
            if await session.get(QueueMember, (found.id, bruno.id)) is None:
                session.add(QueueMember(queue_id=found.id, user_id=bruno.id))

    served.call(serve())
    set_user(served, "bruno@demo.ponte", capacity=2)
    with served.team("supervisora@demo.ponte") as sueli, served.team("bruno@demo.ponte") as bruno:
        assert bruno.put("/me/presence", json={"presence": "away"}).status_code == 200
        set_queue(served, assignment=Assignment.ROUND_ROBIN)
        opens_console(served, "bruno@demo.ponte")
        assert bruno.get("/me/presence").json()["standing"] == "away"
        assert listed(sueli)["waiting_count"] == 3
        bruno_id = next(
            each["id"] for each in sueli.get("/board").json()["team"] if "bruno" in each["email"]
        )
        said = sueli.put(f"/users/{bruno_id}/presence", json={"presence": "available"})
        assert said.json()["standing"] == "available"
        served.until(lambda: listed(sueli)["in_service_count"] == 2, "the assignment")
        assert order(sueli) == [waiting[2].conversation]  # two are his capacity
        assert {each["assignee"] for each in listed(sueli)["in_service"]} == {"Bruno Atendente"}
        held = listed(sueli)["in_service"][0]["id"]
        bruno.post(f"/conversations/{held}/status", json={"status": "resolved"})
        served.until(lambda: listed(sueli)["waiting_count"] == 0, "the next one")


def test_nobody_but_supervisors_says_it_for_others(served: Served) -> None:
    with served.team("ana@demo.ponte") as ana, served.team("supervisora@demo.ponte") as sueli:
        answer = ana.put("/users/1/presence", json={"presence": "away"})
        assert answer.status_code == 403
        for user_id in ("999999", str(2**40), str(2**70)):
            answer = sueli.put(f"/users/{user_id}/presence", json={"presence": "away"})
            assert answer.status_code == 404, answer.text
        answer = sueli.put("/me/presence", json={"presence": "asleep"})
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "presence")
