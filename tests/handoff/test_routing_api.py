"""Examples of routing over the JSON API and on the page of the settings."""

from tests.handoff.serving import Served

SUPERVISOR, AGENT = "supervisora@demo.ponte", "ana@demo.ponte"
TEXT = "plaquetas do tombamento patrimonial"


def test_supervisors_teach_try_and_forget_examples_and_agents_do_not(served: Served) -> None:
    with served.team(AGENT) as agent:
        assert agent.get("/routing/examples").status_code == 403
        assert agent.post("/routing/examples", json={}).status_code == 403
    with served.team(SUPERVISOR) as sueli:
        (queue, *_) = sueli.get("/queues").json()["queues"]
        body = {"text": f"  {TEXT} ", "queue_id": queue["id"]}
        made = sueli.post("/routing/examples", json=body)
        assert made.status_code == 201, made.text
        assert made.json()["text"] == TEXT
        again = sueli.post("/routing/examples", json=body)
        assert again.status_code == 400
        assert again.json()["error"]["field"] == "text"
        shown = sueli.get("/routing/examples").json()["examples"]
        assert TEXT in [each["text"] for each in shown]
        tried = sueli.post("/routing/try", json={"text": TEXT}).json()
        assert set(tried) == {"queue", "how", "example_id", "confidence"}
        path = f"/routing/examples/{made.json()['id']}"
        assert sueli.delete(path).status_code == 204
        assert sueli.delete(path).status_code == 404


def test_an_example_is_of_a_queue_or_of_a_type(served: Served) -> None:
    with served.team(SUPERVISOR) as sueli:
        for body in (
            {"text": TEXT},
            {"text": TEXT, "queue_id": 1, "request_type_id": 1},
            {"text": TEXT, "queue_id": 999_999},
            {"text": "", "queue_id": 1},
            {"text": "a" * 301, "queue_id": 1},
        ):
            assert sueli.post("/routing/examples", json=body).status_code == 400
