"""One site over HTTP: bounded, polite, one request at a time; runs in a thread.

Redirects are answers like any other: whoever crawls decides whether their target belongs to it.
"""

import time
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Protocol

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from desk.knowledge.crawling.guard import ForbiddenAddress, Guard, GuardedAdapter

_CONNECT_SECONDS, _READ_SECONDS, _WHOLE_SECONDS = 10.0, 15.0, 60.0
_PIECE_BYTES = 65_536
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK, _NOT_MODIFIED, _GONE = 200, 304, frozenset({404, 410})
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Fetched:
    """An answer. ``problem``: why there is no body to read, else empty.

    ``unreachable``: nobody answered; ``later``: the server cannot now (``retry_after_seconds``,
    when it says so); ``gone``, ``refused``: 404 or 410, another no; ``redirect``: to ``location``;
    ``not_html``, ``too_large``; ``forbidden``: a private network.
    """

    problem: str = ""
    status: int | None = None
    body: bytes = b""
    charset: str | None = None
    location: str = ""
    etag: str = ""
    last_modified: str = ""
    robots: str = ""
    retry_after_seconds: float | None = None

    @property
    def unchanged(self) -> bool:
        """Whether the page is as it was when its ETag or date was kept."""
        return self.status == _NOT_MODIFIED


class Client(Protocol):
    """What a crawl asks of the network."""

    def fetch(
        self, url: str, *, etag: str = "", last_modified: str = "", only_html: bool = True
    ) -> Fetched:
        """The answer of an address; what went wrong is in it."""

    def break_off(self) -> None:
        """Ends a running fetch, from another thread."""


@dataclass
class SiteClient:
    """The client over requests. ``user_agent`` begins with PonteBot, as robots.txt may name us."""

    user_agent: str
    max_bytes: int
    private_addresses: bool = False
    _guard: Guard = field(init=False)
    _session: requests.Session = field(init=False)

    def __post_init__(self) -> None:
        self._guard = Guard(private_addresses=self.private_addresses)
        self._session = requests.Session()
        # Neither this machine's proxies nor its passwords are the site's matter.
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, GuardedAdapter(self._guard))
        self._session.headers["User-Agent"] = self.user_agent

    def break_off(self) -> None:
        """See Client."""
        self._guard.break_off()

    def fetch(
        self, url: str, *, etag: str = "", last_modified: str = "", only_html: bool = True
    ) -> Fetched:
        """See Client."""
        headers = {"Accept": "text/html, application/xhtml+xml;q=0.9" if only_html else "*/*"}
        headers |= {"If-None-Match": etag} if etag else {}
        headers |= {"If-Modified-Since": last_modified} if last_modified and not etag else {}
        try:
            self._session.cookies.clear()
            with self._session.get(
                url,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            ) as answer:
                return self._read(answer, only_html=only_html)
        except ForbiddenAddress:
            return Fetched("forbidden")
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            return Fetched("unreachable")

    def _read(self, answer: requests.Response, *, only_html: bool) -> Fetched:
        status, headers = answer.status_code, answer.headers
        if status in _REDIRECTS:
            return Fetched("redirect", status, location=_text(headers, "Location"))
        if status in _LATER:
            seconds = _seconds_of(_text(headers, "Retry-After"))
            return Fetched("later", status, retry_after_seconds=seconds)
        if status in _GONE:
            return Fetched("gone", status)
        if status == _NOT_MODIFIED:
            return Fetched(status=status)
        if status != _OK:
            return Fetched("refused", status)
        kind, charset = _content_type(_text(headers, "Content-Type"))
        if only_html and kind not in _HTML:
            return Fetched("not_html", status)
        body = self._read_body(answer)
        if body is None:
            return Fetched("too_large", status)
        return Fetched(
            status=status,
            body=body,
            charset=charset,
            etag=_text(headers, "ETag")[:300],
            last_modified=_text(headers, "Last-Modified")[:100],
            robots=_text(headers, "X-Robots-Tag")[:1000],
        )

    def _read_body(self, answer: requests.Response) -> bytes | None:
        """The unpacked body, None above the bound.

        Raises:
            OSError: it drips: it is not here after a minute.
        """
        ends_at = time.monotonic() + _WHOLE_SECONDS
        body = bytearray()
        while piece := answer.raw.read1(_PIECE_BYTES, decode_content=True):
            body += piece
            if len(body) > self.max_bytes:
                return None
            if time.monotonic() > ends_at:
                raise TimeoutError
        return bytes(body)


def _text(headers: CaseInsensitiveDict[str], name: str) -> str:
    return headers.get(name, "").strip()


def _content_type(value: str) -> tuple[str, str | None]:
    message = Message()
    message["Content-Type"] = value or "application/octet-stream"
    return message.get_content_type(), message.get_content_charset()


def _seconds_of(retry_after: str) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3)."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(parsedate_to_datetime(retry_after).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError):
        return None
