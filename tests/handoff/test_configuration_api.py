"""What is set in the console, over the JSON API."""

import pytest

from tests.handoff.serving import Served

ADMIN, SUPERVISOR, AGENT = "admin@demo.ponte", "supervisora@demo.ponte", "ana@demo.ponte"


def test_an_admin_sets_the_brand_and_everybody_who_may_reads_it(served: Served) -> None:
    brand = {"name": "Acme", "color": "#0B6E4F", "shows_agent_first_name": True}
    with served.team(ADMIN) as admin, served.team(SUPERVISOR) as supervisor:
        answer = admin.put("/configuration/brand", json=brand)
        assert answer.status_code == 200
        assert answer.json()["color"] == "#0b6e4f"
        assert supervisor.get("/configuration/brand").json() == answer.json()
        assert supervisor.put("/configuration/brand", json=brand).status_code == 403
        admin.put("/configuration/brand", json={})


def test_a_supervisor_writes_the_portal_note_and_an_agent_only_reads_it(served: Served) -> None:
    note = {"text": "Instabilidade no portal desde 14h"}
    with served.team(SUPERVISOR) as supervisor, served.team(AGENT) as agent:
        assert supervisor.put("/configuration/portal-note", json=note).status_code == 200
        assert agent.get("/configuration/portal-note").json()["text"] == note["text"]
        assert agent.put("/configuration/portal-note", json=note).status_code == 403
        assert agent.get("/configuration/automation").status_code == 403
        supervisor.put("/configuration/portal-note", json={})


def test_an_admin_sets_where_customers_show_their_screen(served: Served) -> None:
    link = {"screen_share_url": "https://tela.example/acme"}
    with served.team(ADMIN) as admin, served.team(SUPERVISOR) as supervisor:
        assert admin.put("/configuration/direct-support", json=link).json() == link
        assert supervisor.get("/configuration/direct-support").json() == link
        assert supervisor.put("/configuration/direct-support", json=link).status_code == 403
        changes = admin.get("/audit?kind=configuration.changed").json()["events"]
        assert changes[0]["data"]["after"] == link
        admin.put("/configuration/direct-support", json={})


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("direct-support", {"screen_share_url": "javascript:alert(1)"}, "screen_share_url"),
        ("direct-support", {"screen_share_url": "http://tela.example"}, "screen_share_url"),
        ("direct-support", {"screen_share_url": "https://a@b.example"}, "screen_share_url"),
        ("direct-support", {"screen_share_url": "https://[x"}, "screen_share_url"),
        ("brand", {"color": "azul"}, "color"),
        ("brand", {"nome": "Acme"}, "nome"),
        ("brand", {"logo_media_id": 999_999}, "logo_media_id"),
        ("brand", {"logo_media_id": 10**30}, "logo_media_id"),
        ("automation", {"tell_place_in_queue": "talvez"}, "tell_place_in_queue"),
        ("portal-note", {"text": "x" * 501}, "text"),
        ("portal-note", {"text": "x", "starts_at": "ontem"}, "starts_at"),
        ("portal-note", {"text": "x", "ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        (
            "portal-note",
            {"starts_at": "2026-03-02T10:00:00Z", "ends_at": "2026-03-02T09:00:00Z"},
            "body",
        ),
    ],
)
def test_a_wrong_value_is_named(
    served: Served, path: str, body: dict[str, object], field: str
) -> None:
    with served.team(ADMIN) as admin:
        answer = admin.put(f"/configuration/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field
