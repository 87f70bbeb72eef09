"""A page of documentation as sections of blocks, whatever it was written in."""

from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["text", "steps", "list", "table", "code"]


@dataclass(frozen=True)
class Block:
    """What a reader sees as one piece: a paragraph's one line, or a line for each item or row."""

    kind: BlockKind
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it is said in a chat: steps are numbered, items have a dash."""
        if self.kind == "steps":
            return "\n".join(f"{number}. {line}" for number, line in enumerate(self.lines, 1))
        if self.kind == "list":
            return "\n".join(f"- {line}" for line in self.lines)
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Section:
    """The blocks under a heading. ``headings``: from the page's title's child down to its own.

    ``phrasings``: how customers ask for it, written by the page's author. ``anchor``: the id that
    the heading has on its page ("" for none); None where it follows from the heading's words.
    """

    headings: tuple[str, ...]
    blocks: tuple[Block, ...]
    phrasings: tuple[str, ...] = ()
    anchor: str | None = None

    @property
    def text(self) -> str:
        """All blocks."""
        return "\n\n".join(block.text for block in self.blocks)


@dataclass(frozen=True)
class Page:
    """``path`` names it within its source, such as ``acesso/esqueci-a-senha``."""

    path: str
    title: str
    summary: str
    sections: tuple[Section, ...]
