"""Updates of the Telegram Bot API."""

import hmac
import re
from collections.abc import Mapping
from typing import Any

from sanic import Request

from desk.contacts.directory import Alias
from desk.conversations.receive import Inbound
from handoff.channels.telegram.content import files_of, is_service, words_of
from handoff.channels.webhooks import Arrival, Pressed, as_object

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
_PRESSED = re.compile(r"b:(\d{1,18}):(\d{1,3})")


def button_data(message_id: int, index: int) -> str:
    """What a button carries: at most 64 bytes, so not its payload but its place."""
    return f"b:{message_id}:{index}"


class TelegramReceiver:
    """Takes private messages to the bot, their edits, and pressed buttons."""

    grace_seconds: float = 0.0  # Telegram waits with an update until the one before it was taken

    def is_authentic(self, request: Request, secrets: Mapping[str, str]) -> bool:
        """Telegram repeats the secret given to ``setWebhook`` in a header."""
        expected = secrets.get("webhook_secret", "")
        sent = request.headers.get(SECRET_HEADER, "")
        return bool(expected) and hmac.compare_digest(sent.encode(), expected.encode())

    def parse(self, body: bytes) -> list[Arrival]:
        """The update's message; other kinds of update carry none for us."""
        update = as_object(body)
        if "message" in update:
            return _message(update["message"], edited=False)
        if "edited_message" in update:
            return _message(update["edited_message"], edited=True)
        if "callback_query" in update:
            return _press(update["callback_query"])
        return []


def _message(message: dict[str, Any], *, edited: bool) -> list[Arrival]:
    if message["chat"]["type"] != "private" or is_service(message):
        return []
    if edited and message.get("location"):
        return []  # a live location moves on; nobody wrote anything
    number = int(message["message_id"])
    album = message.get("media_group_id")
    quoted = (message.get("reply_to_message") or {}).get("message_id")
    inbound = Inbound(
        text=words_of(message),
        provider_id=str(number),
        reply_to_provider_id=str(quoted) if quoted is not None else None,
        remote_files=files_of(message),
        album=str(album) if album else None,
        position=number if album else 0,
    )
    return [_arrival(message["from"], message["chat"], inbound, edited=edited)]


def _press(query: dict[str, Any]) -> list[Arrival]:
    message = query.get("message") or {}
    found = _PRESSED.fullmatch(str(query.get("data", "")))
    if found is None or message.get("chat", {}).get("type") != "private":
        return []
    query_id = str(query["id"])
    inbound = Inbound(provider_id=f"callback:{query_id}"[:200])
    pressed = Pressed(int(found[1]), int(found[2]))
    return [_arrival(query["from"], message["chat"], inbound, pressed=pressed, receipt=query_id)]


def _arrival(
    sender: dict[str, Any], chat: dict[str, Any], inbound: Inbound, **more: Any
) -> Arrival:
    name = " ".join(filter(None, [sender.get("first_name"), sender.get("last_name")]))
    return Arrival(Alias("telegram", str(sender["id"])), str(chat["id"]), name, inbound, **more)
