"""`python -m deploy.local.messages`: collects the console's texts for translation.

Texts are written in pt-BR where they are shown: `_("…")` and `N_("…")` in Python, `_("…")` in
templates, `t("…")` in scripts, and the words of what the desk refuses. The portal and the web chat
speak with customers and stay pt-BR. What has no translation yet stays empty in the catalogue.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from deploy.local.training import ROOT
from handoff.i18n import LOCALES, SOURCE_LOCALE

CATALOGUES = ROOT / "handoff" / "locales"
LINE_CHARS = 100
# Without dates, so that nothing changes when nothing has changed.
HEADER = """msgid ""
msgstr ""
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "N_": None,
    "t": None,
    "Conflict": (1,),
    "Invalid": (2,),
    "NotAllowed": (1,),
    "NotFound": (1,),
    "Problem": (2,),
    "TooLarge": (2,),
    "wrong": (4,),
}
# What a shape refuses is a sentence; the others are for developers.
REFUSALS: dict[str, tuple[int, ...] | None] = {"ValueError": (1,)}
JINJA = {"trim_blocks": "true", "lstrip_blocks": "true"}
# Where the console's texts are: folder, pattern, how they are read.
SOURCES = (
    ("desk", "**/*.py", "python"),
    ("handoff", "*.py", "python"),
    ("handoff/api", "**/*.py", "python"),
    ("handoff/console", "**/*.py", "python"),
    ("handoff/console", "**/*.html", "jinja2.ext:babel_extract"),
    ("handoff/assets", "**/*.html", "jinja2.ext:babel_extract"),
    ("handoff/console", "**/*.js", "javascript"),
    ("handoff/assets", "**/*.js", "javascript"),
)


def main() -> int:
    """Brings every catalogue up to date; says how many texts wait for a translation."""
    template = collect()
    for locale in LOCALES:
        if locale == SOURCE_LOCALE:
            continue
        catalogue = update(template, locale)
        missing = sum(1 for message in catalogue if message.id and not message.string)
        print(f"{locale}: {len(catalogue)} texts, {missing} without a translation")
    return 0


def collect() -> Catalog:
    """Every text of the console, with the files in which it stands."""
    catalogue = Catalog(project="ponte", charset="utf-8", fuzzy=False)
    for path, method in _files():
        name = path.relative_to(ROOT).as_posix()
        for text in _texts(path, method, KEYWORDS):
            catalogue.add(text, locations=[(name, None)])  # type: ignore[list-item]
        for text in _texts(path, method, REFUSALS):
            if text.endswith(".") or "@" in text:
                catalogue.add(text, locations=[(name, None)])  # type: ignore[list-item]
    return catalogue


def catalogue_path(locale: str) -> Path:
    """Where a language's texts are."""
    return CATALOGUES / locale / "LC_MESSAGES" / "ponte.po"


def read_catalogue(locale: str) -> Catalog:
    """A language's texts as they are."""
    path = catalogue_path(locale)
    if not path.exists():
        return Catalog(locale=locale, project="ponte", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def update(template: Catalog, locale: str) -> Catalog:
    """Adds what is new and drops what is gone; translations stay as they are."""
    known = {message.id: message.string for message in read_catalogue(locale) if message.id}
    catalogue = Catalog(locale=locale, project="ponte", fuzzy=False)
    for message in sorted((each for each in template if each.id), key=lambda each: str(each.id)):
        locations = sorted(set(message.locations))
        catalogue.add(message.id, known.get(message.id, ""), locations=locations)
    path = catalogue_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.BytesIO()
    write_po(text, catalogue, width=LINE_CHARS, omit_header=True, include_lineno=False)
    path.write_bytes(HEADER.format(locale=locale).encode() + text.getvalue())
    return catalogue


def _files() -> Iterator[tuple[Path, str]]:
    for folder, pattern, method in SOURCES:
        for path in sorted((ROOT / folder).glob(pattern)):
            yield path, method


def _texts(path: Path, method: str, keywords: dict[str, tuple[int, ...] | None]) -> Iterator[str]:
    options = {"silent": "false"} | JINJA if "jinja2" in method else {}
    for _line, text, _comments, _context in extract_from_file(
        method, path, keywords=keywords, options=options
    ):
        # A dash or a place alone needs no translation.
        if isinstance(text, str) and any(letter.isalpha() for letter in text):
            yield text


if __name__ == "__main__":
    sys.exit(main())
