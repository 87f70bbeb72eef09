"""Personal data in a sentence, replaced by made-up data of the same form.

What a designer reads and what is written as training data has passed here. A masked sentence still
trains: a CNPJ stays a CNPJ, marked as the entity that it is; a name becomes "Maria".
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
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
    stages: list[Callable[[str], Iterable[_Found]]] = [
        partial(_all_of, _URL, URL, ""),
        partial(_all_of, _EMAIL, EMAIL, "email"),
        partial(_all_of, _SPOKEN_EMAIL, EMAIL, ""),
        partial(_cnpjs, instead={}),
        partial(_all_of, _CPF, CPF, ""),
        partial(_all_of, _TICKET, "", "ticket_number"),
        _numbers,
        partial(_names, people=people),
    ]
    # Each stage looks at what those before it left: what overlaps is never left half.
    pieces: list[str | _Found] = [text]
    for stage in stages:
        pieces = [part for piece in pieces for part in _split(piece, stage)]
    shown = ""
    marks: list[Mark] = []
    for piece in pieces:
        if isinstance(piece, str):
            shown += piece
            continue
        if piece.entity:
            marks.append(Mark(len(shown), len(shown) + len(piece.instead), piece.entity))
        shown += piece.instead
    return Masked(shown, marks)


def _split(
    piece: "str | _Found", stage: Callable[[str], Iterable[_Found]]
) -> Iterator["str | _Found"]:
    if not isinstance(piece, str):
        yield piece
        return
    end = 0
    for each in sorted(stage(piece)):
        yield piece[end : each.start]
        yield each
        end = each.end
    yield piece[end:]


def _all_of(pattern: re.Pattern[str], instead: str, entity: str, text: str) -> Iterable[_Found]:
    for each in pattern.finditer(text):
        yield _Found(each.start(), each.end(), instead or each.group(), entity)


def _cnpjs(text: str, instead: dict[str, str]) -> Iterable[_Found]:
    for each in _CNPJ.finditer(text):
        bare = re.sub(r"[\W_]", "", each.group()).upper()
        if sum(char.isdigit() for char in bare) < 6 and not is_valid_cnpj(bare):
            continue
        plain = NUMERIC_CNPJS[len(instead) % 3] if bare.isdigit() else LETTERED_CNPJ
        chosen = instead.setdefault(bare, plain)
        is_written_out = "/" in each.group() or "." in each.group()
        shown = chosen if is_written_out else re.sub(r"\W", "", chosen)
        yield _Found(each.start(), each.end(), shown, "cnpj")


def _numbers(text: str) -> Iterable[_Found]:
    """Phones however they are written, and any other long number."""
    for each in _NUMBER.finditer(text):
        digits = sum(char.isdigit() for char in each.group())
        if digits < 8 or _DATE.fullmatch(each.group()):
            continue
        phone = PHONE_DIGITS if each.group().isdigit() else PHONE
        yield _Found(each.start(), each.end(), phone if digits <= 13 else NUMBER)


def _names(text: str, people: People) -> Iterable[_Found]:
    words = [(each.start(), each.end(), fold(each.group())) for each in _WORD.finditer(text)]
    companies = [span for name in people.companies for span in _company(words, name)]
    known = {part for name in people.persons for part in _tokens(name) if len(part) > 1}
    persons = [*_introduced(text), *_runs(words, (known - _PARTICLES) | _FIRST_NAMES)]
    for start, end in _merged([*companies, *persons]):
        if (start, end) in companies:
            yield _Found(start, end, COMPANY)
        else:
            instead = FULL_NAME if " " in text[start:end] else FIRST_NAME
            yield _Found(start, end, instead)


def _introduced(text: str) -> Iterable[tuple[int, int]]:
    for each in _INTRODUCED.finditer(text):
        group = "said" if each["said"] else "proper"
        if not set(fold(each[group]).split()) & _NO_NAMES:
            yield each.span(group)


def _company(words: list[tuple[int, int, str]], name: str) -> Iterable[tuple[int, int]]:
    parts = [word for word in _tokens(name) if word not in _COMPANY_FORMS]
    for first in range(len(words) - len(parts) + 1):
        run = words[first : first + len(parts)]
        if parts and [word for _, _, word in run] == parts:
            yield run[0][0], run[-1][1]


def _merged(spans: list[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Spans that overlap are one."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole


def _runs(
    words: list[tuple[int, int, str]], names: frozenset[str] | set[str]
) -> Iterable[tuple[int, int]]:
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
        yield words[place][0], words[last][1]
        place = last + 1


def _tokens(name: str) -> list[str]:
    return [fold(each) for each in _WORD.findall(name)]
