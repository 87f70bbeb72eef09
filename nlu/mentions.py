"""Where a message mentions a CNPJ, an e-mail or a ticket number."""

from __future__ import annotations

import re
from typing import Any

from nlu.chat_text import READ_AT_MOST_CHARS

# Look-arounds refuse digits, dots, slashes and dashes, so that no part of a longer number
# (the branch of a CNPJ, a phone, an amount) is taken for a number of its own.
_CNPJ = re.compile(
    r"(?<![0-9A-Za-z])(?<!\d[./-])"
    r"(?:\d{2}[.\s]?\d{3}[.\s]?\d{3}\s?[/\s]?\s?\d{4}\s?[-\s]?\s?\d{2}"
    r"|[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?\d{2})"
    r"(?![0-9A-Za-z])(?![./-]\d)",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9_][\w.+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?![\w@])"
)
_NUMBER = r"(?:\d{4}-\d{1,6}|\d{1,8})(?![\d/]|[.,-]\d)"
_TICKET_NUMBERS = (
    re.compile(r"#\s?(" + _NUMBER + ")"),
    re.compile(r"(?<![\d.,/#-])(20\d{2}-\d{3,6})(?![\d/]|[.,-]\d)"),
    re.compile(
        r"\b(?:chamados?|tickets?|tiquete|atendimentos?|protocolos?|solicita[cç][aã]o|xamado)"
        r"(?:\s+(?:de\s+)?(?:n[uú]mero|num|n[º°o.]?|d[eo]))?[\s:.]*(" + _NUMBER + ")",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:status|situa[cç][aã]o|andamento)\s+(?:d[oae]\s+|n[º°o]\.?\s*)?"
        r"(\d{1,8})(?![\d/]|[.,-]\d)(?!\s*(?:reais|mil|%))",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:status|situa[cç][aã]o|andamento|n[uú]mero|d[oae]|no|n[º°])\s+"
        r"(\d{3,8})(?![\d/]|[.,-]\d)(?!\s*(?:reais|mil|%))",
        re.IGNORECASE,
    ),
    re.compile(r"\A\s*(\d{3,8})\s*\Z"),
)


def find_mentions(text: str) -> list[dict[str, Any]]:
    """The entities of a message in Rasa's form, in the order of the text, never overlapping."""
    read = text[:READ_AT_MOST_CHARS]
    found: list[dict[str, Any]] = []
    for match in _EMAIL.finditer(read):
        _add(found, "email", match.start(), match.end(), match.group())
    for match in _CNPJ.finditer(read):
        if sum(char.isdigit() for char in match.group()) >= 6:
            _add(found, "cnpj", match.start(), match.end(), match.group())
    for pattern in _TICKET_NUMBERS:
        for match in pattern.finditer(read):
            _add(found, "ticket_number", match.start(1), match.end(1), match.group(1))
    return sorted(found, key=lambda entity: entity["start"])


def _add(found: list[dict[str, Any]], kind: str, start: int, end: int, value: str) -> None:
    if any(start < other["end"] and other["start"] < end for other in found):
        return
    found.append({"entity": kind, "start": start, "end": end, "value": value})
