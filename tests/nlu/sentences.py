"""Sentences of Rasa's NLU files with their places, and whether two are nearly the same."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from nlu.chat_text import words_of

_INTENT = re.compile(r"\s*- intent: (\w+)")
_EXAMPLE = re.compile(r"\s{2,}- (.+)")
_ENTITY = re.compile(r"\[([^\]]+)\]\((\w+)\)")
# Of these both shares, two sentences say the same in other order or with a letter changed.
SAME_WORDS = 0.85
SAME_LETTERS = 0.92
SHORTEST_CHARS = 12


class Sentence(NamedTuple):
    """One example, and where it stands."""

    path: Path
    line: int
    intent: str
    text: str
    entities: frozenset[tuple[str, int, int]]


def sentences_in(paths: Iterable[Path]) -> Iterator[Sentence]:
    """The examples of the files in their order, entities taken out of the text as spans."""
    for path in paths:
        intent = ""
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if begins := _INTENT.match(line):
                intent = begins[1]
            elif example := _EXAMPLE.match(line):
                text, entities = _without_marks(example[1].strip())
                yield Sentence(path, number, intent, text, entities)


def _without_marks(marked: str) -> tuple[str, frozenset[tuple[str, int, int]]]:
    text, place, spans = "", 0, set()
    for mark in _ENTITY.finditer(marked):
        text += marked[place : mark.start()]
        spans.add((mark[2], len(text), len(text) + len(mark[1])))
        text += mark[1]
        place = mark.end()
    return text + marked[place:], frozenset(spans)


def plain(text: str) -> str:
    """Without accents, capitals, punctuation, repeated letters and abbreviations."""
    return " ".join(word.meant for word in words_of(text) if word.meant != "?")


def near_duplicates(
    held_out: Iterable[Sentence], trained: Iterable[Sentence]
) -> Iterator[tuple[Sentence, Sentence]]:
    """Pairs that say the same in nearly the same words.

    Numbers and addresses are read as what they are, so that a sentence which mentions one
    is compared by its words as typed: another CNPJ makes it no new sentence, but "2" and
    "meu cnpj é …" cannot be said in many ways.
    """
    forms: dict[str, list[Sentence]] = defaultdict(list)
    by_word: dict[str, set[str]] = defaultdict(set)
    for sentence in trained:
        form = _form(sentence.text)
        forms[form].append(sentence)
        for word in form.split():
            by_word[word].add(form)
    for sentence in held_out:
        form = _form(sentence.text)
        if not form:
            continue
        candidates = set().union(*(by_word[word] for word in form.split()))
        for candidate in sorted(candidates):
            if _nearly_same(form, candidate):
                yield from ((sentence, each) for each in forms[candidate])


def _form(text: str) -> str:
    form = plain(text)
    return text.lower() if re.search(r"numero(?:cnpj|curto|longo)|enderecoemail", form) else form


def _nearly_same(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < SHORTEST_CHARS:
        return False
    words, others = set(one.split()), set(other.split())
    shared = len(words & others) / len(words | others)
    if shared >= SAME_WORDS:
        return True
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return (
        shared >= 0.5 and matcher.quick_ratio() >= SAME_LETTERS and matcher.ratio() >= SAME_LETTERS
    )
