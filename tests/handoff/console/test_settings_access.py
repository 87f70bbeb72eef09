"""Who reaches the pages of the settings, and what becomes of forms that are not ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from handoff.console.settings.sections import SECTIONS
from tests.handoff.serving import PASSWORD, Served

ROOT = "/console/settings"
PATHS = [section.path for _, sections in SECTIONS for section in sections]
FOR_SUPERVISORS = {
    *("users", "queues", "service-levels", "routing", "canned-replies", "tags", "rules"),
    "portal-note",
}


@contextmanager
def signed_in(served: Served, email: str) -> Iterator[httpx.Client]:
    """A browser of somebody of the team."""
    with served.client() as client:
        login = {"email": email, "password": PASSWORD}
        assert client.post("/console/login", data=login).status_code == 302
        yield client


@pytest.fixture
def admin(served: Served) -> Iterator[httpx.Client]:
    with signed_in(served, "admin@demo.ponte") as client:
        yield client


def csrf_of(client: httpx.Client) -> str:
    found = re.search(r'data-csrf="([0-9a-f]+)"', client.get(ROOT + "/tags").text)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("path", PATHS)
def test_each_page_opens_for_its_roles_alone(served: Served, path: str) -> None:
    allowed = {
        "admin@demo.ponte": True,
        "supervisora@demo.ponte": path in FOR_SUPERVISORS,
        "ana@demo.ponte": path == "canned-replies",
    }
    for email, opens in allowed.items():
        with signed_in(served, email) as client:
            assert client.get(f"{ROOT}/{path}").status_code == (200 if opens else 403), email
            shown = re.findall(rf'href="{ROOT}/([\w-]+)"', client.get(ROOT).text)
            assert (path in shown) is opens, email


def test_a_supervisor_reads_people_and_queues_but_changes_none(served: Served) -> None:
    with signed_in(served, "supervisora@demo.ponte") as sueli:
        for path in ("users", "queues"):
            page = sueli.get(f"{ROOT}/{path}").text
            assert f'href="{ROOT}/{path}/' not in page
            assert sueli.get(f"{ROOT}/{path}/1").status_code == 403
            form = {"csrf": csrf_of(sueli), "name": "x"}
            assert sueli.post(f"{ROOT}/{path}/1", data=form).status_code == 403


@pytest.mark.parametrize("path", ["/imports", "/brand/logo", "/channels/1/logo", "/tags"])
def test_a_form_without_the_pages_token_changes_nothing(admin: httpx.Client, path: str) -> None:
    files = {"csv": ("x.csv", b"cnpj;nome\n", "text/csv")}
    answer = admin.post(ROOT + path, data={"name": "x", "kind": "companies"}, files=files)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.png", b"<svg onload=alert(1)></svg>", "não é uma imagem"),
        ("a.png", b"", "vazio"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 1_100_000, "passa de 1 MB"),
    ],
)
def test_only_small_pictures_become_logos(
    admin: httpx.Client, name: str, data: bytes, words: str
) -> None:
    answer = admin.post(
        ROOT + "/brand/logo", data={"csrf": csrf_of(admin)}, files={"logo": (name, data)}
    )
    assert answer.status_code == 400
    assert words in answer.text or "Escolha uma imagem" in answer.text


def test_what_was_typed_stands_in_the_refused_form_and_runs_nowhere(admin: httpx.Client) -> None:
    form = {"csrf": csrf_of(admin), "name": '"><script>x</script>', "email": "nada"}
    answer = admin.post(ROOT + "/users/new", data=form)
    assert answer.status_code == 400
    assert "O e-mail não é válido" in answer.text
    assert "<script>x" not in answer.text
    assert "&lt;script&gt;x" in answer.text


def test_ids_that_no_database_can_hold_are_not_found(admin: httpx.Client) -> None:
    for path in ("users", "queues", "tags", "companies", "contacts", "channels", "calendars"):
        for number in (2**31, 2**70):
            assert admin.get(f"{ROOT}/{path}/{number}").status_code == 404, path


def test_the_own_password_needs_the_current_one_and_ends_other_logins(served: Served) -> None:
    email = "bruno@demo.ponte"
    with signed_in(served, email) as here, signed_in(served, email) as there:
        page = here.get("/console/profile/password").text
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        new = {"csrf": csrf, "password": "uma frase curta", "again": "uma frase curta"}
        refused = here.post("/console/profile/password", data=new | {"current": "errada"})
        assert "A senha atual não confere." in refused.text
        changed = here.post("/console/profile/password", data=new | {"current": PASSWORD})
        assert changed.headers["location"] == "/console/profile?ok=saved"
        assert here.get("/console/profile").status_code == 200
        assert there.get("/console/profile").headers["location"] == "/console/login"
