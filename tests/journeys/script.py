"""Conversations as plain text; ``conversations/README.md`` tells how to write one."""

import re
import shlex
import unicodedata
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "conversations"
_LINE = re.compile(r"^(C\+|C|B|N|F|P|A|T|W|V|E|S|D):\s?(.*)$")

_DISORDER = "Disorder:"


class ScriptError(Exception):
    """A script has a line that says nothing."""


@dataclass(frozen=True)
class Step:
    """One line: its kind, its words and its number in the file."""

    kind: str
    words: str
    line: int


@dataclass(frozen=True)
class Script:
    """A conversation. ``disorder`` says what is out of the ordinary in it, if anything is."""

    name: str
    title: str
    disorder: str
    steps: tuple[Step, ...]


def read_script(path: Path) -> Script:
    """Reads a file.

    Raises:
        ScriptError: a line is none of those above; the message names file and line.
    """
    title = disorder = ""
    steps = []
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        if line.startswith("#"):
            words = line.lstrip("# ")
            title = title or words
            if words.startswith(_DISORDER):
                disorder = words.removeprefix(_DISORDER).strip()
            continue
        match = _LINE.match(line)
        if match is None:
            raise ScriptError(f"{path.name}, line {number}: {line!r} is no step")
        steps.append(Step(match.group(1), match.group(2), number))
    if not title or not steps:
        raise ScriptError(f"{path.name}: a title line (# …) and steps are needed")
    return Script(path.stem, title, disorder, tuple(steps))


def all_scripts() -> list[Script]:
    """Every conversation of the folder, by file name."""
    return [read_script(path) for path in sorted(FOLDER.glob("*.txt"))]


def fold(text: str) -> str:
    """Text without case, accents and runs of blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(kept.split())


def facts_of(words: str) -> tuple[str, dict[str, str]]:
    """``ticket subject="a b" media=1`` as its noun and its facts; ``tickets=2`` has no noun."""
    noun, facts = "", {}
    for part in shlex.split(words):
        name, sign, value = part.partition("=")
        if sign:
            facts[name] = value
        else:
            noun = name
    return noun, facts
