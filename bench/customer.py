"""A customer for the benchmarks: identified, on the web chat, listening as the page does."""

import http.client
import json
import queue
import threading
import uuid
from typing import Any, Self
from urllib.parse import urlsplit

from bench.measure import JsonConnection, Stopwatch
from tests.system import RunningSystem
from tests.webchat import WebChat

SAMPLE_CNPJ = "11.222.333/0001-81"
WAIT_SECONDS = 30


class Customer:
    """Somebody who has told company, name and e-mail, and is shown the menu."""

    def __init__(self, system: RunningSystem, name: str) -> None:
        self._chat = WebChat(system).open()
        self.conversation = self._chat.conversation
        address = f"{name.lower()}.{uuid.uuid4().hex[:8]}@example.com"
        for words in ("oi", SAMPLE_CNPJ, f"{name} Medida", address):
            self._chat.ask(words)
        self._authorization = {"Authorization": self._chat.client.headers["Authorization"]}
        self._web = JsonConnection(f"{system.base_url}/webchat/demo", self._authorization)
        self._stream = EventStream(
            f"{system.base_url}/webchat/demo/events", self._authorization, self._chat.seen_seq
        )

    def say(self, text: str) -> int:
        """Posts a message; gives its seq once it is acknowledged."""
        body = {"client_id": str(uuid.uuid4()), "text": text}
        return int(self._web.call("POST", "/messages", body)["seq"])

    def ask(self, text: str) -> float:
        """Posts a message; gives the milliseconds until the reply is on the live stream."""
        watch = Stopwatch()
        seq = self.say(text)
        self.wait_for_reply(after=seq)
        return watch.ms()

    def wait_for_reply(self, after: int) -> dict[str, Any]:
        """The first message to the customer after a seq, as the live stream shows it."""
        while True:
            message = self._stream.messages.get(timeout=WAIT_SECONDS)
            if message["direction"] == "out" and message["seq"] > after:
                return message

    def request_person(self) -> None:
        """Asks for a person and waits for the answer."""
        self._chat.ask("quero falar com uma pessoa")

    def close(self) -> None:
        """Ends the connections."""
        self._stream.close()
        self._web.close()
        self._chat.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class EventStream:
    """Reads the web chat's live stream in a thread, as the page does in the background."""

    def __init__(self, url: str, headers: dict[str, str], after: int) -> None:
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        address = urlsplit(url)
        self._http = http.client.HTTPConnection(address.hostname or "", address.port)
        self._http.request("GET", f"{address.path}?after={after}", headers=headers)
        self._answer = self._http.getresponse()
        if self._answer.status != 200:
            raise RuntimeError(f"{url}: {self._answer.status}")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while line := self._answer.readline():
                if line.startswith(b"data:"):
                    for message in json.loads(line[5:]).get("messages", ()):
                        self.messages.put(message)
        except (OSError, ValueError, AttributeError):
            return  # closed under us at the end of the measurement

    def close(self) -> None:
        """Ends the stream."""
        self._http.close()
