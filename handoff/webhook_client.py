"""One try of a delivery: guarded, bounded, no redirects; of the answer only its status is kept.

A name is looked up here and the connection goes to the very number that was looked at, so that a
name which changes its mind leads nowhere else.
"""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx

from desk.knowledge.crawling.guard import is_public
from desk.webhooks.sending import Outcome, Outgoing
from desk.webhooks.settings import Reach
from desk.webhooks.signing import signed_headers

TIMEOUT_SECONDS = 10.0
_CONNECT_SECONDS = 3.0
_MOST_NUMBERS = 3
_USER_AGENT = "Ponte-Webhooks/1"
_ERRORS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "timeout"),
    (httpx.TimeoutException, "timeout"),
    (socket.gaierror, "unknown_host"),
    (ssl.SSLError, "tls"),
    (httpx.ConnectError, "unreachable"),
    (OSError, "unreachable"),
    (httpx.HTTPError, "broken_off"),
    (httpx.InvalidURL, "unknown_host"),
    (UnicodeError, "unknown_host"),
)


class ForbiddenAddress(Exception):
    """The host is in a network to which no delivery may go."""


class WebhookClient:
    """Connections to one endpoint; never shared, since one number may serve many names."""

    def __init__(self, reach: Reach, context: ssl.SSLContext) -> None:
        self._client = httpx.AsyncClient(
            transport=_Guarded(reach, httpx.AsyncHTTPTransport(verify=context, trust_env=False)),
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=_CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Tries once; what can go wrong is part of the outcome."""
        started = time.monotonic()

        def spent() -> int:
            return round((time.monotonic() - started) * 1000)

        if not outgoing.keys:
            # The secret key of the service has changed; the endpoint needs a new secret.
            return Outcome(None, 0, "no_secret")
        try:
            # httpx counts each read; this counts all of it, trickled answers too.
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._post(outgoing, spent)
        except ForbiddenAddress:
            return Outcome(None, spent(), "forbidden_address")
        except tuple(kind for kind, _ in _ERRORS) as error:
            return Outcome(None, spent(), _class_of(error))

    async def _post(self, outgoing: Outgoing, spent: Callable[[], int]) -> Outcome:
        body = outgoing.body.encode()
        headers = signed_headers(outgoing.message_id, datetime.now(UTC), body, outgoing.keys)
        headers |= {"content-type": "application/json", "user-agent": _USER_AGENT}
        # The answer's body is never read: leaving the block closes the connection on it.
        async with self._client.stream(
            "POST", outgoing.url, content=body, headers=headers
        ) as answer:
            status = answer.status_code
            retry_after = read_retry_after(answer.headers.get("retry-after", ""))
        if 200 <= status < 300:
            return Outcome(status, spent())
        error = "redirect" if 300 <= status < 400 else "refused"
        return Outcome(status, spent(), error, retry_after)


class _Guarded(httpx.AsyncBaseTransport):
    """Looks a host up, and connects to the number that it looked at."""

    def __init__(self, reach: Reach, inner: httpx.AsyncHTTPTransport) -> None:
        self._reach, self._inner = reach, inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        *others, last = await self._numbers_of(host, port, request.url.scheme)
        # The Host header is set already; TLS asks for, and checks, the name.
        request.extensions = {**request.extensions, "sni_hostname": host}
        for number in others:
            request.url = request.url.copy_with(host=number)
            try:
                return await self._inner.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Where IPv6 leads nowhere, IPv4 may.
                continue
        request.url = request.url.copy_with(host=last)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _numbers_of(self, host: str, port: int, scheme: str) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        numbers = [str(place[0]) for *_, place in found]
        if not all(self._may_go(number, scheme) for number in numbers):
            raise ForbiddenAddress(host)
        return list(dict.fromkeys(number.partition("%")[0] for number in numbers))[:_MOST_NUMBERS]

    def _may_go(self, number: str, scheme: str) -> bool:
        if self._reach.private:
            return True
        if ipaddress.ip_address(number.partition("%")[0]).is_loopback:
            return self._reach.loopback
        return scheme == "https" and is_public(number)


def read_retry_after(value: str) -> float | None:
    """Seconds of a Retry-After header, from a number or a date; None when it says nothing.

    Source: RFC 9110, section 10.2.3.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _class_of(error: Exception) -> str:
    """What kind of failure it was; never its text, which may hold the address."""
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, ssl.SSLError):
            return "tls"
        chain = chain.__cause__ or chain.__context__
    return next(words for kind, words in _ERRORS if isinstance(error, kind))
