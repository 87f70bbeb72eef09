"""Personal data in a sentence, replaced by made-up data of the same form.

What a designer reads and what is written as training data has passed here. A masked sentence still
trains: a CNPJ stays a CNPJ, marked as the entity that it is; a name becomes "Maria".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from desk.companies.cnpj import is_valid_cnpj
from desk.text import fold

NUMERIC_CNPJS = ("38.119.044/0001-08", "11.222.333/0001-81", "90.410.023/0001-67")
LETTERED_CNPJ = "12.ABC.345/01DE-35"
EMAIL, CPF, URL = "maria@exemplo.com.br", "111.444.777-35", "https://exemplo.com.br"
FIRST_NAME, FULL_NAME, COMPANY = "Maria", "Maria Souza", "Empresa Exemplo"
PHONE, PHONE_DIGITS, NUMBER = "(11) 91234-5678", "11912345678", "123456"

_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL = re.compile(
    r"[^\s@<>(),;:\"'|]+\s?@\s?[^\s@<>(),;:\"'|]+(?:\s?\.\s?[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE
)
_SPOKEN_EMAIL = re.compile(r"\S+\s+\(?arroba\)?\s+\S+(?:\s+ponto\s+\w+)*", re.IGNORECASE)
_CNPJ = re.compile(
    r"(?<![^\W_])(?:\d{2}[.\s-]?\d{3}[.\s-]?\d{3}[\s/.-]{0,3}\d{4}[\s.-]{0,3}\d{2}"
    r"|[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}\s?/?\s?[0-9A-Z]{4}\s?-?\s?\d{2})(?![^\W_])",
    re.IGNORECASE,
)
_CPF = re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)")
_TICKET = re.compile(r"(?<![\d/.-])(?:20\d{2}-\d{3,6})(?![\d/-])|(?<=#)\d{1,8}(?!\d)")
_DATE = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}")
_NUMBER = re.compile(r"\+?\(?\d[\d\s().\-/+]{4,}\d")
_INTRODUCED = re.compile(
    r"\b(?:me\s+chamo|meu\s+nome(?:\s+completo)?\s+(?:é|eh|e)|nome\s*:)\s+(?P<said>[^\W\d_]+(?:\s+[^\W\d_]+){0,2})"
    r"|\b(?:aqui\s+(?:é|eh)|sou|fal[ae]r?\s+com|pr[ao]|d[ao])(?:\s+[oa])?\s+(?P<proper>(?-i:[A-ZÀ-Ý][^\W\d_]+)(?:\s+(?-i:[A-ZÀ-Ý])[^\W\d_]+){0,3})",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_PARTICLES = frozenset({"da", "de", "do", "das", "dos", "e"})
_COMPANY_FORMS = frozenset({"ltda", "me", "sa", "s", "a", "epp", "eireli", "mei", "cia"})
# A word that begins with a capital after "do" or "para" is often one of these, and nobody's name.
_THINGS = """
sistema portal suporte financeiro comercial excel windows whatsapp telegram nota pix sefaz brasil
atendente brb cnpj nfe nf email ticket chamado boleto receita federal
"""
_NO_NAMES = frozenset(_THINGS.split())
# Frequent first names that are hardly ever another word.
_FIRST_NAMES = frozenset((Path(__file__).parent / "first_names.txt").read_text().split())


@dataclass(frozen=True)
class People:
    """Whose names a sentence must not keep: persons, and companies."""

    persons: frozenset[str] = frozenset()
    companies: frozenset[str] = frozenset()


class Mark(NamedTuple):
    """An entity in a sentence: from ``start`` on, before ``end``, in characters."""

    start: int
    end: int
    entity: str


@dataclass(frozen=True)
class Masked:
    """A sentence without personal data, and the entities that it shows by their form."""

    text: str
    marks: list[Mark] = field(default_factory=list)


class _Found(NamedTuple):
    start: int
    end: int
    instead: str
    entity: str = ""


def mask(text: str, people: People) -> Masked:
    """The text with every CNPJ, CPF, address, phone and name replaced."""
    found: list[_Found] = []
    for each in _candidates(text, people):
        if not any(each.start < other.end and other.start < each.end for other in found):
            found.append(each)
    parts: list[str] = []
    marks: list[Mark] = []
    end = length = 0
    for each in sorted(found):
        parts += [text[end : each.start], each.instead]
        start = length + each.start - end
        length = start + len(each.instead)
        end = each.end
        if each.entity:
            marks.append(Mark(start, length, each.entity))
    return Masked("".join([*parts, text[end:]]), marks)


def _candidates(text: str, people: People) -> Iterable[_Found]:
    """What is to be replaced; of two that overlap the first given holds."""
    for each in _URL.finditer(text):
        yield _Found(each.start(), each.end(), URL)
    for pattern in (_EMAIL, _SPOKEN_EMAIL):
        for each in pattern.finditer(text):
            kind = "email" if pattern is _EMAIL else ""
            yield _Found(each.start(), each.end(), EMAIL, kind)
    yield from _cnpjs(text)
    for each in _CPF.finditer(text):
        yield _Found(each.start(), each.end(), CPF)
    for each in _TICKET.finditer(text):
        yield _Found(each.start(), each.end(), each.group(), "ticket_number")
    yield from _numbers(text)
    yield from _names(text, people)


def _cnpjs(text: str) -> Iterable[_Found]:
    instead: dict[str, str] = {}
    for each in _CNPJ.finditer(text):
        bare = re.sub(r"[\W_]", "", each.group()).upper()
        if sum(char.isdigit() for char in bare) < 6 and not is_valid_cnpj(bare):
            continue
        plain = NUMERIC_CNPJS[len(instead) % 3] if bare.isdigit() else LETTERED_CNPJ
        chosen = instead.setdefault(bare, plain)
        written = each.group() if "/" in each.group() or "." in each.group() else bare
        shown = chosen if written != bare else re.sub(r"\W", "", chosen)
        yield _Found(each.start(), each.end(), shown, "cnpj")


def _numbers(text: str) -> Iterable[_Found]:
    """Phones however they are written, and any other long number."""
    for each in _NUMBER.finditer(text):
        digits = sum(char.isdigit() for char in each.group())
        if digits < 8 or _DATE.fullmatch(each.group()):
            continue
        bare = each.group().isdigit()
        phone = PHONE_DIGITS if bare else PHONE
        yield _Found(each.start(), each.end(), phone if digits <= 13 else NUMBER)


def _names(text: str, people: People) -> Iterable[_Found]:
    for each in _INTRODUCED.finditer(text):
        group = "said" if each["said"] else "proper"
        words = fold(each[group]).split()
        if not set(words) & _NO_NAMES:
            yield _Found(*each.span(group), FULL_NAME if len(words) > 1 else FIRST_NAME)
    words_of = [(each.start(), each.end(), fold(each.group())) for each in _WORD.finditer(text)]
    for company in people.companies:
        parts = [word for word in _tokens(company) if word not in _COMPANY_FORMS]
        for first in range(len(words_of) - len(parts) + 1):
            run = words_of[first : first + len(parts)]
            if parts and [word for _, _, word in run] == parts:
                yield _Found(run[0][0], run[-1][1], COMPANY)
    known = {part for name in people.persons for part in _tokens(name) if len(part) > 1}
    yield from _runs(words_of, (known - _PARTICLES) | _FIRST_NAMES)


def _runs(words: list[tuple[int, int, str]], names: frozenset[str] | set[str]) -> Iterable[_Found]:
    """Names side by side are one, particles between them included."""
    place = 0
    while place < len(words):
        if words[place][2] not in names:
            place += 1
            continue
        last = ahead = place
        while ahead + 1 < len(words) and words[ahead + 1][2] in names | _PARTICLES:
            ahead += 1
            last = ahead if words[ahead][2] in names else last
        instead = FULL_NAME if last > place else FIRST_NAME
        yield _Found(words[place][0], words[last][1], instead)
        place = last + 1


def _tokens(name: str) -> list[str]:
    return [fold(each) for each in _WORD.findall(name)]
