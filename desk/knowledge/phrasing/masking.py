"""Takes personal data out of a text before it leaves this installation."""

import re
from collections.abc import Iterable

from phonenumbers import Leniency, PhoneNumberMatcher

from desk.text import fold

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
# Numeric and alphanumeric, with and without punctuation; then CPF.
_CNPJ = re.compile(
    r"(?<![\w./-])[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}[/ ]?[0-9A-Z]{4}-?\d{2}(?!\w)",
    re.IGNORECASE,
)
_CPF = re.compile(r"(?<![\w./-])\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?!\w)")
_LONG_NUMBER = re.compile(r"\d(?:[\s./-]?\d){4,}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_INTRODUCED = re.compile(
    r"(?i:\b(?:me chamo|meu nome [ée]|aqui [ée](?: [oa])?|sou [oa]|fala com [oa]))"
    r"\s+((?:[A-ZÀ-Ý][\wÀ-ÿ'-]+)(?:\s+(?:d[aeo]s?\s+|d['’])?[A-ZÀ-Ý][\wÀ-ÿ'-]+){0,4})"
)
_WORD = re.compile(r"[\wÀ-ÿ'-]+")
_FEWEST_LETTERS, _FEWEST_DIGITS = 3, 4
_NO_NAMES = frozenset({"das", "dos", "ltda", "mei", "epp", "eireli", "sistemas", "comercio"})


def mask(text: str, names: Iterable[str] = ()) -> str:
    """The text with placeholders for addresses, numbers and names.

    Args:
        text: what a customer wrote.
        names: of the customer and their company, as far as they are known; each of their words
            is masked wherever it stands, in any case and with or without accents.
    """
    masked = _EMAIL.sub("[E-MAIL]", text)
    masked = _LINK.sub("[LINK]", masked)
    masked = _CNPJ.sub(_cnpj, masked)
    masked = _CPF.sub("[CPF]", masked)
    found = PhoneNumberMatcher(masked, "BR", leniency=Leniency.POSSIBLE)
    for number in sorted(found, key=lambda each: -each.start):
        masked = f"{masked[: number.start]}[TELEFONE]{masked[number.end :]}"
    masked = _LONG_NUMBER.sub("[NÚMERO]", masked)
    masked = _INTRODUCED.sub(lambda said: said[0].replace(said[1], "[NOME]"), masked)
    words = {
        fold(word)
        for name in names
        for word in _WORD.findall(name)
        if len(word) >= _FEWEST_LETTERS and fold(word) not in _NO_NAMES
    }
    masked = _WORD.sub(lambda word: "[NOME]" if fold(word[0]) in words else word[0], masked)
    return re.sub(r"\[NOME\](?:\s+(?:d[aeo]s?\s+)?\[NOME\])+", "[NOME]", masked)


def _cnpj(found: re.Match[str]) -> str:
    """Fourteen letters are a word."""
    return "[CNPJ]" if sum(map(str.isdigit, found[0])) >= _FEWEST_DIGITS else found[0]
