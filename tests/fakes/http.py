"""A small HTTP server that misbehaves on request: late, cut off, silent, or simply gone."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Heard:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What goes back. ``cut_after``: so many bytes of the body, then the connection drops."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None

    @property
    def body(self) -> bytes:
        """Bytes as they are, anything else as JSON."""
        return (
            self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()
        )


class Drop(Exception):
    """The connection is closed without an answer."""


Handler = Callable[[Heard], Awaitable[Answer]]


class FakeServer:
    """Serves one handler on a free port of the loopback while its block lasts.

    A handler whose client has gone is cancelled, as Rasa's server does it.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, Drop):
                while heard := await _read(reader):
                    await self._answer(heard, reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(
        self, heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        handling = asyncio.ensure_future(self._handler(heard))
        gone = asyncio.ensure_future(_until_gone(reader))
        try:
            await asyncio.wait({handling, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not handling.done():
                raise Drop
            answer = handling.result()
        finally:
            for each in (handling, gone):
                each.cancel()
            await asyncio.gather(handling, gone, return_exceptions=True)
        body = answer.body
        head = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(body)}"]
        headers = {"Content-Type": "application/json"} | answer.headers
        head += [f"{name}: {value}" for name, value in headers.items()] + ["", ""]
        writer.write("\r\n".join(head).encode() + body[: answer.cut_after])
        await writer.drain()
        if answer.cut_after is not None:
            raise Drop


async def _until_gone(reader: asyncio.StreamReader) -> None:
    """Ends when the client closes; a client of ours never sends a request ahead of an answer."""
    while not reader.at_eof():  # noqa: ASYNC110 - a stream has no event for its end
        await asyncio.sleep(0.02)


async def _read(reader: asyncio.StreamReader) -> Heard | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.split(":", 1) for line in lines if line)
    headers = {name.lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query))
    return Heard(method, unquote(parts.path), query, headers, body)


class BackgroundServer:
    """A fake server in a thread and loop of its own, for tests that drive real processes."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *details: object) -> None:
        assert self._loop is not None
        assert self._end is not None
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    async def _run(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with FakeServer(self._handler) as server:
            self.url = server.url
            self._started.set()
            await self._end.wait()
