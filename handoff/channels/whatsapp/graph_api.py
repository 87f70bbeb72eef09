"""Calls of the WhatsApp Cloud API, and what its refusals mean."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from desk.channels.tables import Channel
from desk.vault import Vault
from handoff.channels.whatsapp.refusals import PASSING, code_of, reason_of
from handoff.outbox import TryLater, Undeliverable

_CALL_SECONDS = 15.0
_UPLOAD_SECONDS = 300.0
_SILENT = "o WhatsApp não respondeu"
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# Where Meta keeps files; the token goes nowhere else.
_FILE_HOSTS = ("fbsbx.com", "fbcdn.net", "facebook.com", "whatsapp.net")

Upload = tuple[str, bytes, str]
"""Name, bytes, type."""


class Refused(Undeliverable):
    """WhatsApp's answer is no; ``code`` is its number for the reason, 0 without one."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(reason_of(error))
        self.code = code_of(error)


class GraphApi:
    """One client for all WhatsApp channels."""

    def __init__(self, base_url: str, vault: Vault) -> None:
        self._vault = vault
        self._origin = _origin_of(base_url)
        self._client = httpx.AsyncClient(
            base_url=base_url, timeout=_CALL_SECONDS, trust_env=False, follow_redirects=False
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def read(
        self, channel: Channel, node: str, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """What the API tells of a node, e.g. a number or a file.

        Raises:
            TryLater: not now.
            Refused: never.
        """
        return await self._call(channel, "GET", _path(node), _CALL_SECONDS, params=params)

    async def post(self, channel: Channel, node: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a call.

        Raises:
            TryLater: not now.
            Refused: never.
        """
        return await self._call(channel, "POST", _path(node), _CALL_SECONDS, json=dict(body))

    async def upload(self, channel: Channel, file: Upload) -> str:
        """Gives a file to WhatsApp; returns the id under which it can be sent.

        Raises:
            TryLater: not now.
            Refused: never.
        """
        answer = await self._call(
            channel,
            "POST",
            _path(f"{channel.number_id}/media"),
            _UPLOAD_SECONDS,
            data={"messaging_product": "whatsapp", "type": file[2]},
            files={"file": file},
        )
        return str(answer["id"])

    async def download(self, channel: Channel, url: str, max_bytes: int) -> bytes:
        """A file's bytes; more than ``max_bytes`` only as far as to see that it is more.

        Raises:
            TryLater: not now; an address lives five minutes, and has to be asked for again.
            Undeliverable: the address is none of Meta's.
        """
        if not self._may_fetch(url):
            raise Undeliverable("o WhatsApp indicou um endereço que não é dele")
        data = bytearray()
        try:
            async with (
                asyncio.timeout(_UPLOAD_SECONDS / 3),
                self._client.stream("GET", url, headers=self._bearer(channel)) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise TryLater(f"o WhatsApp respondeu {answer.status_code} ao arquivo")
                async for chunk in answer.aiter_bytes():
                    data += chunk
                    if len(data) > max_bytes:
                        break
        except (httpx.HTTPError, TimeoutError) as error:
            raise TryLater(f"{_SILENT} ({type(error).__name__})") from None
        return bytes(data)

    async def _call(
        self, channel: Channel, method: str, path: str, seconds: float, **request: Any
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                answer = await self._client.request(
                    method, path, headers=self._bearer(channel), **request
                )
        except (httpx.HTTPError, TimeoutError) as error:
            reached = method == "POST" and not isinstance(error, _NOT_REACHED)
            raise TryLater(f"{_SILENT} ({type(error).__name__})", uncertain=reached) from None
        return _result(answer)

    def _may_fetch(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            origin = _origin_of(url)
        except ValueError:
            return False
        if origin == self._origin:
            return True
        known = any(host == each or host.endswith(f".{each}") for each in _FILE_HOSTS)
        return parts.scheme == "https" and known

    def _bearer(self, channel: Channel) -> dict[str, str]:
        secrets = json.loads(self._vault.unseal(channel.secrets) or "{}")
        return {"Authorization": f"Bearer {secrets.get('token', '')}"}


def _origin_of(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port


def _path(node: str) -> str:
    return "/" + quote(node)


def _result(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:  # a gateway's page
        content = None
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        error = {}
    status, asked = answer.status_code, _retry_after(answer)
    if status == httpx.codes.TOO_MANY_REQUESTS or code_of(error) in PASSING:
        raise TryLater("o WhatsApp pediu para esperar", asked)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise TryLater(f"o WhatsApp está com problemas ({status})", asked)
    if error:
        raise Refused(error)
    if status >= httpx.codes.BAD_REQUEST or not isinstance(content, dict):
        raise TryLater(f"o WhatsApp respondeu algo que não se entende ({status})")
    return content


def _retry_after(answer: httpx.Response) -> float | None:
    said = answer.headers.get("Retry-After", "")
    return min(float(said), 3600.0) if said.isdigit() else None
