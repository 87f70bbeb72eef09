"""Fill the variables of a canned reply; what is not known gets a fallback and is told.

``{{…}}`` never reaches a customer: an unknown variable is refused when the reply is saved, one
without a value becomes words that read well, and the writer is shown where they stand.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from desk.errors import Invalid

VARIABLES = {
    "contact.first_name": "primeiro nome do contato",
    "contact.name": "nome do contato",
    "company.name": "nome da empresa",
    "ticket.number": "número do chamado",
    "agent.first_name": "seu primeiro nome",
    "queue.name": "nome da fila",
    "brand": "nome da nossa marca",
    "greeting": "bom dia, boa tarde ou boa noite",
}
"""What may stand between double braces, and what it means."""

FALLBACKS = {
    "contact.first_name": "cliente",
    "contact.name": "cliente",
    "company.name": "sua empresa",
    "ticket.number": "(número a informar)",
    "agent.first_name": "equipe",
    "queue.name": "atendimento",
    "brand": "nossa equipe",
    "greeting": "olá",
}
"""What is said where a value is not known."""

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_ENDED = re.compile(r"(?:^|[.!?…\n])\s*$")
_MORNING, _AFTERNOON, _EVENING = 5, 12, 18


@dataclass(frozen=True)
class Gap:
    """A fallback in a filled text: characters ``start`` to ``end``."""

    variable: str
    start: int
    end: int


@dataclass(frozen=True)
class Filled:
    """The words as they would be sent, and what the writer should look at first."""

    text: str
    gaps: list[Gap] = field(default_factory=list)


def check_variables(text: str) -> None:
    """Refuses a text that could not be filled.

    Raises:
        Invalid: it names a variable that does not exist, or a brace is left open.
    """
    for name in _VARIABLE.findall(text):
        if name.casefold() not in VARIABLES:
            known = ", ".join(f"{{{{{each}}}}}" for each in VARIABLES)
            raise Invalid(
                "text",
                "A variável {{{{{value}}}}} não existe. As que existem: {known}.",
                value=name[:60],
                known=known,
            )
    rest = _VARIABLE.sub("", text)
    if "{{" in rest or "}}" in rest:
        raise Invalid("text", "Há chaves duplas sem par: escreva a variável como {{contact.name}}.")


def fill_text(text: str, values: Mapping[str, str]) -> Filled:
    """The text with each variable's value, or its fallback where the value is empty."""
    parts: list[str] = []
    gaps: list[Gap] = []
    length = end = 0
    for match in _VARIABLE.finditer(text):
        name = match.group(1).casefold()
        if name not in VARIABLES:
            continue
        before, value = text[end : match.start()], values.get(name, "").strip()
        # A value may hold braces itself: they are words of a person, not variables.
        said = value or FALLBACKS[name]
        if (not value or name == "greeting") and _ENDED.search("".join([*parts, before])):
            said = said[:1].upper() + said[1:]
        start = length + len(before)
        if not value:
            gaps.append(Gap(name, start, start + len(said)))
        parts += [before, said]
        length, end = start + len(said), match.end()
    return Filled("".join([*parts, text[end:]]), gaps)


def unfilled_variable(text: str) -> str:
    """The first variable that stands in a text unfilled, as written; empty when there is none."""
    for match in _VARIABLE.finditer(text):
        if match.group(1).casefold() in VARIABLES:
            return match.group()
    return ""


def greeting_at(local: datetime) -> str:
    """How one greets at this hour."""
    if _MORNING <= local.hour < _AFTERNOON:
        return "bom dia"
    return "boa tarde" if _AFTERNOON <= local.hour < _EVENING else "boa noite"
