"""Connects a Telegram channel: tells the Bot API where its updates go."""

from collections.abc import Mapping
from typing import Any, Protocol

from desk.channels.settings import read_secrets
from desk.channels.tables import Channel
from desk.errors import Invalid
from handoff.outbox import TryLater, Undeliverable
from handoff.services import Services

UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")


class BotCalls(Protocol):
    """Calls of the Bot API with a channel's token."""

    async def call(self, channel: Channel, method: str, body: Mapping[str, Any]) -> Any:
        """The result of a method; raises TryLater or Undeliverable."""


async def connect_telegram(services: Services, api: BotCalls, channel: Channel) -> str:
    """Points the bot's webhook here; gives the bot's name, ``@`` first, when Telegram tells it.

    Raises:
        Invalid: Telegram refused, or could not be reached; the words say which.
    """
    if channel.kind != "telegram":
        raise Invalid("token", "Só canais do Telegram se conectam assim.")
    kept = read_secrets(channel, services.vault)
    if not kept.get("token"):
        raise Invalid("token", "Informe o token do bot antes de conectar.")
    body = {
        "url": f"{services.settings.public_url}/channels/telegram/{channel.slug}",
        "secret_token": kept["webhook_secret"],
        "allowed_updates": list(UPDATES),
    }
    try:
        await api.call(channel, "setWebhook", body)
        me = await api.call(channel, "getMe", {})
    except Undeliverable as refusal:
        raise Invalid("token", "Não conectou: {refusal}.", refusal=refusal) from None
    except TryLater as failure:
        raise Invalid(
            "token", "Não conectou agora: {failure}. Tente de novo em instantes.", failure=failure
        ) from None
    name = me.get("username", "") if isinstance(me, dict) else ""
    return f"@{name}" if name else ""
