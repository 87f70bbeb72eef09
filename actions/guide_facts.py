"""What somebody has told already, so that a guide does not ask it again."""

import re

from actions.wording import fold

_BROWSER = re.compile(
    r"\b(?:(?:google )?chrome|edge|fire ?fox|safari|opera|internet explorer|brave)\b(?: \d{1,3})?"
)
_QUOTED = re.compile(r"[\"“”']([^\"“”']{6,200})[\"“”']")
_SHOWN = re.compile(
    r"\b(?:aparece(?:u|ndo)?|diz(?:endo)?|fala(?:ndo)?|mostra(?:ndo)?|mensagem|erro)\b[\s:,]+"
    r"(?:que |a mensagem |escrito |o erro )*(.{6,200}?)(?=[.!\n]|$)"
)
_TRIED = re.compile(
    r"\b(?:ja (?:tentei|reiniciei|troquei|limpei|desliguei|testei|fiz|mudei|pedi|olhei|conferi)"
    r"|tentei|reiniciei|limpei)\b.{0,200}?(?=[.!\n]|$)"
)


def browser_in(text: str) -> str | None:
    """The browser that a message names."""
    found = _BROWSER.search(fold(text))
    return text[found.start() : found.end()] if found and len(fold(text)) == len(text) else None


def message_in(text: str) -> str | None:
    """The message on the screen that somebody quotes."""
    quoted = _QUOTED.search(text)
    if quoted:
        return quoted[1].strip()
    shown = _SHOWN.search(fold(text)) if len(fold(text)) == len(text) else None
    return text[shown.start(1) : shown.end(1)].strip(" ,") if shown else None


def tried_in(text: str) -> str | None:
    """What somebody says that they have tried."""
    found = _TRIED.search(fold(text)) if len(fold(text)) == len(text) else None
    return text[found.start() : found.end()].strip(" ,") if found else None
