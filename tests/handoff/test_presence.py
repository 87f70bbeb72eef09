"""Who is told who looks and who writes: colleagues by name, customers the brand alone."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from desk.conversations.find import conversation_by_public_id
from desk.conversations.ownership import claim
from desk.db import Database
from desk.team.users import find_user, open_login
from handoff.presence import Around, Presence
from tests.handoff.serving import Served, Visitor

PATIENCE_SECONDS = 15.0


class Console:
    """A console's socket."""

    def __init__(self, served: Served, email: str) -> None:
        async def log_in() -> str:
            async with served.database.transaction() as session:
                user = await find_user(session, email)
                assert user is not None
                return await open_login(session, user.id, 1)

        cookie = f"ponte_session={served.call(log_in())}"
        self.socket: ClientConnection = connect(
            served.base_url.replace("http", "ws") + "/console/live",
            additional_headers={"Cookie": cookie},
            origin=Origin(served.base_url),
        )
        self.next()

    def say(self, **word: object) -> None:
        self.socket.send(json.dumps(word))

    def next(self) -> dict[str, Any]:
        word: dict[str, Any] = json.loads(self.socket.recv(PATIENCE_SECONDS))
        return word

    def around(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first word on who is around that holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            assert time.monotonic() < deadline
            around: dict[str, Any] | None = self.next().get("around")
            if around and holds(around):
                return around

    def hears_nothing_of_people(self) -> bool:
        try:
            while True:
                if "around" in json.loads(self.socket.recv(0.7)):
                    return False
        except TimeoutError:
            return True


@pytest.fixture
def visitor(served: Served) -> Iterator[Visitor]:
    with served.visitor() as visitor:
        visitor.post("oi")
        served.queue_up(visitor.conversation, "suporte")
        yield visitor


@pytest.fixture
def consoles(served: Served) -> Iterator[Callable[[str], Console]]:
    opened: list[Console] = []

    def open_one(name: str) -> Console:
        opened.append(Console(served, f"{name}@demo.ponte"))
        return opened[-1]

    yield open_one
    for console in opened:
        console.socket.close()


Open = Callable[[str], Console]


def give_to(served: Served, visitor: Visitor, name: str) -> None:
    async def take() -> None:
        async with served.database.transaction() as session:
            conversation = await conversation_by_public_id(session, visitor.conversation)
            user = await find_user(session, f"{name}@demo.ponte")
            assert conversation is not None
            assert user is not None
            await claim(session, conversation.id, user)

    served.call(take())


class Stream:
    """The customer's live stream, read in a thread."""

    def __init__(self, visitor: Visitor) -> None:
        self.typing: list[object] = []
        self._response = visitor.client.stream("GET", "/events", params={"after": 0}, timeout=20)
        stream = self._response.__enter__()
        lines = stream.iter_lines()
        next(lines)
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()

    def _read(self, lines: Iterator[str]) -> None:
        try:
            for line in lines:
                if line.startswith("data:"):
                    event = json.loads(line[5:])
                    assert "messages" in event
                    if "typing" in event:
                        self.typing.append(event["typing"])
        except Exception:  # the test closed it
            return


def test_colleagues_see_each_other_look_write_and_leave(visitor: Visitor, consoles: Open) -> None:
    ana, sueli = consoles("ana"), consoles("supervisora")
    ana.say(viewing=visitor.conversation)
    sueli.say(viewing=visitor.conversation)
    seen = ana.around(lambda around: around["people"])
    assert seen["conversation"] == visitor.conversation
    (person,) = seen["people"]
    assert person["writing"] is False
    assert "@" not in person["name"]
    sueli.say(typing="notes")
    assert ana.around(lambda around: around["people"][0]["writing"])
    sueli.say(typing=None)
    assert ana.around(lambda around: not around["people"][0]["writing"])
    sueli.socket.close()
    assert ana.around(lambda around: not around["people"])


def test_the_customer_is_seen_writing_until_the_message_is_there(
    visitor: Visitor, consoles: Open
) -> None:
    ana = consoles("ana")
    ana.say(viewing=visitor.conversation)
    assert visitor.client.post("/typing", json={}).status_code == 204
    assert ana.around(lambda around: around["customer_writes"])
    visitor.post("minha impressora parou")
    assert ana.around(lambda around: not around["customer_writes"])


def test_the_customer_sees_the_brand_write_and_nobody_who_looks_or_notes(
    served: Served, visitor: Visitor, consoles: Open
) -> None:
    give_to(served, visitor, "ana")
    stream = Stream(visitor)
    ana, sueli = consoles("ana"), consoles("supervisora")
    for console in (ana, sueli):
        console.say(viewing=visitor.conversation)
    sueli.say(typing="notes")
    assert ana.around(lambda around: any(each["writing"] for each in around["people"]))
    assert not any(stream.typing)
    ana.say(typing="messages")
    served.until(lambda: {"name": "Acme Sistemas"} in stream.typing, "writing")
    ana.say(typing=None)
    served.until(lambda: stream.typing[-1] is None, "the end of writing")


def test_who_may_not_see_a_conversation_hears_nothing_of_it(
    visitor: Visitor, consoles: Open
) -> None:
    ana, bruno = consoles("ana"), consoles("bruno")
    ana.say(viewing=visitor.conversation)
    bruno.say(viewing=visitor.conversation)
    bruno.say(typing="messages")
    visitor.client.post("/typing", json={})
    assert ana.around(lambda around: around["customer_writes"])["people"] == []
    assert bruno.hears_nothing_of_people()


@pytest.mark.parametrize(
    "words", ["", "x", "[]", '{"viewing": 7}', '{"typing": {}}', "[" * 400, "x" * 5000]
)
def test_odd_words_of_a_page_change_nothing(visitor: Visitor, consoles: Open, words: str) -> None:
    ana = consoles("ana")
    ana.socket.send(words)
    ana.say(viewing=visitor.conversation)
    visitor.client.post("/typing", json={})
    assert ana.around(lambda around: around["customer_writes"])


@pytest.mark.parametrize("path", ["/typing", "/read"])
def test_a_stranger_tells_nothing(visitor: Visitor, path: str) -> None:
    answer = visitor.client.post(path, json={"seq": 1}, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_processes_tell_each_other_who_is_where(database: Database) -> None:
    here, there = Presence(database), Presence(database)
    loops = [asyncio.create_task(each.run()) for each in (here, there)]

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110 - nothing in there is made for tests to wait for
                await asyncio.sleep(0.05)

    try:
        await until(lambda: _ready(here, there))
        here.look("screen", 5, 77)
        here.write("screen", "messages")
        here.customer_writes(78, on=True)
        await until(lambda: there.around(77, 0) == Around(frozenset({5}), frozenset({5})))
        assert there.who_replies(77) == 5
        await until(lambda: there.around(78, 0).customer_writes)
        here.leave("screen")
        await until(lambda: there.around(77, 0) == Around())
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


def _ready(here: Presence, there: Presence) -> bool:
    """What is said before the other listens is lost, and said again by whoever is there."""
    here.look("probe", 1, 1)
    return bool(there.around(1, 0).looking)
