"""Values as people and programs send them: trimmed, bounded, without what cannot be stored.

The settings of the console and the JSON API take the same shapes, so that both refuse the same.
"""

import re
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from desk.text import clean_text, fold

_COLOR = re.compile(r"#[0-9a-f]{6}")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]+")


class Values(BaseModel):
    """What somebody fills in; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_line(value: object) -> object:
    return " ".join(clean_text(value).split()) if isinstance(value, str) else value


def _some_lines(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise ValueError("O e-mail não é válido. Exemplo: ana@empresa.com.br") from None


def _color(value: str) -> str:
    if value and not _COLOR.fullmatch(value.lower()):
        raise ValueError("Use uma cor no formato #rrggbb, como #0b6670.")
    return value.lower()


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError("Use só letras minúsculas sem acento, números e hífens: suporte-sp.")
    return value


Line = Annotated[str, BeforeValidator(_one_line)]
"""One line of text."""
Lines = Annotated[str, BeforeValidator(_some_lines)]
"""Text of several lines."""
Email = Annotated[str, BeforeValidator(_one_line), AfterValidator(_email)]
"""A valid address, in lower case; its syntax is checked, not whether it receives."""
Color = Annotated[str, BeforeValidator(_one_line), AfterValidator(_color)]
"""``#rrggbb``, or empty for none."""
Slug = Annotated[str, BeforeValidator(_one_line), AfterValidator(_slug)]
"""A name that stands in addresses."""


def slug_of(name: str) -> str:
    """A slug that resembles a name; empty when the name has no letter that fits."""
    return _NOT_IN_SLUGS.sub("-", fold(name)).strip("-")[:60].strip("-")
