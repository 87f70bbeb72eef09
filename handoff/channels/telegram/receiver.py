"""Updates of the Telegram Bot API."""

import hmac
from collections.abc import Mapping
from typing import Any

from sanic import Request

from desk.contacts.directory import Alias
from desk.conversations.receive import Inbound
from handoff.channels.webhooks import Arrival, as_object

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
UNREADABLE = "[mensagem que este canal ainda não sabe mostrar]"


class TelegramReceiver:
    """Takes private messages to the bot."""

    def is_authentic(self, request: Request, secrets: Mapping[str, str]) -> bool:
        """Telegram repeats the secret given to ``setWebhook`` in a header."""
        expected = secrets.get("webhook_secret", "")
        sent = request.headers.get(SECRET_HEADER, "")
        return bool(expected) and hmac.compare_digest(sent.encode(), expected.encode())

    def parse(self, body: bytes) -> list[Arrival]:
        """The update's message; other kinds of update carry none for us."""
        message = as_object(body).get("message")
        if message is None or message["chat"]["type"] != "private":
            return []
        return [_arrival(message)]


def _arrival(message: dict[str, Any]) -> Arrival:
    sender = message["from"]
    chat = str(message["chat"]["id"])
    name = " ".join(filter(None, [sender.get("first_name"), sender.get("last_name")]))
    text = message.get("text") or message.get("caption") or UNREADABLE
    inbound = Inbound(text=text, provider_id=str(message["message_id"]))
    return Arrival(Alias("telegram", str(sender["id"])), chat, name, inbound)
