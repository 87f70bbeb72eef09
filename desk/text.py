"""Text as it may be stored, whoever wrote it."""

import re
import unicodedata

# NUL cannot be stored by PostgreSQL, a lone surrogate by neither database; the others are
# invisible and break terminals and logs.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

STRONG = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,200}?)(?<=\S)\*(?![\w*])")
"""Words that are strong: *so*, as in WhatsApp, where the same texts go."""


UNREADABLE = "[mensagem que este canal ainda não sabe mostrar]"
"""What stands for a message whose content its channel does not give us."""


def clean_text(text: str) -> str:
    """Text without control characters and lone surrogates, with one kind of newline."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def fold(text: str) -> str:
    """Text as it is compared and searched: without case and accents, blanks as one space."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.split())
