"""What is searched and what is asked: our help centre with held-out questions, and FaQuAD."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from desk.knowledge.folder import read_folder
from desk.knowledge.index import TITLE_SEPARATOR, Entry
from desk.knowledge.passages import cut_page

ROOT = Path(__file__).parents[2]
QUESTIONS = ROOT / "tests" / "knowledge" / "questions.yml"
FAQUAD = ROOT.parent / "shared" / "data" / "faquad_ir_ptbr.jsonl"


@dataclass(frozen=True)
class Question:
    """``answers``: the places in the corpus of every passage that is right; none when off topic."""

    text: str
    kind: str
    answers: frozenset[int]


@dataclass(frozen=True)
class Corpus:
    """Passages, and the questions about them."""

    name: str
    entries: tuple[Entry, ...]
    questions: tuple[Question, ...]

    def of_kind(self, kind: str) -> list[Question]:
        """The questions of one kind."""
        return [each for each in self.questions if each.kind == kind]

    def without_phrasings(self) -> "Corpus":
        """The same pages as if no author had written how customers ask."""
        bare = tuple(replace(entry, phrasings=()) for entry in self.entries)
        return replace(self, name=f"{self.name}, no phrasings", entries=bare)


def read_help_center(split: str) -> Corpus:
    """Our sample documentation with the held-out questions of one split."""
    entries: list[Entry] = []
    places: list[tuple[str, str]] = []
    for source in read_folder(ROOT / "help_center", "/ajuda"):
        for passage in cut_page(source.page):
            heading = TITLE_SEPARATOR.join(passage.titles)
            entries.append(Entry(len(entries), heading, passage.searched, passage.phrasings))
            places.append((source.page.path, passage.anchor))
    asked = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    questions = [
        Question(each["text"], each["kind"], _answers(places, each))
        for each in asked
        if each["split"] == split
    ]
    return Corpus(f"help center, {split}", tuple(entries), tuple(questions))


def _answers(places: Sequence[tuple[str, str]], asked: dict[str, Any]) -> frozenset[int]:
    """A page named without a section is right with any; what is above its headings is the page."""
    named = set(asked["pages"])
    pages = {place.partition("#")[0] for place in named}
    return frozenset(
        at
        for at, (page, anchor) in enumerate(places)
        if page in named or f"{page}#{anchor}" in named or (not anchor and page in pages)
    )


def read_faquad() -> Corpus | None:
    """The public set, used where it lies; None where it does not."""
    if not FAQUAD.exists():
        return None
    lines = [json.loads(line) for line in FAQUAD.read_text(encoding="utf-8").splitlines()]
    documents = [each for each in lines if each["type"] == "doc"]
    at = {each["id"]: place for place, each in enumerate(documents)}
    entries = []
    for place, each in enumerate(documents):
        title = each["title"].replace("_", " ").capitalize()
        entries.append(Entry(place, title, f"{title}\n{each['text']}"))
    questions = [
        Question(each["text"], "plain", frozenset(at[document] for document in each["rel"]))
        for each in lines
        if each["type"] == "query" and each.get("eval400")
    ]
    return Corpus("FaQuAD", tuple(entries), tuple(questions))
