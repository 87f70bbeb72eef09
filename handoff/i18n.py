"""The language of a page: pt-BR is written in the code and the templates, others are catalogues.

``_`` translates at once, into the language of the running request; ``N_`` only marks a text that
is translated when it is shown.
"""

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

SOURCE_LOCALE = "pt_BR"
LOCALES = {"pt_BR": "Português (Brasil)", "en": "English"}
_FOLDER = Path(__file__).parent / "locales"
_locale: ContextVar[str] = ContextVar("locale", default=SOURCE_LOCALE)


def set_locale(locale: str) -> None:
    """The running request's reader reads this language; an unknown one is pt-BR."""
    _locale.set(locale if locale in LOCALES else SOURCE_LOCALE)


def current_locale() -> str:
    """The language of the running request, such as ``pt_BR``."""
    return _locale.get()


def _(text: str) -> str:
    """The text in the reader's language; as written when there is no translation."""
    locale = _locale.get()
    return text if locale == SOURCE_LOCALE else catalogue(locale).get(text, text)


def N_(text: str) -> str:  # noqa: N802 - gettext's name for it
    """Marks a text for translation without translating it yet."""
    return text


class Labels(Mapping[str, str]):
    """Texts by key; whoever looks one up gets it in the reader's language."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __getitem__(self, key: str) -> str:
        return _(self._texts[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def script_words() -> dict[str, str]:
    """The texts of the pages' own scripts in the reader's language, for ``assets/words.js``."""
    locale = _locale.get()
    return {
        str(message.id): str(message.string)
        for message in _messages(locale)
        if any(path.endswith(".js") for path, _line in message.locations)
    }


@cache
def catalogue(locale: str) -> dict[str, str]:
    """Every translated text of a language."""
    return {str(message.id): str(message.string) for message in _messages(locale)}


@cache
def _messages(locale: str) -> list[Message]:
    path = _FOLDER / locale / "LC_MESSAGES" / "ponte.po"
    if not path.exists():
        return []
    with path.open("rb") as file:
        messages = read_po(file, locale=locale)
    return [message for message in messages if message.id and message.string and not message.fuzzy]
