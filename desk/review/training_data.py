"""What the assistant is trained on, read from its folder: examples, intents, kinds of entities."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from desk.errors import Invalid
from desk.review.sentences import normal, plain

REVIEW_FILE = Path("review") / "nlu.yml"
"""Where what was decided is written, below the data folder."""
# Nobody teaches these: one says that nothing was understood, the others come from ourselves.
_NOT_TAUGHT = frozenset({"nlu_fallback", "human_finished", "send_media"})


@dataclass(frozen=True)
class Example:
    """A sentence of the training data, without annotations; ``path`` is below the data folder."""

    intent: str
    text: str
    path: str


@dataclass(frozen=True)
class TrainingData:
    """``intents`` and ``entities`` may be assigned, by name; ``slots`` steer the dialogue."""

    examples: list[Example]
    intents: list[str]
    entities: list[str]
    slots: frozenset[str] = frozenset()

    @cached_property
    def known(self) -> dict[str, set[str]]:
        """The intents of each sentence, as it is compared."""
        found: dict[str, set[str]] = {}
        for each in self.examples:
            found.setdefault(normal(each.text), set()).add(each.intent)
        return found


def read_training_data(data_dir: Path) -> TrainingData:
    """Everything below the folder, and the domain beside it.

    Raises:
        Invalid: the folder is missing or a file is no YAML; the words name it.
    """
    if not data_dir.is_dir():
        raise Invalid("data", "A pasta {path} não existe.", path=str(data_dir))
    examples = [each for path in _yaml_files(data_dir) for each in _examples(path, data_dir)]
    domain = _domain(data_dir.parent)
    intents = {*_names(domain.get("intents")), *(each.intent for each in examples)} - _NOT_TAUGHT
    slots = domain.get("slots") or {}
    steering = {name for name, slot in slots.items() if slot.get("influence_conversation")}
    return TrainingData(
        examples, sorted(intents), sorted(_names(domain.get("entities"))), frozenset(steering)
    )


def examples_in(content: str, path: str = "") -> list[Example]:
    """The examples of a file with ``nlu:``.

    Raises:
        Invalid: it is no YAML.
    """
    loaded = _load(content, path)
    entries = loaded.get("nlu") if isinstance(loaded, dict) else None
    return [
        Example(str(entry["intent"]), plain(line), path)
        for entry in entries or []
        if isinstance(entry, dict) and "intent" in entry
        for line in _lines(entry.get("examples"))
    ]


def _examples(path: Path, data_dir: Path) -> list[Example]:
    content = path.read_text(encoding="utf-8", errors="replace")
    return examples_in(content, path.relative_to(data_dir).as_posix()) if "nlu:" in content else []


def _lines(examples: object) -> Iterator[str]:
    if isinstance(examples, str):
        lines = (line.strip() for line in examples.splitlines())
        yield from (line[1:].strip() for line in lines if line.startswith("-") and line[1:].strip())
    elif isinstance(examples, list):
        yield from (str(each["text"]).strip() for each in examples if isinstance(each, dict))


def _domain(folder: Path) -> Mapping[str, Any]:
    path = folder / "domain.yml"
    if not path.is_file():
        return {}
    loaded = _load(path.read_text(encoding="utf-8"), path.name)
    return loaded if isinstance(loaded, dict) else {}


def _names(entries: object) -> Iterable[str]:
    for entry in entries if isinstance(entries, list) else []:
        yield str(next(iter(entry)) if isinstance(entry, dict) else entry)


def _yaml_files(folder: Path) -> Iterator[Path]:
    for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        if path.is_file() and not path.name.startswith("."):
            yield path


def _load(content: str, path: str) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(content, Loader=loader)  # noqa: S506 - a safe loader, in C where there is
    except yaml.YAMLError as error:
        raise Invalid(
            "data", "O arquivo {path} não é um YAML válido: corrija-o antes.", path=path
        ) from error
