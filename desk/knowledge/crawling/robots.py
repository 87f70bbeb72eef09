"""What a site says to those who crawl: robots.txt (RFC 9309) and sitemaps (sitemaps.org)."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import etree
from protego import Protego

from desk.knowledge.crawling.addresses import Scope, one_form
from desk.knowledge.crawling.client import Client

USER_AGENT = "PonteBot"
_LONGEST_DELAY_SECONDS = 60.0
_MOST_SITEMAPS, _DEEPEST_SITEMAP = 50, 3
_MOST_SITEMAP_BYTES = 10 * 1024 * 1024
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Rules:
    """The rules of a site; ``problem``: why they could not be read, and then nothing may be."""

    parsed: Protego
    problem: str = ""

    def allows(self, url: str) -> bool:
        """Whether we may fetch an address."""
        return not self.problem and bool(self.parsed.can_fetch(url, USER_AGENT))

    @property
    def delay_seconds(self) -> float:
        """The pause between two requests that it asks for, at most a minute."""
        return min(float(self.parsed.crawl_delay(USER_AGENT) or 0.0), _LONGEST_DELAY_SECONDS)


def read_rules(client: Client, start: str) -> Rules:
    """A site's robots.txt: a missing one allows all, an unreachable one nothing."""
    url = urljoin(start, "/robots.txt")
    scope = Scope.of(start)
    for _ in range(5):
        answer = client.fetch(url, only_html=False)
        target = one_form(answer.location, url) if answer.problem == "redirect" else None
        if target is None or not scope.same_host(target):
            break
        url = target
    if answer.problem in {"unreachable", "later", "forbidden"}:
        return Rules(Protego.parse(""), answer.problem)
    text = "" if answer.problem else answer.body[: 512 * 1024].decode("utf-8", "replace")
    return Rules(Protego.parse(text))


def read_sitemaps(client: Client, start: str, rules: Rules, most: int) -> list[str]:
    """Addresses of the site's pages from its sitemaps, each once, at most ``most``."""
    scope = Scope.of(start)
    waiting = [(url, 1) for url in rules.parsed.sitemaps] or [(urljoin(start, "/sitemap.xml"), 1)]
    seen: set[str] = set()
    found: dict[str, None] = {}
    while waiting and len(seen) < _MOST_SITEMAPS and len(found) < most:
        written, depth = waiting.pop(0)
        url = one_form(written, start)
        if url is None or url in seen or not scope.same_host(url) or not rules.allows(url):
            continue
        seen.add(url)
        answer = client.fetch(url, only_html=False)
        for kind, address in _entries(answer.body):
            if kind == "sitemap" and depth < _DEEPEST_SITEMAP:
                waiting.append((address, depth + 1))
            page = one_form(address) if kind == "url" else None
            if page is not None and scope.holds(page):
                found[page] = None
    return list(found)[:most]


def _entries(data: bytes) -> Iterator[tuple[str, str]]:
    """``("url" | "sitemap", address)`` of each entry; of a broken file those before the break."""
    plain = _unpacked(data)
    if not plain.strip():
        return
    parser = etree.XMLPullParser(
        events=("end",), resolve_entities=False, no_network=True, recover=True, load_dtd=False
    )
    try:
        parser.feed(plain)
    except etree.XMLSyntaxError:
        return
    for _, element in parser.read_events():
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        parent = element.getparent()
        if name == "loc" and parent is not None and element.text:
            yield etree.QName(parent).localname, element.text.strip()


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return packed.read(_MOST_SITEMAP_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""
