"""Signing in, the provisional password, the forgotten one."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, update

from desk.contacts.portal_access import (
    draw_credentials,
    issue_credentials,
    open_portal_login,
    request_credentials,
)
from desk.contacts.tables import PasswordReset, PortalAccount
from desk.db import Database
from tests.handoff.portal.people import PASSWORD, Person
from tests.handoff.serving import Served

NEW = "outra senha bem minha"
LINK = re.compile(r"(http\S+/portal/reset\?token=\S+)")
PAGES = ("/portal", "/portal/tickets/new", "/portal/tickets/2026-000001")


@pytest.mark.parametrize("path", [*PAGES, "/portal/password"])
def test_a_stranger_is_led_to_the_login(served: Served, path: str) -> None:
    with served.client() as stranger:
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"]) == (302, "/portal/login")


@pytest.mark.parametrize("path", ["/portal/tickets/new", "/portal/tickets/2026-000001"])
def test_a_strangers_form_is_led_to_the_login_unread(served: Served, path: str) -> None:
    with served.client() as stranger:
        answer = stranger.post(path, files={"files": ("a.txt", b"x" * 300_000)})
        assert (answer.status_code, answer.headers["location"]) == (302, "/portal/login")


def test_what_the_chat_gave_opens_nothing_but_the_change_of_the_password(served: Served) -> None:
    with Person(served, provisional=True) as maria:
        number = maria.ticket()
        answer = maria.log_in(f"  {PASSWORD} ")
        assert (answer.status_code, answer.headers["location"]) == (303, "/portal/password")
        for path in (*PAGES, f"/portal/tickets/{number}"):
            assert maria.get(path).headers["location"] == "/portal/password", path
        csrf = maria.csrf()
        for path in ("/portal/tickets/new", f"/portal/tickets/{number}"):
            answer = maria.send_raw(path, {"csrf": csrf, "key": "k", "text": "oi"})
            assert answer.headers["location"] == "/portal/password", path
        answer = maria.post(f"/portal/tickets/{number}/rating", score="5")
        assert answer.headers["location"] == "/portal/password"
        assert maria.actions(number) == []
        assert len(maria.tickets()) == 1

        page = maria.get("/portal/password").text
        assert "Crie a sua senha" in page
        assert "Senha atual" not in page
        answer = maria.post("/portal/password", password=NEW, again=NEW)
        assert (answer.status_code, answer.headers["location"]) == (303, "/portal?ok=senha")
        assert f"#{number}" in maria.get().text
        assert maria.log_in(PASSWORD).status_code == 401
        assert maria.log_in(NEW).headers["location"] == "/portal"


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("curta", "curta", "Use uma senha de 8 a 128 caracteres."),
        (NEW, "outra coisa", "As duas senhas não são iguais."),
        (PASSWORD, PASSWORD, "Esta é a senha que você já tem."),
        ("", "", "Use uma senha de 8 a 128 caracteres."),
    ],
)
def test_a_password_that_cannot_be_is_refused_in_words(
    served: Served, password: str, again: str, words: str
) -> None:
    with Person(served, provisional=True) as maria:
        maria.enter()
        answer = maria.post("/portal/password", password=password, again=again)
        assert answer.status_code == 400
        assert words in answer.text
        assert maria.get().headers["location"] == "/portal/password"
        answer = maria.post("/portal/password", password=maria.email, again=maria.email)
        assert "A senha não pode ser o seu e-mail." in answer.text


def test_a_later_change_asks_for_the_current_password_and_ends_other_logins(
    served: Served,
) -> None:
    with Person(served) as maria, served.client() as elsewhere:
        elsewhere.cookies.set("ponte_portal", maria.enter().token)
        maria.enter()
        wrong = maria.post("/portal/password", current="errada", password=NEW, again=NEW)
        assert wrong.status_code == 400
        assert "A senha atual não confere." in wrong.text
        assert 'aria-invalid="true"' in wrong.text
        assert elsewhere.get("/portal").status_code == 200
        maria.post("/portal/password", current=PASSWORD, password=NEW, again=NEW)
        assert maria.get().status_code == 200
        assert elsewhere.get("/portal").headers["location"] == "/portal/login"


def test_wrong_unknown_and_expired_get_the_same_words(served: Served) -> None:
    with Person(served) as maria, Person(served, provisional=True) as late:

        async def expire() -> None:
            past = datetime.now(UTC) - timedelta(minutes=1)
            async with served.database.transaction() as session:
                await session.execute(
                    update(PortalAccount)
                    .where(PortalAccount.id == late.account_id)
                    .values(provisional_expires_at=past)
                )

        served.call(expire())
        answers = [maria.log_in("errada"), late.log_in()]
        maria.email = "ninguem@exemplo.com.br"
        answers.append(maria.log_in())
        assert [answer.status_code for answer in answers] == [401] * 3
        assert all("ou a senha provisória venceu" in answer.text for answer in answers)
        assert all(PASSWORD not in answer.text for answer in answers)


def test_a_password_asked_for_in_the_chat_ends_what_was_signed_in(served: Served) -> None:
    with Person(served) as maria:
        maria.enter()

        async def ask_in_the_chat() -> None:
            async with served.database.transaction() as session:
                given = await request_credentials(session, maria.contact_id, "chat")
            drawn = await draw_credentials(served.services.vault, [given.placeholder])
            async with served.database.transaction() as session:
                await issue_credentials(session, "chat", drawn)

        served.call(ask_in_the_chat())
        assert maria.get().headers["location"] == "/portal/login"


def test_signing_out_ends_the_login_in_the_database_too(served: Served) -> None:
    with Person(served) as maria, served.client() as thief:
        maria.enter()
        thief.cookies.set("ponte_portal", maria.token)
        answer = maria.post("/portal/logout")
        assert answer.headers["location"] == "/portal/login?ok=saiu"
        assert "Você saiu do portal" in maria.get("/portal/login", ok="saiu").text
        assert thief.get("/portal").headers["location"] == "/portal/login"


def test_a_forgotten_password_comes_back_by_e_mail_once(served: Served) -> None:
    with Person(served) as maria, served.client(Accept="text/html") as browser:
        maria.enter()
        asked = browser.post("/portal/forgot", data={"email": f" {maria.email.upper()} "})
        assert asked.status_code == 200
        link = link_to(served, maria.email)
        page = browser.get(link)
        assert page.status_code == 200
        assert maria.email in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert maria.get().status_code == 200  # looking at the page ends nothing

        token = httpx.URL(link).params["token"]
        differ = {"token": token, "password": NEW, "again": "x"}
        assert browser.post("/portal/reset", data=differ).status_code == 400
        both = {"token": token, "password": NEW, "again": NEW}
        done = browser.post("/portal/reset", data=both)
        assert (done.status_code, done.headers["location"]) == (303, "/portal/login?ok=senha")
        assert "Senha alterada" in browser.get(done.headers["location"]).text
        assert maria.get().headers["location"] == "/portal/login"
        assert maria.log_in(NEW).headers["location"] == "/portal"

        for answer in (browser.get(link), browser.post("/portal/reset", data=both)):
            assert answer.status_code == 410
            assert "Este endereço não vale mais" in answer.text
            assert "/portal/forgot" in answer.text
            assert token not in answer.text
            assert answer.headers["referrer-policy"] == "no-referrer"


def test_an_expired_or_a_made_up_link_says_what_to_do(served: Served) -> None:
    with Person(served) as maria, served.client() as browser:
        browser.post("/portal/forgot", data={"email": maria.email})
        link = link_to(served, maria.email)

        async def expire() -> None:
            async with served.database.transaction() as session:
                await session.execute(
                    update(PasswordReset)
                    .where(PasswordReset.account_id == maria.account_id)
                    .values(expires_at=datetime.now(UTC))
                )

        served.call(expire())
        for address in (link, "/portal/reset?token=x", "/portal/reset", "/portal/reset?token=%00"):
            answer = browser.get(address)
            assert answer.status_code == 410
            assert "Este endereço não vale mais" in answer.text


def test_nobody_learns_at_the_forgotten_password_who_has_an_account(served: Served) -> None:
    with Person(served) as maria, served.client() as browser:
        unknown = "x" * (len(maria.email) - 16) + "@exemplo.example"
        pages = []
        for email in (maria.email, unknown):
            answer = browser.post("/portal/forgot", data={"email": email})
            assert answer.status_code == 200
            assert answer.elapsed >= timedelta(seconds=0.35)
            pages.append(answer.text.replace(email, "E"))
        assert pages[0] == pages[1]
        for email in (maria.email, unknown):
            codes = [
                browser.post("/portal/forgot", data={"email": email}).status_code for _ in range(5)
            ]
            assert codes == [200] * 4 + [429]


def test_the_secret_of_the_link_is_stored_hashed_and_in_no_log(
    served: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    with Person(served) as maria, served.client(Accept="text/html") as browser:
        browser.post("/portal/forgot", data={"email": maria.email})
        link = link_to(served, maria.email)
        token = httpx.URL(link).params["token"]
        browser.get(link)
        browser.post("/portal/reset", data={"token": token, "password": "x", "again": "y"})
        browser.put(link)

        async def hashes(database: Database) -> list[str]:
            async with database.reading() as session:
                return list((await session.execute(select(PasswordReset.token_hash))).scalars())

        assert token not in served.call(hashes(served.database))
        written = capfd.readouterr()
        assert token not in written.out + written.err


def test_a_form_without_the_pages_token_or_from_another_site_changes_nothing(
    served: Served,
) -> None:
    with Person(served) as maria:
        maria.enter()
        number = maria.ticket()
        forged = {"csrf": "0" * 64, "key": "k", "text": "oi", "subject": "a", "description": "b"}
        for path in ("/portal/tickets/new", f"/portal/tickets/{number}"):
            answer = maria.send_raw(path, forged)
            assert answer.status_code == 403
            assert "Recarregue e tente de novo" in answer.text
            assert "<html" in answer.text  # a page, not JSON: a person reads it
        answer = maria.client.post("/portal/password", data={"password": NEW, "again": NEW})
        assert answer.status_code == 403
        maria.client.headers["Sec-Fetch-Site"] = "cross-site"
        answer = maria.send(f"/portal/tickets/{number}", text="oi")
        assert answer.status_code == 403
        assert maria.actions(number) == []
        assert len(maria.tickets()) == 1


def test_a_login_of_the_past_is_none(served: Served) -> None:
    with Person(served) as maria:

        async def old() -> str:
            async with served.database.transaction() as session:
                return await open_portal_login(session, maria.account_id, -1)

        maria.token = served.call(old())
        assert maria.get().headers["location"] == "/portal/login"


def link_to(served: Served, email: str) -> str:
    """The address in the e-mail."""
    folder = served.services.settings.mail_dir
    links: list[str] = []

    def has_come() -> bool:
        for path in sorted(folder.glob("*.eml")):
            text = path.read_text("utf-8")
            if f"To: {email}" in text and (match := LINK.search(text)):
                links.append(match.group(1))
        return bool(links)

    served.until(has_come, "the e-mail")
    return links[-1]
