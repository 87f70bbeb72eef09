"""HTML as a page: its main part without the site's frame, its headings with their anchors.

BeautifulSoup reads what browsers read, markdownify writes it as Markdown, and that is read like
our own pages: steps stay steps, tables tables.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote, urljoin

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EncodingDetector
from markdownify import MarkdownConverter

from desk.knowledge.markdown import read_body
from desk.knowledge.pages import Page, Section
from desk.text import clean_text

READER_VERSION = 1
"""Rises when the same HTML is read otherwise: pages that have not changed are read again."""

_MAIN = ("main", "[role=main]", "article", "[itemprop=articleBody]", "body")
_NEVER_READ = (
    "script, style, noscript, template, svg, iframe, object, nav, form, button, dialog,"
    " [role=navigation], [role=search], [role=dialog]"
)
_FRAME = "header, footer, aside, [role=banner], [role=contentinfo], [role=complementary]"
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PERMALINKS = frozenset({"", "#", "¶", "§", "🔗"})
# An anchor travels through Markdown behind its heading's words, between two private characters.
_ANCHOR = re.compile("\ue000(.*?)\ue001")
_MOST_TITLE_CHARS, _MOST_ANCHOR_CHARS = 300, 300
_SITE_NAME = re.compile(r"\s+[|·–—-]\s+[^|·–—]*$")


class Unreadable(Exception):
    """There is no page in these bytes."""


@dataclass(frozen=True)
class HtmlPage:
    """A page and what it says to those who crawl. ``links``: absolute, in order, each once."""

    page: Page
    links: tuple[str, ...]
    canonical: str
    may_index: bool
    may_follow: bool


def read_html(data: bytes, path: str, url: str = "", charset: str | None = None) -> HtmlPage:
    """A page from its bytes.

    Args:
        data: the document.
        path: what will name the page within its source.
        url: where it stands; links are resolved from there.
        charset: as its server says; otherwise the document's own word counts, then a guess.

    Raises:
        Unreadable: it is no HTML, or nested beyond reason.
    """
    try:
        soup = BeautifulSoup(_decode(data, charset), "lxml")
        # Before anything is taken out.
        told, links, canonical = _robots(soup), _links(soup, url), _canonical(soup, url)
        title, sections = _read(soup)
    except (RecursionError, ValueError, LookupError) as error:
        raise Unreadable(type(error).__name__) from error
    return HtmlPage(
        page=Page(path, title or path, "", tuple(sections)),
        links=() if "nofollow" in told else links,
        canonical=canonical,
        may_index="noindex" not in told,
        may_follow="nofollow" not in told,
    )


def _decode(data: bytes, charset: str | None) -> str:
    """By byte order mark, server or document; UTF-8 where it fits; else as Brazil used to write."""
    data, mark = EncodingDetector.strip_byte_order_mark(data)
    declared = EncodingDetector.find_declared_encoding(data, is_html=True)
    said = [each for each in (mark, charset, declared) if each and _is_codec(each)]
    for codec in [*said, "utf-8"]:
        try:
            return data.decode(codec)
        except UnicodeError:
            continue
    return data.decode(said[0] if said else "windows-1252", "replace")


def _is_codec(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:
        return False
    return True


def robots_words(text: str) -> frozenset[str]:
    """The words of a robots tag or header; ``none`` is both."""
    words = {word.strip().lower() for word in text.split(",")}
    return frozenset(words | {"noindex", "nofollow"} if "none" in words else words)


def _robots(soup: BeautifulSoup) -> frozenset[str]:
    tags = soup.find_all("meta", attrs={"name": re.compile("^(robots|pontebot)$", re.IGNORECASE)})
    return robots_words(",".join(_attribute(tag, "content") for tag in tags))


def _links(soup: BeautifulSoup, url: str) -> tuple[str, ...]:
    base = soup.find("base", href=True)
    start = _join(url, _attribute(base, "href")) if isinstance(base, Tag) else url
    found = dict.fromkeys(
        _join(start, _attribute(tag, "href"))
        for tag in soup.find_all("a", href=True)
        if "nofollow" not in (tag.get("rel") or ())
    )
    return tuple(link for link in found if link)


def _canonical(soup: BeautifulSoup, url: str) -> str:
    tag = soup.find("link", rel="canonical", href=True)
    return _join(url, _attribute(tag, "href")) if isinstance(tag, Tag) else ""


def _join(base: str, link: str) -> str:
    """An absolute address; empty for one that makes no sense."""
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return ""


def _read(soup: BeautifulSoup) -> tuple[str, list[Section]]:
    title = _document_title(soup)
    main = _main_part(soup)
    for unread in main.select(_NEVER_READ):
        unread.decompose()
    if main.name == "body":
        for frame in main.select(_FRAME):
            frame.decompose()
    for summary in main.find_all("summary"):
        # A question that unfolds its answer is a heading for whoever searches.
        summary.name = "h6"
    for heading in main.find_all(_HEADINGS):
        _mark_anchor(heading)
    markdown = MarkdownConverter(
        heading_style="ATX", strip=["a", "img"], escape_misc=True, bullets="-"
    ).convert_soup(main)
    own, sections = read_body(clean_text(str(markdown)))
    words = _ANCHOR.sub("", own).strip() or title
    return words[:_MOST_TITLE_CHARS], [_unmarked(section) for section in sections]


def _main_part(soup: BeautifulSoup) -> Tag:
    """What most likely is the page: of several articles none is."""
    for selector in _MAIN:
        found = soup.select(selector)
        if len(found) == 1 and found[0].get_text(strip=True):
            return found[0]
    raise Unreadable("no body")


def _document_title(soup: BeautifulSoup) -> str:
    """The first heading of level 1, else the document's title without the site's name."""
    for tag in (soup.find("h1"), soup.find("title")):
        if isinstance(tag, Tag) and (words := " ".join(clean_text(tag.get_text(" ")).split())):
            return words if tag.name == "h1" else _SITE_NAME.sub("", words) or words
    return ""


def _mark_anchor(heading: Tag) -> None:
    anchor = next((each for each in _anchors(heading) if each), "")
    for link in heading.find_all("a"):
        if link.get_text(strip=True) in _PERMALINKS:
            link.decompose()
    if 0 < len(anchor) <= _MOST_ANCHOR_CHARS and heading.get_text(strip=True):
        heading.append(f"\ue000{anchor}\ue001")


def _anchors(heading: Tag) -> Iterator[str]:
    """Where a heading's anchor may stand, the likeliest first."""
    yield _attribute(heading, "id")
    for inner in heading.select("[id]"):
        yield _attribute(inner, "id")
    for link in heading.find_all("a"):
        yield _attribute(link, "name")
        href = _attribute(link, "href")
        yield unquote(href[1:]) if href.startswith("#") else ""
    parent = heading.parent
    if parent is not None and parent.name in {"section", "article", "div", "details"}:
        is_first = parent.find(_HEADINGS) is heading
        yield _attribute(parent, "id") if is_first else ""


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name)
    return value.strip() if isinstance(value, str) else ""


def _unmarked(section: Section) -> Section:
    if not section.headings:
        return replace(section, anchor="")
    found = _ANCHOR.search(section.headings[-1])
    words = (" ".join(_ANCHOR.sub("", heading).split()) for heading in section.headings)
    return replace(
        section,
        headings=tuple(word[:_MOST_TITLE_CHARS] for word in words),
        anchor=found[1] if found else "",
    )
