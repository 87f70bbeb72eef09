"""CNPJ: numeric, or alphanumeric as in force since July 2026.

Source: Receita Federal, Instrução Normativa RFB 2.229/2024: twelve letters or digits and two
check digits; a character counts ``ord(c) - 48``, modulo 11. Check digits by python-stdnum.
"""

import re
from dataclasses import dataclass

from stdnum.br import cnpj as stdnum_cnpj

LENGTH = 14
# Fourteen characters of which the last two are digits, with the usual punctuation or blanks
# between the groups, not touching another letter or digit, nor within a longer number.
_MENTION = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][./-])"
    r"([0-9A-Za-z]{2})[.\s]{0,2}([0-9A-Za-z]{3})[.\s]{0,2}([0-9A-Za-z]{3})"
    r"\s{0,2}[/\\]?\s{0,2}([0-9A-Za-z]{4})\s{0,2}[-–.]?\s{0,2}([0-9]{2})"
    r"(?![0-9A-Za-z])(?![./-][0-9])"
)
# Ordinary words can have these lengths too ("eu vou ver isso 35").
_MIN_DIGITS = 6


@dataclass(frozen=True)
class CnpjMention:
    """Something written like a CNPJ: ``value`` has 14 upper-case characters."""

    value: str
    valid: bool


def is_valid_cnpj(value: str) -> bool:
    """Whether the check digits are right; punctuation does not matter."""
    return bool(stdnum_cnpj.is_valid(value))


def format_cnpj(value: str) -> str:
    """``11222333000181`` as ``11.222.333/0001-81``."""
    return f"{value[:2]}.{value[2:5]}.{value[5:8]}/{value[8:12]}-{value[12:]}"


def find_cnpj(text: str) -> CnpjMention | None:
    """The first valid CNPJ in a sentence, else the first that looks like one, else None."""
    looks_like: CnpjMention | None = None
    for match in _MENTION.finditer(text[:4000]):
        value = "".join(match.groups()).upper()
        if sum(char.isdigit() for char in value) < _MIN_DIGITS:
            continue
        if is_valid_cnpj(value):
            return CnpjMention(value, True)
        looks_like = looks_like or CnpjMention(value, False)
    if looks_like is None:
        digits = re.sub(r"[\s./-]", "", text[:200]).upper()
        if digits.isascii() and digits.isdigit() and 11 <= len(digits) <= 17:
            return CnpjMention(digits, len(digits) == LENGTH and is_valid_cnpj(digits))
    return looks_like
