"""Sources of the documentation over the JSON API and in the console; the work is done behind."""

import time
from typing import Any

import httpx
import pytest

from tests.handoff.console.test_settings_access import csrf_of, signed_in
from tests.handoff.serving import Served
from tests.handoff.test_settings_api import ADMIN, SUPERVISOR, error_of, made

ALL = "/knowledge/sources"
PAGES = "/console/settings/sources"


def until_read(admin: httpx.Client, source_id: object) -> dict[str, Any]:
    for _ in range(300):
        sources = admin.get(ALL).json()["sources"]
        found: dict[str, Any] = next(each for each in sources if each["id"] == source_id)
        if not found["reading"]:
            return found
        time.sleep(0.1)
    raise AssertionError("nobody read the source")


def test_a_site_is_added_read_behind_told_about_and_removed(served: Served) -> None:
    with served.team(ADMIN) as admin:
        added = made(admin.post(ALL, json={"address": "http://127.0.0.1:9/ajuda/#topo"}))
        assert (added["address"], added["reading"]) == ("http://127.0.0.1:9/ajuda/", True)
        # This machine itself is no site of anybody's.
        first = until_read(admin, added["id"])
        assert (first["outcome"], first["problem"]) == ("failed", "forbidden")
        again = admin.post(f"{ALL}/{added['id']}/read")
        assert (again.status_code, again.json()["reading"]) == (202, True)
        until_read(admin, added["id"])
        assert admin.get(f"{ALL}/{added['id']}/errors").json() == {"errors": []}
        twice = error_of(admin.post(ALL, json={"address": "http://127.0.0.1:9/ajuda/"}))
        assert twice["field"] == "address"
        with signed_in(served, ADMIN) as browser:
            page = browser.get(f"{PAGES}/{added['id']}").text
            assert "rede privada" in page
            assert "Falhou" in page
            assert "rede privada" in browser.get(PAGES).text
        assert admin.delete(f"{ALL}/{added['id']}").status_code == 204
        assert admin.get(f"{ALL}/{added['id']}/errors").status_code == 404
        kinds = [event["kind"] for event in admin.get("/audit").json()["events"]]
    assert [kind for kind in kinds if kind.startswith("knowledge_source")][:3] == [
        "knowledge_source.removed",
        "knowledge_source.reread",
        "knowledge_source.created",
    ]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "asdf",
        "localhost:8000",
        "não sei.",
        "http://a b.example/",
        "ftp://a.example/",
        "javascript:alert(1)",
        "http://u:p@a.example/",
        "x" * 501,
    ],
)
def test_what_is_no_address_is_refused_beside_its_field_and_stays_typed(
    served: Served, address: str
) -> None:
    with served.team(ADMIN) as admin:
        assert error_of(admin.post(ALL, json={"address": address}))["field"] == "address"
    with signed_in(served, ADMIN) as browser:
        form = {"csrf": csrf_of(browser), "address": address}
        refused = browser.post(f"{PAGES}/", data=form)
        assert refused.status_code == 400
        assert "address-error" in refused.text


def test_only_admins_reach_the_sources(served: Served) -> None:
    with served.team(SUPERVISOR) as person:
        assert person.get(ALL).status_code == 403
        assert person.post(ALL, json={"address": "https://a.example/"}).status_code == 403
        assert person.delete(f"{ALL}/1").status_code == 403
