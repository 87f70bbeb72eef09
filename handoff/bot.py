"""The client of Rasa: posts a turn, reads and mends a tracker.

Rasa hides failures: with its action server down it answers 200 with ``[]`` or part of a turn.
A component in ``nlu/`` makes a failed action show as ``{"custom": {"failed_action": name}}``.

Source: Rasa 3.6 HTTP API and REST channel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx

from desk.conversations.turns import Reply
from desk.conversations.understanding import FALLBACK, RANKED, Understood

Item = dict[str, Any]


class BotError(Exception):
    """The bot did not answer a turn as it should."""


class BotUnreachable(BotError):
    """Nothing answers at the bot's address, or not in time."""


class BotConfused(BotError):
    """The bot answered with nothing, with part of a turn, or not at all well."""


@dataclass(frozen=True)
class Remembered:
    """What a tracker knows of a message: its bot events as items, and whether the turn ended.

    ``undo``: events that put slots and form back to where they stood before the message.
    """

    items: list[Item]
    ended: bool
    undo: list[Item]


class RasaClient:
    """One Rasa server, reached on loopback or a private network."""

    def __init__(self, url: str, token: str, timeout_seconds: float) -> None:
        self._token = token
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(timeout_seconds, connect=3.0),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
            trust_env=False,
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def post(self, sender: str, text: str, metadata: dict[str, Any]) -> list[Item]:
        """One turn; the items as Rasa gives them.

        Raises:
            BotUnreachable: no answer came in time.
            BotConfused: the turn failed or said nothing at all.
        """
        answer = await self._request(
            "POST",
            "/webhooks/rest/webhook",
            json={"sender": sender, "message": text, "metadata": metadata},
        )
        items: list[Item] = _content_of(answer, list)
        check_items(items)
        return items

    async def remembered(self, sender: str, message_id: int) -> Remembered | None:
        """What the tracker knows of a message; None when it never got there.

        Raises:
            BotError: the tracker cannot be read.
        """
        # Not the applied ones: inside a form Rasa does not count the customer's messages.
        return _recall(await self.events(sender), message_id)

    async def events(self, sender: str) -> list[Item]:
        """All that the tracker of a conversation holds, in order.

        Raises:
            BotError: the tracker cannot be read.
        """
        answer = await self._request(
            "GET",
            f"/conversations/{sender}/tracker",
            params={"token": self._token, "include_events": "ALL"},
        )
        events: list[Item] = _content_of(answer, dict).get("events") or []
        return events

    async def mend(self, sender: str, undo: list[Item]) -> None:
        """Takes back a failed turn, and lets a stuck conversation listen again.

        Rasa's own ``rewind`` goes back to the last message outside of any form: the whole form
        would be lost. After ten actions without ``action_listen`` Rasa answers ``[]`` for ever.

        Raises:
            BotError: the tracker cannot be changed.
        """
        if undo:
            await self._append(sender, undo)
        answer = await self._request(
            "GET",
            f"/conversations/{sender}/tracker",
            params={"token": self._token, "include_events": "NONE"},
        )
        if _content_of(answer, dict).get("latest_action_name") not in {"action_listen", None}:
            await self._append(sender, [{"event": "action", "name": "action_listen"}])

    async def is_ready(self) -> bool:
        """Whether a model is loaded and answers."""
        try:
            answer = await self._request(
                "GET", "/status", params={"token": self._token}, timeout=3.0
            )
            return bool(_content_of(answer, dict).get("model_file"))
        except BotError:
            return False

    async def answers(self, url: str) -> bool:
        """Whether a part beside Rasa, such as the action server, says that it is well."""
        try:
            answer = await self._client.get(url, timeout=3.0)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK

    async def _append(self, sender: str, events: list[Item]) -> None:
        await self._request(
            "POST",
            f"/conversations/{sender}/tracker/events",
            params={"token": self._token},
            json=events,
        )

    async def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise BotUnreachable(type(error).__name__) from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise BotConfused(f"status {answer.status_code}")
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise BotConfused(f"status {answer.status_code} for {path.split('/')[1]}")
        return answer


def check_items(items: Sequence[Any]) -> None:
    """Refuses a turn that says nothing without saying so, or in which an action failed.

    Raises:
        BotConfused: it is one of these.
    """
    if not all(isinstance(item, dict) for item in items):
        raise BotConfused("an item is no object")
    # What was understood is told of every turn, of one that says nothing too.
    if all(_told(item) is not None for item in items):
        raise BotConfused("empty answer")
    for item in items:
        custom = item.get("custom")
        if isinstance(custom, dict) and custom.get("failed_action"):
            raise BotConfused(f"failed action {custom['failed_action']}")


def replies_of(items: Sequence[Item]) -> list[Reply]:
    """What the customer gets; the silent marker and other custom items are not shown."""
    replies = []
    for item in items:
        text = item.get("text") or item.get("image") or item.get("attachment")
        if text:
            buttons = [
                {"title": str(each.get("title", "")), "payload": str(each.get("payload", ""))}
                for each in item.get("buttons") or []
            ]
            replies.append(Reply(str(text), buttons))
    return replies


def understood_of(items: Sequence[Item]) -> Understood | None:
    """What the bot understood of the message; None when it does not tell."""
    told = next((told for item in items if (told := _told(item)) is not None), None)
    if told is None or not isinstance(told.get("intent"), str):
        return None
    return Understood(
        intent=told["intent"],
        confidence=float(told.get("confidence") or 0),
        ranking=[(str(name), float(sure)) for name, sure in told.get("ranking") or []],
        entities=[str(each) for each in told.get("entities") or []],
        actions=[str(each) for each in told.get("actions") or []],
        responses=[str(each) for each in told.get("responses") or []],
        form=str(told.get("form") or ""),
    )


def _told(item: Item) -> Item | None:
    custom = item.get("custom")
    told = custom.get("understood") if isinstance(custom, dict) else None
    return told if isinstance(told, dict) else None


def _content_of(answer: httpx.Response, kind: type[Any]) -> Any:
    """The JSON of an answer.

    Raises:
        BotConfused: it is none of this kind.
    """
    try:
        content = answer.json()
    except ValueError as error:
        raise BotConfused("no JSON") from error
    if not isinstance(content, kind):
        raise BotConfused("JSON of another shape")
    return content


def _recall(events: Sequence[Item], message_id: int) -> Remembered | None:
    """The latest turn of a message: the events from its user event to the next."""
    users = [place for place, event in enumerate(events) if event.get("event") == "user"]
    for start, end in reversed(list(pairwise([*users, len(events)]))):
        if (events[start].get("metadata") or {}).get("message_id") == message_id:
            turn = events[start:end]
            actions = [event.get("name") for event in turn if event.get("event") == "action"]
            loop, slots = _state(events[:start])
            form = slots.get("requested_slot") if loop else None
            return Remembered(
                items=[
                    *(_item(event) for event in turn if event.get("event") == "bot"),
                    *_understood_item(turn, form),
                ],
                ended=actions[-1:] == ["action_listen"],
                undo=_undo(events, start),
            )
    return None


def _undo(events: Sequence[Item], start: int) -> list[Item]:
    (loop, slots), (loop_now, slots_now) = _state(events[:start]), _state(events)
    undo: list[Item] = []
    if loop_now != loop:
        undo.append({"event": "active_loop", "name": loop})
    for name, value in slots_now.items():
        if slots.get(name) != value:
            undo.append({"event": "slot", "name": name, "value": slots.get(name)})
    return undo


def _state(events: Sequence[Item]) -> tuple[str | None, Item]:
    """The form that is open, and the slots."""
    loop: str | None = None
    slots: Item = {}
    for event in events:
        match event.get("event"):
            case "slot":
                slots[event["name"]] = event.get("value")
            case "active_loop":
                loop = event.get("name")
            case "reset_slots":
                slots = {}
            case "session_started" | "restart":
                loop, slots = None, {}
    return loop, slots


def _understood_item(turn: Sequence[Item], form: object) -> list[Item]:
    """The same as ``nlu/understood.py`` tells with a turn, read from its events."""
    parsed = turn[0].get("parse_data")
    if not isinstance(parsed, dict) or not isinstance(parsed.get("intent"), dict):
        return []
    ranking = [
        [each["name"], each["confidence"]]
        for each in parsed.get("intent_ranking") or []
        if each["name"] != FALLBACK
    ][:RANKED]
    told = {
        "intent": parsed["intent"].get("name"),
        "confidence": ranking[0][1] if ranking else parsed["intent"].get("confidence"),
        "ranking": ranking,
        "entities": sorted({each["entity"] for each in parsed.get("entities") or []}),
        "form": form,
        "actions": [
            each["name"]
            for each in turn
            if each.get("event") == "action" and each["name"] != "action_listen"
        ],
        "responses": [
            name
            for each in turn
            if each.get("event") == "bot"
            and (name := (each.get("metadata") or {}).get("utter_action"))
        ],
    }
    return [{"custom": {"understood": told}}]


def _item(event: Item) -> Item:
    data = event.get("data") or {}
    parts = {"text": event.get("text")} | {
        key: data.get(key) for key in ("buttons", "image", "attachment", "custom")
    }
    return {key: value for key, value in parts.items() if value}
