"""A Markdown page as safe HTML: headings that can be linked to, addresses that lead somewhere."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from desk.knowledge.markdown import split_front_matter
from desk.knowledge.passages import anchor_of

PREFIX = "/ajuda"
_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, **{tag: {"id"} for tag in _HEADINGS}}


@dataclass(frozen=True)
class Rendered:
    """``html`` is sanitised; ``headings``: anchor and words of those of the second level."""

    title: str
    summary: str
    html: str
    headings: Sequence[tuple[str, str]]


def render_page(path: str, source: str) -> Rendered:
    """A page of the folder.

    Raises:
        Invalid: its front matter cannot be read.
    """
    facts, body = split_front_matter(path, source)
    tokens = _READER.parse(body)
    headings: list[tuple[str, str]] = []
    title = str(facts.get("title") or "")
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            words = _plain(tokens[at + 1])
            token.attrSet("id", anchor_of(words))
            if token.tag == "h2":
                headings.append((anchor_of(words), words))
            elif token.tag == "h1" and (not title or words == title):
                title = words
                token.hidden = tokens[at + 1].hidden = tokens[at + 2].hidden = True
                tokens[at + 1].children = []
        for child in token.children or []:
            if child.type == "link_open":
                child.attrSet("href", address_of(path, str(child.attrGet("href") or "")))
    html = nh3.clean(
        _READER.renderer.render(tokens, _READER.options, {}),
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
    )
    return Rendered(title or path, str(facts.get("summary") or ""), html, headings)


def address_of(path: str, link: str) -> str:
    """Where a link on a page leads: pages are linked to by their files, relative to the page."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path.endswith(".md"):
        return link
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), parts.path))
    fragment = f"#{anchor_of(parts.fragment)}" if parts.fragment else ""
    return f"{PREFIX}/{target.removesuffix('.md').lstrip('./')}{fragment}"


def _plain(token: Token) -> str:
    return "".join(
        child.content for child in token.children or [] if child.type in {"text", "code_inline"}
    )
