"""Addresses of a site: one form for each, what belongs to it, and what looks endless."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

MAX_ADDRESS_CHARS = 500
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = re.compile(
    r"utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|phpsessid|jsessionid|sessionid|sid", re.IGNORECASE
)
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_NO_PAGE = re.compile(
    r"\.(?:pdf|zip|gz|tgz|rar|7z|exe|dmg|apk|png|jpe?g|gif|webp|avif|svg|ico|bmp|mp[34]|webm|ogg"
    r"|wav|avi|mov|css|m?js|json|xml|rss|atom|csv|txt|docx?|xlsx?|pptx?|od[tsp]|woff2?|ttf|eot)$",
    re.IGNORECASE,
)
_MOST_SEGMENTS, _MOST_REPEATS, _MOST_PARAMETERS = 14, 2, 4
_MOST_ALIKE = 300


def one_form(address: str, base: str = "") -> str | None:
    """The address as all that open the same page are written; None for what cannot be a page's.

    Without fragment, session and tracking; parameters in order.
    """
    try:
        parts = urlsplit(urljoin(base, address.strip()))
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username:
            return None
        host = parts.hostname.lower().rstrip(".")
        host = f"[{host}]" if ":" in host else host
        if parts.port is not None and parts.port != _DEFAULT_PORTS[parts.scheme]:
            host += f":{parts.port}"
        path = _SESSION_IN_PATH.sub("", parts.path) or "/"
        kept = [
            pair
            for pair in parse_qsl(parts.query, keep_blank_values=True, max_num_fields=50)
            if not _TRACKING.fullmatch(pair[0])
        ]
        plain = urlunsplit(SplitResult(parts.scheme, host, path, urlencode(kept), ""))
        found = str(canonicalize_url(plain))
    except (ValueError, UnicodeError):
        return None
    return found if len(found) <= MAX_ADDRESS_CHARS else None


def path_of(address: str) -> str:
    """What names a page within its site."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def may_be_page(address: str) -> bool:
    """Whether it may be HTML, by its ending."""
    return _NO_PAGE.search(urlsplit(address).path) is None


@dataclass(frozen=True)
class Scope:
    """What belongs to a site: its host, below the folder in which its first page lies."""

    host: str
    folder: str

    @classmethod
    def of(cls, start: str) -> Self:
        """The scope of a site that begins at an address in its one form."""
        parts = urlsplit(start)
        return cls(_host(parts), parts.path.rpartition("/")[0] + "/")

    def holds(self, address: str) -> bool:
        """Whether an address belongs to it. http and https of one host are one site."""
        parts = urlsplit(address)
        return _host(parts) == self.host and f"{parts.path}/".startswith(self.folder)

    def same_host(self, address: str) -> bool:
        """Whether an address is on its host, wherever there."""
        return _host(urlsplit(address)) == self.host


def _host(parts: SplitResult) -> str:
    """Host and port; the two default ports are one."""
    default = parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.hostname}:{'' if default else parts.port}"


class Traps:
    """Tells addresses that a site makes without end: calendars, filters, folders in themselves."""

    def __init__(self) -> None:
        self._alike: Counter[str] = Counter()

    def count(self, address: str) -> None:
        """An address was taken."""
        self._alike[_pattern(address)] += 1

    def catches(self, address: str) -> bool:
        """Whether an address that a page links to looks endless."""
        parts = urlsplit(address)
        segments = [each for each in parts.path.split("/") if each]
        return (
            len(segments) > _MOST_SEGMENTS
            or any(count > _MOST_REPEATS for count in Counter(segments).values())
            or len(parse_qsl(parts.query, keep_blank_values=True)) > _MOST_PARAMETERS
            or self._alike[_pattern(address)] >= _MOST_ALIKE
        )


def _pattern(address: str) -> str:
    """What is alike in addresses that differ by numbers or by what their parameters say."""
    parts = urlsplit(address)
    names = ",".join(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    path = re.sub(r"\d+", "0", parts.path)
    return f"{path}?{names}" if names or path != parts.path else address
