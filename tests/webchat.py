"""A customer at the web chat and an agent at the JSON API, for tests, journeys and benchmarks."""

import time
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from tests.system import RunningSystem

Message = dict[str, Any]
REPLY_SECONDS = 45.0
# A turn's replies are stored together; this is for those that the outbox sends one by one.
SETTLE_SECONDS = 0.6
LONG_POLL_SECONDS = 5


class WebChat:
    """One visitor of the web chat, over the public API alone."""

    def __init__(
        self, system: RunningSystem | str, channel: str = "demo", visitor_id: str | None = None
    ) -> None:
        self.base_url = system if isinstance(system, str) else system.base_url
        self.channel = channel
        self.visitor_id = visitor_id
        self.conversation = ""
        self.seen_seq = 0
        self.client = httpx.Client(
            base_url=f"{self.base_url}/webchat/{channel}", timeout=LONG_POLL_SECONDS + 25
        )

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self, name: str | None = None) -> Self:
        """Begins a session; later calls carry its token."""
        body = {"visitor_id": self.visitor_id, "name": name}
        answer = self.client.post(
            "/sessions", json={key: value for key, value in body.items() if value}
        )
        answer.raise_for_status()
        session = answer.json()
        self.conversation = session["conversation"]
        self.client.headers["Authorization"] = f"Bearer {session['session']}"
        return self

    def close(self) -> None:
        """Closes the connections."""
        self.client.close()

    def post(self, text: str, client_id: str | None = None, **more: object) -> httpx.Response:
        """Posts a message and gives the bare answer."""
        body = {"client_id": client_id or str(uuid.uuid4()), "text": text, **more}
        return self.client.post("/messages", json=body)

    def send(self, text: str, client_id: str | None = None, **more: object) -> Message:
        """Posts a message that must be accepted; gives its id and seq."""
        answer = self.post(text, client_id, **more)
        answer.raise_for_status()
        accepted: Message = answer.json()
        return accepted

    def press(self, button: Mapping[str, str]) -> Message:
        """Presses a button of a reply."""
        return self.send(button["title"], payload=button["payload"])

    def post_file(
        self, name: str, content: bytes, mime: str, text: str = "", client_id: str | None = None
    ) -> httpx.Response:
        """Posts a file and gives the bare answer."""
        return self.client.post(
            "/messages",
            data={"client_id": client_id or str(uuid.uuid4()), "text": text},
            files={"file": (name, content, mime)},
        )

    def page(self, after: int = 0, wait: float = 0) -> dict[str, Any]:
        """The messages after a seq, and the state of the conversation."""
        answer = self.client.get("/messages", params={"after": after, "wait": wait})
        answer.raise_for_status()
        page: dict[str, Any] = answer.json()
        return page

    def messages(self) -> list[Message]:
        """All messages of the conversation, in order."""
        everything: list[Message] = []
        while batch := self.page(everything[-1]["seq"] if everything else 0)["messages"]:
            everything += batch
        return everything

    @property
    def replies(self) -> list[str]:
        """The texts of all that came back, in order."""
        return [message["text"] for message in self.messages() if message["direction"] == "out"]

    @property
    def state(self) -> dict[str, Any]:
        """Status and owner of the conversation."""
        state: dict[str, Any] = self.page()["conversation"]
        return state

    def wait_reply(self, timeout_seconds: float = REPLY_SECONDS) -> list[Message]:
        """Waits for what comes back and was not seen yet; gives the whole turn.

        Raises:
            AssertionError: nothing came in time.
        """
        deadline = time.monotonic() + timeout_seconds
        turn: list[Message] = []
        while not turn:
            if time.monotonic() > deadline:
                raise AssertionError(f"no reply within {timeout_seconds:.0f} s")
            turn += self._unseen(LONG_POLL_SECONDS)
        while more := self._after_a_moment():
            turn += more
        return turn

    def ask(self, text: str, timeout_seconds: float = REPLY_SECONDS) -> str:
        """Sends a text and gives the reply's texts, one a line."""
        self.send(text)
        return "\n".join(message["text"] for message in self.wait_reply(timeout_seconds))

    def _unseen(self, wait_seconds: float) -> list[Message]:
        fresh = self.page(self.seen_seq, wait_seconds)["messages"]
        if fresh:
            self.seen_seq = max(message["seq"] for message in fresh)
        return [message for message in fresh if message["direction"] == "out"]

    def _after_a_moment(self) -> list[Message]:
        time.sleep(SETTLE_SECONDS)
        return self._unseen(0)


class Agent:
    """A person of the team, over the JSON API."""

    def __init__(self, system: RunningSystem, email: str = "ana@demo.ponte") -> None:
        self.client = httpx.Client(base_url=f"{system.base_url}/api/v1", timeout=30)
        answer = self.client.post(
            "/session", json={"email": email, "password": system.demo_password}
        )
        answer.raise_for_status()
        self.client.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a page that must exist."""
        answer = self.client.get(path, params=params)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        """The bare answer to a write."""
        return self.client.post(path, json=dict(body or {}))

    def claim(self, conversation: str) -> httpx.Response:
        """Takes a conversation over."""
        return self.post(f"/conversations/{conversation}/claim")

    def say(self, conversation: str, text: str, client_id: str | None = None) -> httpx.Response:
        """Writes to the customer."""
        body = {"text": text, "client_id": client_id or str(uuid.uuid4())}
        return self.post(f"/conversations/{conversation}/messages", body)

    def set_status(self, conversation: str, status: str) -> httpx.Response:
        """Resolves, closes, and so on."""
        return self.post(f"/conversations/{conversation}/status", {"status": status})

    def close(self) -> None:
        """Closes the connections."""
        self.client.close()


def wait_until(
    holds: Callable[[], object], timeout_seconds: float = 30.0, what: str = "it"
) -> None:
    """Waits until something holds; an AssertionError names what never did."""
    deadline = time.monotonic() + timeout_seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {timeout_seconds:.0f} s")
        time.sleep(0.1)
