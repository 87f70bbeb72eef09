"""Where a message mentions a CNPJ, an e-mail or a ticket number."""

from __future__ import annotations

import re
from typing import Any

READ_AT_MOST_CHARS = 600
"""What a message wants is said in its first sentences; reading more only costs time."""

# Look-arounds refuse digits, dots, slashes and dashes, so that no part of a longer number
# (the branch of a CNPJ, a phone, an amount) is taken for a number of its own. People put all
# kinds of separators into a CNPJ, and glue the word to it.
_GAP = r"\s?[.,/\-\u2013\u2014]?\s?"
CNPJ = re.compile(
    r"(?:(?<=cnpj)|(?<![0-9A-Za-z])(?<!\d[./-]))"
    rf"(?:\d{{2}}{_GAP}\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{4}}{_GAP}\d{{2}}"
    rf"|[0-9A-Z]{{2}}{_GAP}[0-9A-Z]{{3}}{_GAP}[0-9A-Z]{{3}}{_GAP}[0-9A-Z]{{4}}{_GAP}\d{{2}})"
    r"(?![0-9A-Za-z])(?![./-]\d)",
    re.IGNORECASE,
)
EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9_][\w.+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?![\w@])"
)
_NUMBER = r"(?:\d{4}-\d{1,6}|\d{1,8})(?![\d/]|[.,-]\d)"
_TICKET = (
    r"\b(?:chamad[oa]s?|xamados?|tickets?|tikets?|t[ií]qu?etes?|atendimentos?|protocolos?|"
    r"solicita[cç](?:[aã]o|[oõ]es)|ocorr[eê]ncias?)"
)
_IN_BETWEEN = r"(?:\s+(?:aberto|n[uú]mero|num|nro|nr|n[º°o.]?|d[eoa]|[oa]|meu))*"
_TICKET_NUMBERS = (
    re.compile(r"#\s?(" + _NUMBER + ")"),
    re.compile(r"(?<![\d.,/#-])(20\d{2}-\d{3,6})(?![\d/]|[.,-]\d)"),
    re.compile(_TICKET + _IN_BETWEEN + r"[\s:.]*(" + _NUMBER + ")", re.IGNORECASE),
    re.compile(
        _TICKET
        + _IN_BETWEEN
        + r"[\s:.#]*"
        + _NUMBER
        + r"\s*(?:e|,|ou)\s*(?:o\s+)?#?("
        + _NUMBER
        + ")",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:status|situa[cç][aã]o|andamento|posi[cç][aã]o|not[ií]cias?|novidades?|retorno)\s+"
        r"(?:d[oae]\s+|n[º°o]\.?\s*)?(\d{1,8})(?![\d/]|[.,-]\d)(?!\s*(?:reais|mil|%))",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:status|situa[cç][aã]o|andamento|n[uú]mero|nro|d[oae]|no|n[º°])\s+"
        r"(\d{3,8})(?![\d/]|[.,-]\d)(?!\s*(?:reais|mil|%))",
        re.IGNORECASE,
    ),
    re.compile(r"\A\s*(\d{3,8})\s*\Z"),
)


def find_mentions(text: str) -> list[dict[str, Any]]:
    """The entities of a message in Rasa's form, in the order of the text, never overlapping."""
    read = text[:READ_AT_MOST_CHARS]
    found: list[dict[str, Any]] = []
    for match in EMAIL.finditer(read):
        _add(found, "email", match.start(), match.end(), match.group())
    for match in CNPJ.finditer(read):
        if is_cnpj(match.group()):
            _add(found, "cnpj", match.start(), match.end(), match.group())
    for pattern in _TICKET_NUMBERS:
        for match in pattern.finditer(read):
            _add(found, "ticket_number", match.start(1), match.end(1), match.group(1))
    return sorted(found, key=lambda entity: entity["start"])


def is_cnpj(typed: str) -> bool:
    """Whether what has the form of a CNPJ is one, and no words and numbers in a row.

    Figures alone are taken as they are, right or wrong; with letters and spaces among them the
    check digits decide (law: IN RFB 2.229/2024; letters count their ASCII code less 48).
    """
    signs = [sign for sign in typed.upper() if sign.isalnum()]
    digits = sum(sign.isdigit() for sign in signs)
    if digits == len(signs) or (digits >= 6 and not re.search(r"\s", typed)):
        return True
    values = [ord(sign) - 48 for sign in signs]
    return all(_check_digit(values[:count]) == values[count] for count in (12, 13))


def _check_digit(values: list[int]) -> int:
    weighted = sum(value * (2 + place % 8) for place, value in enumerate(reversed(values)))
    return 0 if weighted % 11 < 2 else 11 - weighted % 11


def _add(found: list[dict[str, Any]], kind: str, start: int, end: int, value: str) -> None:
    if any(start < other["end"] and other["start"] < end for other in found):
        return
    found.append({"entity": kind, "start": start, "end": end, "value": value})
