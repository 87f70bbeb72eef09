"""A proxy between two processes that can hold a request, or an answer, at a chosen moment."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import httpx

from tests.fakes.http import Answer, Drop, FakeServer, Heard

PATIENCE_SECONDS = 60.0
Moment = Literal["request", "answer"]


class Hold:
    """What stands still: requests whose body holds ``text``, before or after they were served."""

    def __init__(self, moment: Moment, text: str) -> None:
        self.moment, self.text = moment, text
        self._reached, self._released = threading.Event(), threading.Event()

    def wait_until_reached(self) -> None:
        """Waits until a request stands at this moment."""
        assert self._reached.wait(PATIENCE_SECONDS), f"no {self.moment} with {self.text!r} came"

    def release(self) -> None:
        """Lets it go on."""
        self._released.set()

    def concerns(self, moment: Moment, heard: Heard) -> bool:
        """Whether a request is to stand still now."""
        return moment == self.moment and self.text.encode() in heard.body

    async def stand(self) -> None:
        """Stands still until released, or until the client has gone."""
        self._reached.set()
        while not self._released.is_set():  # noqa: ASYNC110 - set from another thread
            await asyncio.sleep(0.02)


class Proxy:
    """Passes every request on to ``upstream``, set once its port is known.

    A client that has gone takes its request upstream with it, as without a proxy.
    """

    def __init__(self) -> None:
        self.upstream = ""
        self.url = ""
        self._hold: Hold | None = None
        self._fails_once = ""
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        """Listens; ``url`` is then known."""
        self._thread.start()
        assert self._started.wait(10)

    def stop(self) -> None:
        """Ends."""
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    @contextmanager
    def holding(self, moment: Moment, text: str) -> Iterator[Hold]:
        """Holds what matches while the block lasts."""
        self._hold = Hold(moment, text)
        try:
            yield self._hold
        finally:
            self._hold.release()
            self._hold = None

    @contextmanager
    def failing_once(self, text: str) -> Iterator[None]:
        """Answers the first request whose body holds the text with an error.

        Raises:
            AssertionError: none came while the block lasted.
        """
        self._fails_once = text
        yield
        assert not self._fails_once, f"no request with {text!r} came"

    async def _run(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        limits = httpx.Limits(max_keepalive_connections=0)  # a process behind it may be new
        async with (
            httpx.AsyncClient(timeout=120, limits=limits, trust_env=False) as self._client,
            FakeServer(self._pass_on) as server,
        ):
            self.url = server.url
            self._started.set()
            await self._end.wait()

    async def _pass_on(self, heard: Heard) -> Answer:
        if self._fails_once and self._fails_once.encode() in heard.body:
            self._fails_once = ""
            return Answer({"error": "as asked for"}, status=500)
        hold = self._hold
        if hold is not None and hold.concerns("request", heard):
            await hold.stand()
        try:
            answer = await self._client.request(
                heard.method,
                self.upstream + heard.path,
                params=heard.query,
                content=heard.body,
                headers={"Content-Type": heard.headers.get("content-type", "application/json")},
            )
        except httpx.HTTPError as error:
            raise Drop from error
        if hold is not None and hold.concerns("answer", heard):
            await hold.stand()
        return Answer(answer.content, answer.status_code)
