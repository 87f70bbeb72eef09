"""Sends through the Telegram Bot API."""

import json

import httpx

from desk.channels.tables import Channel
from desk.conversations.delivery import Delivery
from desk.vault import Vault
from handoff.channels.plain_text import with_numbered_buttons
from handoff.outbox import TryLater, Undeliverable

_MAX_TEXT_CHARS = 4096


class TelegramSender:
    """One client for all Telegram channels."""

    def __init__(self, base_url: str, vault: Vault) -> None:
        self._vault = vault
        self._client = httpx.AsyncClient(base_url=base_url, timeout=15.0, trust_env=False)

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def send(self, channel: Channel, delivery: Delivery) -> str | None:
        """``sendMessage``; a longer text goes in parts, the first one's id is kept."""
        token = json.loads(self._vault.unseal(channel.secrets) or "{}").get("token", "")
        text = with_numbered_buttons(delivery.text, delivery.buttons)
        first: str | None = None
        for start in range(0, max(len(text), 1), _MAX_TEXT_CHARS):
            part = text[start : start + _MAX_TEXT_CHARS]
            sent = await self._call(token, {"chat_id": delivery.external_chat, "text": part})
            first = first or sent
        return first

    async def _call(self, token: str, body: dict[str, str]) -> str:
        try:
            answer = await self._client.post(f"/bot{token}/sendMessage", json=body)
            content = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            # Never the error's own text: it may hold the address, and with it the token.
            raise TryLater(f"Telegram não respondeu ({type(error).__name__})") from None
        if content.get("ok"):
            return str(content["result"]["message_id"])
        reason = str(content.get("description", answer.status_code))
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            seconds = content.get("parameters", {}).get("retry_after")
            raise TryLater(reason, float(seconds) if seconds else None)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise TryLater(reason)
        raise Undeliverable(reason)
