"""A customer's message as a line of training data: clean, masked, one line, with its entities."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from desk.review.masking import Mark, Masked, People, mask
from desk.text import fold

MAX_CHARS = 300
"""A longer message is cut: nobody learns from a pasted page."""
ENTITY = re.compile(r"[A-Za-z_][\w-]{0,59}")
# Rasa's own signs in an example: annotations, escapes, commands, and the dash of its list.
_SIGNS = str.maketrans({"[": "(", "]": ")", "{": "(", "}": ")", "\\": "/"})
_ANNOTATION = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


def sentence_of(text: str, people: People) -> Masked:
    """What may be learned of a message; empty when nothing is left."""
    masked = mask(clean(text), people)
    if len(masked.text) <= MAX_CHARS:
        return masked
    cut = masked.text[: MAX_CHARS + 1].rfind(" ")
    for each in masked.marks:
        if each.start < cut < each.end:
            cut = each.start
    shown = masked.text[: cut if cut > 0 else MAX_CHARS].rstrip()
    return Masked(shown, [each for each in masked.marks if each.end <= len(shown)])


def clean(text: str) -> str:
    """One line that YAML and Rasa read as nothing but words."""
    readable = "".join(char for char in text if _is_readable(char))
    return " ".join(readable.translate(_SIGNS).split()).lstrip("-/*+#>|&!%@` ").strip()


def annotate(sentence: str, marks: Iterable[Mark]) -> str:
    """The sentence in Rasa's form, ``meu cnpj é [38119044000108](cnpj)``."""
    parts: list[str] = []
    end = 0
    for each in sorted(marks):
        if each.start < end:
            continue
        parts += [sentence[end : each.start], f"[{sentence[each.start : each.end]}]({each.entity})"]
        end = each.end
    return "".join([*parts, sentence[end:]])


def plain(example: str) -> str:
    """An example without its annotations."""
    return _ANNOTATION.sub(r"\1", example).strip()


def normal(example: str) -> str:
    """What two examples have in common when they say the same: words without accents and signs."""
    bare = plain(example)
    words = re.sub(r"[^\w\s]|_", " ", fold(bare))
    return " ".join(words.split()) or bare


def merge_marks(found: Sequence[Mark], chosen: Sequence[Mark]) -> list[Mark]:
    """What the designer marked, and what was found by its form where nothing else was marked."""
    kept = [
        each
        for each in found
        if not any(each.start < other.end and other.start < each.end for other in chosen)
    ]
    return sorted([*kept, *chosen])


def _is_readable(char: str) -> bool:
    if char.isspace():
        return True
    # The joiner inside an emoji is part of it; other invisible signs are of no use to anybody.
    return char == "\u200d" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
