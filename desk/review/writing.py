"""What designers decided, as Rasa's YAML: added to the review file, or as a patch against it."""

import difflib
import fcntl
import io
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString

from desk.errors import Conflict, Invalid
from desk.review.masking import Mark
from desk.review.sentences import annotate, normal
from desk.review.training_data import REVIEW_FILE, TrainingData, examples_in, read_training_data

_EMPTY = """version: "3.1"
# O que a equipe decidiu na página Revisão. Pode ser editado à mão: comentários e ordem ficam.
nlu: []
"""
_NO_NEWLINE = "\\ No newline at end of file\n"


@dataclass(frozen=True)
class Lesson:
    """A sentence and the intent that a designer gave it; of which message."""

    intent: str
    sentence: str
    marks: Sequence[Mark] = ()
    message_id: int = 0


@dataclass(frozen=True)
class Proposal:
    """The review file as it is and as it would be.

    ``before`` is None when there is no file. ``known``: lessons that the training data held
    already. ``contradicting``: those that it holds under another intent, which is (lesson, that
    intent): they are left out, since the assistant cannot learn both.
    """

    before: str | None
    after: str
    added: list[Lesson] = field(default_factory=list)
    known: list[Lesson] = field(default_factory=list)
    contradicting: list[tuple[Lesson, str]] = field(default_factory=list)

    @property
    def settled(self) -> list[int]:
        """The messages whose lesson is in the training data once this is written."""
        left_out = {lesson.message_id for lesson, _ in self.contradicting}
        return sorted({each.message_id for each in [*self.added, *self.known]} - left_out)

    @property
    def patch(self) -> str:
        """A unified diff for `git apply` or `patch -p1`, from the project's root."""
        path = f"data/{REVIEW_FILE.as_posix()}"
        old = "/dev/null" if self.before is None else f"a/{path}"
        lines = difflib.unified_diff(
            (self.before or "").splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            old,
            f"b/{path}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def is_writable(data_dir: Path) -> bool:
    """Whether the review file may be written where it belongs; in a container it may not."""
    path = data_dir / REVIEW_FILE
    place = next((each for each in (path.parent, data_dir) if each.is_dir()), None)
    return place is not None and os.access(place, os.W_OK)


def propose(data_dir: Path, lessons: Sequence[Lesson]) -> Proposal:
    """The review file with these lessons added, each once and only where nothing knows it yet.

    Raises:
        Invalid: a file of the folder is no YAML.
    """
    path = data_dir / REVIEW_FILE
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    return add_lessons(before, lessons, read_training_data(data_dir))


def add_lessons(before: str | None, lessons: Sequence[Lesson], known: TrainingData) -> Proposal:
    """The same of what was read. In the review file itself the last decision holds."""
    inside = {(each.intent, normal(each.text)) for each in examples_in(before or "", "nlu.yml")}
    elsewhere: dict[str, set[str]] = {}
    for each in known.examples:
        if each.path != REVIEW_FILE.as_posix():
            elsewhere.setdefault(normal(each.text), set()).add(each.intent)
    proposal = Proposal(before, before or _EMPTY)
    wanted: dict[str, Lesson] = {}
    for lesson in lessons:
        key = normal(lesson.sentence)
        if others := elsewhere.get(key, set()) - {lesson.intent}:
            proposal.contradicting.append((lesson, min(others)))
        elif (
            lesson.intent in elsewhere.get(key, ())
            or (lesson.intent, key) in inside
            or (key in wanted and wanted[key].intent == lesson.intent)
        ):
            proposal.known.append(lesson)
        else:
            wanted[key] = lesson
    if not wanted:
        return proposal
    return Proposal(
        before,
        _edited(before or _EMPTY, wanted),
        list(wanted.values()),
        proposal.known,
        proposal.contradicting,
    )


def write(data_dir: Path, lessons: Sequence[Lesson]) -> Proposal:
    """Adds the lessons to the review file: whole or not at all, one writer at a time.

    Raises:
        Conflict: the folder is read-only.
        Invalid: a file of the folder is no YAML.
    """
    path = data_dir / REVIEW_FILE
    try:
        path.parent.mkdir(exist_ok=True)
        with _alone(path.parent):
            proposal = propose(data_dir, lessons)
            if proposal.added:
                _replace(path, proposal.after)
    except OSError as error:
        raise Conflict(
            "A pasta {path} é só de leitura aqui. Baixe o arquivo ou o patch.",
            path=str(path.parent),
        ) from error
    return proposal


def _edited(content: str, wanted: dict[str, Lesson]) -> str:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    try:
        document = yaml.load(content)
    except YAMLError as error:
        raise Invalid(
            "data",
            "O arquivo {path} não é um YAML válido: corrija-o antes.",
            path=REVIEW_FILE.as_posix(),
        ) from error
    if not isinstance(document, CommentedMap):
        document = yaml.load(_EMPTY)
    entries = document.get("nlu")
    if not isinstance(entries, CommentedSeq) or not entries:
        entries = document["nlu"] = CommentedSeq()
    _forget(entries, wanted)
    for lesson in wanted.values():
        _add(entries, lesson)
    output = io.StringIO()
    yaml.dump(document, output)
    return output.getvalue()


def _forget(entries: CommentedSeq, wanted: dict[str, Lesson]) -> None:
    """Takes out what was decided otherwise before."""
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("examples"), str):
            kept = [
                line
                for line in entry["examples"].splitlines(keepends=True)
                if (lesson := wanted.get(normal(line.strip().removeprefix("-")))) is None
                or lesson.intent == entry.get("intent")
            ]
            _set_examples(entry, "".join(kept))
    for place in range(len(entries) - 1, -1, -1):
        examples = entries[place].get("examples") if isinstance(entries[place], dict) else None
        if isinstance(examples, str) and not examples.strip():
            del entries[place]


def _add(entries: CommentedSeq, lesson: Lesson) -> None:
    line = f"- {annotate(lesson.sentence, lesson.marks)}\n"
    for entry in entries:
        if isinstance(entry, dict) and entry.get("intent") == lesson.intent:
            examples = entry.get("examples")
            if isinstance(examples, str):
                ended = examples if not examples or examples.endswith("\n") else examples + "\n"
                return _set_examples(entry, ended + line)
    made = CommentedMap(intent=lesson.intent, examples=LiteralScalarString(line))
    return entries.append(made)


def _set_examples(entry: Any, text: str) -> None:
    """Replaces the block; a comment that follows it is kept on the block by ruamel."""
    old = entry["examples"]
    if str(old) == text:
        return
    block = LiteralScalarString(text)
    if getattr(old, "comment", None):
        block.comment = old.comment
    entry["examples"] = block


def _replace(path: Path, content: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".nlu-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
