"""Markdown with front matter as a page.

The front matter may give ``title``, ``summary`` and ``perguntas``, how customers ask: a list of
sentences for the whole page, or of ``{seção: heading, frases: [...]}`` for one section.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from desk.errors import Invalid
from desk.knowledge.pages import Block, Page, Section
from desk.text import fold

_FENCE = "---"
_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def read_markdown(path: str, source: str) -> Page:
    """A page from its text.

    Raises:
        Invalid: the front matter is no YAML, or names a section that the page does not have.
    """
    facts, body = split_front_matter(path, source)
    title, sections = read_body(body)
    title = str(facts.get("title") or title or path.rpartition("/")[2])
    phrasings = _phrasings(path, facts.get("perguntas") or [])
    known = {fold(section.headings[-1]) if section.headings else "" for section in sections}
    for heading in phrasings:
        if heading and heading not in known:
            raise Invalid("perguntas", f"{path}: não há a seção “{heading}”.")
    return Page(
        path=path,
        title=title,
        summary=str(facts.get("summary") or ""),
        sections=tuple(_with_phrasings(sections, phrasings)),
    )


def split_front_matter(path: str, source: str) -> tuple[Mapping[str, Any], str]:
    """The facts above a page's text, and the text.

    Raises:
        Invalid: they are no mapping in YAML.
    """
    lines = source.lstrip("\ufeff").splitlines()
    if not lines or lines[0].strip() != _FENCE:
        return {}, source
    try:
        end = next(at for at, line in enumerate(lines[1:], 1) if line.strip() == _FENCE)
        facts = yaml.safe_load("\n".join(lines[1:end])) or {}
    except (StopIteration, yaml.YAMLError) as error:
        raise Invalid("front_matter", f"{path}: o cabeçalho entre “---” não é YAML.") from error
    if not isinstance(facts, dict):
        raise Invalid("front_matter", f"{path}: o cabeçalho precisa de linhas “nome: valor”.")
    return facts, "\n".join(lines[end + 1 :])


def _phrasings(path: str, given: Any) -> dict[str, list[str]]:
    """By the folded heading of their section; "" for the whole page."""
    if not isinstance(given, list):
        raise Invalid("perguntas", f"{path}: “perguntas” precisa ser uma lista.")
    found: dict[str, list[str]] = {}
    for entry in given:
        if isinstance(entry, dict):
            heading = fold(str(entry.get("seção") or entry.get("secao") or ""))
            found.setdefault(heading, []).extend(map(str, entry.get("frases") or []))
        else:
            found.setdefault("", []).append(str(entry))
    return found


def _with_phrasings(
    sections: list[Section], phrasings: Mapping[str, list[str]]
) -> Iterator[Section]:
    """A page's own phrasings belong to its first section."""
    for number, section in enumerate(sections):
        own = list(phrasings.get("", [])) if number == 0 else []
        if section.headings:
            own += phrasings.get(fold(section.headings[-1]), [])
        yield Section(section.headings, section.blocks, tuple(own))


def read_body(body: str) -> tuple[str, list[Section]]:
    """The title (the first heading of level 1) and the sections in order, none empty."""
    tree = SyntaxTreeNode(_READER.parse(body))
    title = ""
    levels: list[tuple[int, str]] = []
    found: list[tuple[tuple[str, ...], list[Block]]] = [((), [])]
    for node in tree.children:
        if node.type == "heading":
            level, words = int(node.tag[1:]), _words(node)
            if level == 1 and not title:
                title = words
                continue
            levels = [each for each in levels if each[0] < level] + [(level, words)]
            found.append((tuple(words for _, words in levels), []))
        else:
            found[-1][1].extend(_blocks(node))
    return title, [Section(path, tuple(blocks)) for path, blocks in found if blocks]


def _blocks(node: SyntaxTreeNode) -> Iterator[Block]:
    if node.type in {"bullet_list", "ordered_list"}:
        kind = "steps" if node.type == "ordered_list" else "list"
        yield Block(kind, tuple(_item(item) for item in node.children))  # type: ignore[arg-type]
    elif node.type == "table":
        rows = [row for part in node.children for row in part.children]
        yield Block("table", tuple(" | ".join(map(_words, row.children)) for row in rows))
    elif node.type in {"fence", "code_block"}:
        yield Block("code", tuple(node.content.rstrip().splitlines()))
    elif node.type == "blockquote":
        for child in node.children:
            yield from _blocks(child)
    elif words := _words(node):
        yield Block("text", (words,))


def _item(node: SyntaxTreeNode) -> str:
    """A list's item; what is nested in it follows on lines of its own."""
    parts: list[str] = []
    for child in node.children:
        if child.type in {"bullet_list", "ordered_list"}:
            parts += [f"   - {_item(item)}" for item in child.children]
        elif words := _words(child):
            parts.append(words)
    return "\n".join(parts)


def _words(node: SyntaxTreeNode) -> str:
    """The node's plain text; *strong* as in WhatsApp."""
    if node.type in {"text", "code_inline"}:
        return node.content
    if node.type in {"softbreak", "hardbreak"}:
        return " "
    inner = "".join(map(_words, node.children))
    if node.type == "strong":
        return f"*{inner}*"
    return " ".join(inner.split()) if node.type in {"paragraph", "heading", "inline"} else inner
