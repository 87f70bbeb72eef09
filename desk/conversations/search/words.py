"""Cuts text into the words that the index keeps and that a question asks for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from desk.text import fold

MAX_WORD_CHARS = 60
MAX_WORDS = 3000
MAX_ASKED = 8
MAX_QUESTION_CHARS = 200
_EXCERPT_BEFORE = 40
_EXCERPT_CHARS = 160

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Piece:
    """Part of an excerpt; ``found`` when it is what was asked for."""

    text: str
    found: bool = False


def words_of(text: str) -> list[str]:
    """Each word of a text once, without case and accents, at most 3000."""
    found = (word[:MAX_WORD_CHARS] for word in _WORD.findall(fold(text)))
    return list(dict.fromkeys(found))[:MAX_WORDS]


def asked_words(q: str) -> list[str]:
    """The words of a question, at most eight."""
    return words_of(q[:MAX_QUESTION_CHARS])[:MAX_ASKED]


def number_words(value: str) -> Iterable[str]:
    """A phone or registration number as people type it: whole, and without its leading groups."""
    digits = "".join(re.findall(r"\w", fold(value)))
    if not digits:
        return
    yield digits
    if digits.startswith("55") and len(digits) in (12, 13):
        yield digits[2:]
        yield digits[4:]


def to_fts5(asked: Sequence[str]) -> str:
    """The question for FTS5: every word, from its beginning on; a single letter only whole."""
    return " ".join(f'"{word}"*' if len(word) > 1 else f'"{word}"' for word in asked)


def to_tsquery(asked: Sequence[str]) -> str:
    """The same for PostgreSQL."""
    return " & ".join(f"'{word}':*" if len(word) > 1 else f"'{word}'" for word in asked)


def excerpt(text: str, asked: Sequence[str]) -> list[Piece]:
    """The part of a text around what was asked for, marked; empty when it is not there."""
    line = " ".join(text.split())
    spots = [match.span() for match in _WORD.finditer(line) if _answers(match.group(), asked)]
    if not spots:
        return []
    start = _start(line, spots[0][0])
    end = start + _EXCERPT_CHARS
    pieces = [Piece("…")] if start else []
    at = start
    for left, right in spots:
        if right > end:
            break
        pieces += [Piece(line[at:left]), Piece(line[left:right], found=True)]
        at = right
    pieces.append(Piece(line[at:end] + ("…" if end < len(line) else "")))
    return [piece for piece in pieces if piece.text]


def _answers(word: str, asked: Sequence[str]) -> bool:
    plain = fold(word)
    return any(plain == each or (len(each) > 1 and plain.startswith(each)) for each in asked)


def _start(line: str, first: int) -> int:
    """A little before the first match, at the beginning of a word."""
    if first <= _EXCERPT_BEFORE:
        return 0
    blank = line.find(" ", first - _EXCERPT_BEFORE, first)
    return blank + 1 if blank >= 0 else first
