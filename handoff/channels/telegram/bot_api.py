"""Calls of the Telegram Bot API, and what its refusals mean.

Nothing here ever puts an address into an error's text: the address holds the bot's token.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from desk.channels.tables import Channel
from desk.vault import Vault
from handoff.outbox import TryLater, Undeliverable

_CALL_SECONDS = 15.0
_UPLOAD_SECONDS = 300.0
_SILENT = "o Telegram não respondeu"
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Upload = tuple[str, bytes, str]
"""Name, bytes, type."""

_REASONS = (
    ("bot was blocked", "a pessoa bloqueou o bot no Telegram"),
    ("user is deactivated", "a conta da pessoa no Telegram foi desativada"),
    ("can't initiate", "a pessoa ainda não começou a conversa com o bot"),
    ("chat not found", "esta conversa não existe no Telegram"),
    ("message can't be edited", "o Telegram não deixa mais editar esta mensagem"),
    ("message to edit not found", "a mensagem não está mais no Telegram"),
    ("file is too big", "passa de 20 MB, o máximo que o Telegram entrega a assistentes"),
    ("request entity too large", "o arquivo é maior do que o Telegram aceita"),
    ("unauthorized", "o token do bot não vale mais"),
)


class Refused(Undeliverable):
    """Telegram's answer is no; ``description`` is in its own words."""

    def __init__(self, description: str) -> None:
        low = description.lower()
        reason = next((text for mark, text in _REASONS if mark in low), "")
        super().__init__(reason or f"o Telegram recusou: {description}")
        self.description = low


class BotApi:
    """One client for all Telegram channels."""

    def __init__(self, base_url: str, vault: Vault) -> None:
        self._vault = vault
        self._client = httpx.AsyncClient(
            base_url=base_url, timeout=_CALL_SECONDS, trust_env=False, follow_redirects=False
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def call(
        self,
        channel: Channel,
        method: str,
        body: Mapping[str, Any],
        uploads: Mapping[str, Upload] | None = None,
    ) -> Any:
        """The result of a method; with ``uploads`` as a multipart form.

        Raises:
            TryLater: not now.
            Refused: never.
        """
        path = f"/bot{self._token(channel)}/{method}"
        seconds = _UPLOAD_SECONDS if uploads else _CALL_SECONDS
        try:
            async with asyncio.timeout(seconds):
                if uploads:
                    answer = await self._client.post(path, data=_form(body), files=dict(uploads))
                else:
                    answer = await self._client.post(path, json=dict(body))
        except (httpx.HTTPError, TimeoutError) as error:
            reached = not isinstance(error, _NOT_REACHED)
            raise TryLater(f"{_SILENT} ({type(error).__name__})", uncertain=reached) from None
        try:
            content = answer.json()
        except ValueError:  # a gateway's page
            content = {}
        return _result(answer.status_code, content)

    async def download(self, channel: Channel, file_path: str, max_bytes: int) -> bytes:
        """A file's bytes; more than ``max_bytes`` only as far as to see that it is more.

        Raises:
            TryLater: not now; an address lives an hour, so that it may have to be asked for again.
        """
        data = bytearray()
        path = f"/file/bot{self._token(channel)}/{quote(file_path)}"
        try:
            async with (
                asyncio.timeout(_UPLOAD_SECONDS / 3),
                self._client.stream("GET", path) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise TryLater(f"o Telegram respondeu {answer.status_code} ao arquivo")
                async for chunk in answer.aiter_bytes():
                    data += chunk
                    if len(data) > max_bytes:
                        break
        except (httpx.HTTPError, TimeoutError) as error:
            raise TryLater(f"{_SILENT} ({type(error).__name__})") from None
        return bytes(data)

    def _token(self, channel: Channel) -> str:
        secrets = json.loads(self._vault.unseal(channel.secrets) or "{}")
        return str(secrets.get("token", ""))


def _form(body: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()
    }


def _result(status: int, content: Any) -> Any:
    if content.get("ok"):
        return content["result"]
    reason = str(content.get("description", status))
    if status == httpx.codes.TOO_MANY_REQUESTS:
        seconds = content.get("parameters", {}).get("retry_after")
        raise TryLater("o Telegram pediu para esperar", float(seconds) if seconds else None)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise TryLater(f"o Telegram está com problemas ({status})")
    if "description" not in content:
        raise TryLater(f"o Telegram respondeu algo que não se entende ({status})")
    raise Refused(reason)
