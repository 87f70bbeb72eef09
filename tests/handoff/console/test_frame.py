"""The frame around every console page: places by role, theme, language, preferences."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from desk.passwords import hash_password
from desk.team.tables import Role
from tests.desk.building import a_user, until_settled
from tests.handoff.serving import PASSWORD, Served

PLACES = re.compile(r'class="rail__place"\s+href="([^"]+)"')


@pytest.fixture
def ana(served: Served) -> Iterator[httpx.Client]:
    """Ana's browser."""
    with signed_in(served, "ana@demo.ponte") as client:
        yield client


@contextmanager
def signed_in(served: Served, email: str) -> Iterator[httpx.Client]:
    """A browser after signing in."""
    with served.client(Origin=served.base_url) as client:
        answer = client.post("/console/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        yield client


def press(client: httpx.Client, path: str, /, **fields: str) -> httpx.Response:
    """Sends a form of a console page."""
    page = client.get("/console/").text
    found = re.search(r'data-csrf="([0-9a-f]+)"', page)
    assert found is not None
    return client.post(path, data={"csrf": found.group(1)} | fields)


def test_each_role_is_led_only_where_it_may_go(served: Served, ana: httpx.Client) -> None:
    assert "/console/board" not in PLACES.findall(ana.get("/console/").text)
    with signed_in(served, "supervisora@demo.ponte") as sueli:
        assert "/console/board" in PLACES.findall(sueli.get("/console/").text)


def test_a_theme_is_there_before_anything_is_drawn_and_on_the_next_sign_in_page(
    ana: httpx.Client,
) -> None:
    assert "data-theme" not in ana.get("/console/").text
    answer = press(ana, "/console/screen", theme="dark")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    assert '<html lang="pt-BR" data-theme="dark">' in ana.get("/console/").text
    assert 'data-theme="dark"' in ana.get("/console/login").text
    press(ana, "/console/screen", theme="system")
    assert "data-theme" not in ana.get("/console/").text


def test_a_theme_or_language_that_does_not_exist_changes_nothing(ana: httpx.Client) -> None:
    for field in ({"theme": "roxo"}, {"locale": "xx"}):
        assert press(ana, "/console/screen", **field).status_code == 400
    assert '<html lang="pt-BR"' in ana.get("/console/").text


def test_the_language_of_one_reader_is_nobody_else_s(ana: httpx.Client) -> None:
    press(ana, "/console/screen", locale="en")
    assert '<html lang="en"' in ana.get("/console/").text
    # The same connection serves a customer's page next.
    assert '<html lang="pt-BR"' in ana.get("/portal/login").text
    assert '<html lang="pt-BR"' in ana.get("/console/login").text
    press(ana, "/console/screen", locale="pt_BR")


def test_the_choice_leads_back_to_the_page_but_never_to_another_site(
    served: Served, ana: httpx.Client
) -> None:
    for referer, back in (
        (f"{served.base_url}/console/preferences?saved=1", "/console/preferences?saved=1"),
        ("https://example.com/console/x", "/console"),
    ):
        ana.headers["Referer"] = referer
        assert press(ana, "/console/screen", theme="system").headers["location"] == back
    del ana.headers["Referer"]


def test_switches_are_kept_and_one_that_is_off_stays_off(served: Served, ana: httpx.Client) -> None:
    answer = press(ana, "/console/preferences", sounds="on", notify_queue="on")
    assert answer.headers["location"] == "/console/preferences?saved=1"
    assert "Salvo." in ana.get("/console/preferences?saved=1").text
    with served.team("ana@demo.ponte") as api:
        kept = api.get("/me/preferences").json()
        assert (kept["sounds"], kept["notify_queue"]) == (True, True)
        assert (kept["desktop"], kept["shortcuts"], kept["notify_message"]) == (False, False, False)
        changed = api.patch("/me/preferences", json={"shortcuts": True, "theme": "light"}).json()
        assert (changed["shortcuts"], changed["theme"], changed["sounds"]) == (True, "light", True)
        assert api.patch("/me/preferences", json={"theme": "roxo"}).status_code == 400
        api.patch("/me/preferences", json={"theme": "system"})


def test_notices_are_told_from_a_number_on(served: Served) -> None:
    with served.team("ana@demo.ponte") as api, served.visitor() as maria:
        served.call(until_settled(served.database))
        start = api.get("/me/notices").json()
        assert start["notices"] == []
        maria.post("oi")
        served.queue_up(maria.conversation, "suporte")
        served.call(until_settled(served.database))
        told = api.get("/me/notices", params={"after": start["seq"]}).json()
        assert [(each["kind"], each["conversation"]) for each in told["notices"]] == [
            ("queue", maria.conversation)
        ]
        assert api.get("/me/notices", params={"after": told["seq"]}).json()["notices"] == []
        assert api.get("/me/notices", params={"after": "x"}).status_code == 400


def test_words_for_scripts_cannot_end_their_element(ana: httpx.Client) -> None:
    page = ana.get("/console/").text
    held = re.search(r'<script type="application/json" id="frame">(.*?)</script>', page)
    assert held is not None
    assert "<" not in held.group(1)


def test_a_designer_begins_where_there_is_something_for_them(served: Served) -> None:
    async def add() -> None:
        async with served.database.transaction() as session:
            email, hashed = "lia@demo.ponte", await hash_password(PASSWORD)
            await a_user(session, email, Role.DESIGNER, password_hash=hashed)

    served.call(add())
    with served.client(Origin=served.base_url) as lia:
        login = {"email": "lia@demo.ponte", "password": PASSWORD}
        begins = lia.post("/console/login", data=login).headers["location"]
        page = lia.get(begins)
        assert page.status_code == 200
        assert "/console/tickets" not in PLACES.findall(page.text)
        assert lia.get("/console/inbox").status_code == 403
