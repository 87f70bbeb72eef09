"""Who may see and do what in the console and the portal, over HTTP against the real service."""

import json
import re
import time
import uuid

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.typing import Origin

from tests.system import RunningSystem
from tests.webchat import WebChat, wait_until

SIGNED_OUT = 4401


@pytest.mark.parametrize(
    "path",
    [
        "/console",
        "/console/inbox",
        "/console/inbox/more",
        "/console/inbox/filters",
        "/console/inbox/companies",
        "/console/conversations/x",
        "/console/conversations/x/pane",
    ],
)
def test_nothing_of_the_console_is_shown_to_a_stranger(system: RunningSystem, path: str) -> None:
    answer = httpx.get(system.base_url + path)
    assert (answer.status_code, answer.headers["location"]) == (302, "/console/login")


def test_a_part_of_the_page_asked_for_after_the_login_ended_leads_the_page_to_the_login(
    system: RunningSystem,
) -> None:
    answer = httpx.get(f"{system.base_url}/console/inbox", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/console/login")


def test_wrong_passwords_and_unknown_people_get_the_same_words(system: RunningSystem) -> None:
    answers = [
        httpx.post(f"{system.base_url}/console/login", data={"email": email, "password": "errada"})
        for email in ("ana@demo.ponte", "ninguem@demo.ponte")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert all("E-mail ou senha não conferem." in answer.text for answer in answers)


def test_whoever_guesses_passwords_must_wait(system: RunningSystem) -> None:
    email = f"{uuid.uuid4().hex}@demo.ponte"
    codes = [
        httpx.post(
            f"{system.base_url}/portal/login", data={"email": email, "password": str(attempt)}
        ).status_code
        for attempt in range(11)
    ]
    assert codes == [401] * 10 + [429]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    system: RunningSystem,
) -> None:
    with _signed_in(system) as ana:
        (cookie,) = [
            value for key, value in ana.last_login.headers.multi_items() if key == "set-cookie"
        ]
        assert cookie.startswith("ponte_session=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_pages_allow_no_script_but_our_own(system: RunningSystem) -> None:
    for path in ("/console/login", "/portal/login", "/webchat/demo"):
        answer = httpx.get(system.base_url + path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", answer.text)


def test_a_post_without_the_pages_token_changes_nothing(
    system: RunningSystem, waiting: str
) -> None:
    with _signed_in(system) as ana:
        path = f"/console/conversations/{waiting}/claim"
        assert ana.client.post(path).status_code == 403
        ana.client.headers["Sec-Fetch-Site"] = "cross-site"
        assert ana.post(path).status_code == 403
        assert "Na fila Suporte" in ana.client.get(f"/console/conversations/{waiting}/pane").text


def test_an_agent_of_another_queue_finds_no_such_conversation(
    system: RunningSystem, waiting: str
) -> None:
    with _signed_in(system, "bruno@demo.ponte") as bruno:
        assert waiting not in bruno.client.get("/console/inbox?view=queue").text
        assert bruno.client.get(f"/console/conversations/{waiting}/pane").status_code == 404
        for action in ("claim", "return", "release", "notes", "seen"):
            fields = {"text": "x", "seq": "1", "status": "closed"}
            answer = bruno.post(f"/console/conversations/{waiting}/{action}", fields)
            assert waiting not in answer.text
        form = {"text": (None, "x"), "client_id": (None, str(uuid.uuid4()))}
        path = f"/console/conversations/{waiting}/messages"
        assert bruno.post(path, files=form).status_code == 404
    with _signed_in(system) as ana:
        assert "Na fila Suporte" in ana.client.get(f"/console/conversations/{waiting}/pane").text


def test_an_answer_sent_twice_is_one_message_and_needs_a_claim_first(
    system: RunningSystem, waiting: str
) -> None:
    with _signed_in(system) as ana:
        path = f"/console/conversations/{waiting}/messages"
        form = {"text": (None, "bom dia"), "client_id": (None, str(uuid.uuid4()))}
        refused = ana.post(path, files=form)
        assert refused.status_code == 409
        assert refused.json()["error"]["message"] == "Assuma a conversa antes de responder."
        assert ana.post(f"/console/conversations/{waiting}/claim").status_code == 200
        first, again = ana.post(path, files=form), ana.post(path, files=form)
        assert first.json() == again.json()
        empty = ana.post(path, files={"client_id": (None, str(uuid.uuid4()))})
        assert empty.status_code == 400
        assert (
            ana.post(
                f"/console/conversations/{waiting}/status", {"status": "inventado"}
            ).status_code
            == 400
        )


def test_the_live_stream_tells_a_signed_in_page_of_our_own_site_what_changed(
    system: RunningSystem, waiting: str
) -> None:
    with _signed_in(system) as ana, _live(system, ana.cookie, system.base_url) as socket:
        assert json.loads(socket.recv(timeout=10))["conversations"] == []
        ana.post(f"/console/conversations/{waiting}/notes", {"text": "olhar isto"})
        assert json.loads(socket.recv(timeout=10))["conversations"] == [waiting]


def test_the_live_stream_is_closed_to_strangers_other_sites_and_other_queues(
    system: RunningSystem, waiting: str
) -> None:
    with _signed_in(system) as ana, _signed_in(system, "bruno@demo.ponte") as bruno:
        for cookie, origin in (("", system.base_url), (ana.cookie, "https://evil.example")):
            with _live(system, cookie, origin) as socket, pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=10)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == SIGNED_OUT
        with _live(system, bruno.cookie, system.base_url) as socket:
            socket.recv(timeout=10)
            ana.post(f"/console/conversations/{waiting}/notes", {"text": "segredo"})
            assert not _heard(socket, seconds=1.5)  # That Bruno himself has come may be told.


def _heard(socket: Connection, seconds: float) -> list[str]:
    """The conversations named within a while."""
    named: list[str] = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            named += json.loads(socket.recv(timeout=left))["conversations"]
        except TimeoutError:
            break
    return named


@pytest.fixture
def waiting(system: RunningSystem) -> str:
    """A conversation that waits in the queue Suporte."""
    with WebChat(system, visitor_id=str(uuid.uuid4())) as chat:
        chat.ask("quero falar com um atendente")
        wait_until(lambda: chat.state["owner"] == "queue", what="the handoff")
        return chat.conversation


class _SignedIn:
    """A browser signed in to the console."""

    def __init__(self, system: RunningSystem, email: str) -> None:
        self.client = httpx.Client(base_url=system.base_url, timeout=30)
        login = {"email": email, "password": system.demo_password}
        self.last_login = self.client.post("/console/login", data=login)
        assert self.last_login.status_code == 302
        page = self.client.get("/console").text
        match = re.search(r'data-csrf="([0-9a-f]+)"', page)
        assert match is not None
        self.csrf = match.group(1)
        self.cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())

    def post(
        self,
        path: str,
        fields: dict[str, str] | None = None,
        files: dict[str, tuple[None, str]] | None = None,
    ) -> httpx.Response:
        """A post as the page makes it."""
        headers = {"X-CSRF-Token": self.csrf}
        return self.client.post(path, data=fields, files=files, headers=headers)

    def __enter__(self) -> "_SignedIn":
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()


def _signed_in(system: RunningSystem, email: str = "ana@demo.ponte") -> _SignedIn:
    return _SignedIn(system, email)


def _live(system: RunningSystem, cookie: str, origin: str) -> Connection:
    url = system.base_url.replace("http", "ws") + "/console/live"
    headers = {"Cookie": cookie} if cookie else {}
    return connect(url, origin=Origin(origin), additional_headers=headers)
