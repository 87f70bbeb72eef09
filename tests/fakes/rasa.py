"""A Rasa server of a few lines: it answers as told, and remembers turns as Rasa does.

As measured on Rasa 3.6.21: a tracker is saved only when a turn ends, a client that drops its
connection cancels the turn, a failing action is not visible in the status, messages inside a form
do not count as applied.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http import Answer, Drop, Heard

TOKEN = "rasa-token"

Item = dict[str, Any]
LISTEN: Item = {"event": "action", "name": "action_listen"}


@dataclass(frozen=True)
class Post:
    """A message posted to the REST channel."""

    sender: str
    text: str
    metadata: dict[str, Any]


@dataclass
class FakeRasa:
    """``turns``: how the next posts are answered; after them every text is echoed."""

    turns: list["Behaviour"] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    trackers: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))
    appended: list[Item] = field(default_factory=list)
    is_ready: bool = True
    in_flight: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    most_in_flight: int = 0

    async def __call__(self, heard: Heard) -> Answer:
        """Routes a request."""
        if heard.path == "/webhooks/rest/webhook":
            return await self._talk(heard)
        if heard.query.get("token") != TOKEN:
            return Answer({"status": "failure"}, status=401)
        if heard.path == "/status":
            return Answer({"model_file": "m.tar.gz"}) if self.is_ready else Answer(status=409)
        _, _, sender, *_ = heard.path.split("/")
        if heard.method == "POST":
            for event in heard.json:
                self._append(sender, event)
        return Answer(self._tracker(sender, heard.query.get("include_events", "AFTER_RESTART")))

    @property
    def texts(self) -> list[str]:
        """What was posted, in order."""
        return [post.text for post in self.posts]

    def remember(self, post: Post, items: list[Item], *, ended: bool = True) -> None:
        """Saves a turn."""
        tracker = self.trackers[post.sender]
        tracker.append({"event": "user", "text": post.text, "metadata": post.metadata})
        tracker.append({"event": "action", "name": "utter_something"})
        for item in items:
            data = {
                key: value for key, value in item.items() if key not in ("text", "recipient_id")
            }
            tracker.append({"event": "bot", "text": item.get("text"), "data": data})
        if ended:
            tracker.append(LISTEN)

    async def _talk(self, heard: Heard) -> Answer:
        body = heard.json
        post = Post(body["sender"], body["message"], body["metadata"])
        self.posts.append(post)
        self.in_flight[post.sender] += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight[post.sender])
        try:
            behaviour = self.turns.pop(0) if self.turns else says(f"re: {post.text}")
            return await behaviour(self, post)
        finally:
            self.in_flight[post.sender] -= 1

    def _append(self, sender: str, event: Item) -> None:
        self.appended.append(event)
        self.trackers[sender].append(event)

    def _tracker(self, sender: str, include_events: str) -> Item:
        events = self.trackers[sender]
        actions = [each["name"] for each in events if each["event"] == "action"]
        tracker: Item = {
            "sender_id": sender,
            "latest_action_name": actions[-1] if actions else None,
        }
        return tracker | {"events": events} if include_events == "ALL" else tracker


Behaviour = Callable[[FakeRasa, Post], Awaitable[Answer]]


def says(*texts: str, buttons: list[dict[str, str]] | None = None) -> Behaviour:
    """Answers with these texts."""
    items: list[Item] = [{"text": text} for text in texts]
    if buttons:
        items[-1]["buttons"] = buttons
    return gives(items)


def gives(items: list[Item], *, ended: bool = True) -> Behaviour:
    """Answers with these items and remembers the turn."""

    async def turn(rasa: FakeRasa, post: Post) -> Answer:
        rasa.remember(post, items, ended=ended)
        return Answer([{"recipient_id": post.sender, **item} for item in items])

    return turn


def silent() -> Behaviour:
    """Says nothing, and says so."""
    return gives([{"custom": {"silent": True}}])


def failed_action(name: str = "action_open_ticket", *texts: str) -> Behaviour:
    """Part of a turn, in which a form was closed and the action after it failed."""
    items: list[Item] = [*({"text": text} for text in texts), {"custom": {"failed_action": name}}]

    async def turn(rasa: FakeRasa, post: Post) -> Answer:
        answer = await gives(items, ended=False)(rasa, post)
        tracker = rasa.trackers[post.sender]
        tracker.append({"event": "slot", "name": "ticket_media", "value": "done"})
        tracker.append({"event": "active_loop", "name": None})
        tracker.append(LISTEN)
        return answer

    return turn


def fails(status: int = 500) -> Behaviour:
    """Answers with an error and forgets the turn."""

    async def turn(rasa: FakeRasa, post: Post) -> Answer:
        return Answer({"status": "failure"}, status=status)

    return turn


def babbles(content: Any) -> Behaviour:
    """Answers with something that is no list of items, and forgets the turn."""

    async def turn(rasa: FakeRasa, post: Post) -> Answer:
        return Answer(content)

    return turn


def drops() -> Behaviour:
    """Closes the connection without an answer and forgets the turn."""

    async def turn(rasa: FakeRasa, post: Post) -> Answer:
        raise Drop

    return turn


def loses(*texts: str) -> Behaviour:
    """Remembers the turn, but half of the answer is lost on the way."""
    items: list[Item] = [{"text": text} for text in texts]

    async def turn(rasa: FakeRasa, post: Post) -> Answer:
        rasa.remember(post, items)
        return Answer(items, cut_after=5)

    return turn


def waits_for(event: asyncio.Event, *texts: str, remembers: bool = False) -> Behaviour:
    """Answers when told to; ``remembers``: the turn was saved before the answer was late."""
    items: list[Item] = [{"text": text} for text in texts]

    async def turn(rasa: FakeRasa, post: Post) -> Answer:
        if remembers:
            rasa.remember(post, items)
        await event.wait()
        if not remembers:
            rasa.remember(post, items)
        return Answer(items)

    return turn


def hangs(*texts: str) -> Behaviour:
    """Never answers; with texts the turn was saved all the same."""
    return waits_for(asyncio.Event(), *texts, remembers=bool(texts))
