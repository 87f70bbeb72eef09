"""The folder of guides: every file read, what is wrong with one said by file and field."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from desk.guides.guide import Guide, Step
from desk.knowledge.passages import anchor_of

FOLDER = "guias"
OTHER_MATTERS = "outros-assuntos.yml"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)
_WORDS = {
    "missing": "falta este campo",
    "extra_forbidden": "este campo não existe; confira como está escrito",
    "string_type": "escreva um texto",
    "string_too_short": "o texto é curto demais",
    "string_too_long": "o texto é longo demais; divida em dois passos",
    "tuple_type": "escreva uma lista, cada item em uma linha com “- ”",
    "frozen_set_type": "escreva uma lista, como [conta, portal]",
    "model_type": "escreva os campos deste item, como “texto: …”",
    "model_attributes_type": "escreva os campos deste item, como “texto: …”",
    "too_short": "a lista tem poucos itens",
    "too_long": "a lista tem itens demais",
}


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a file; ``field`` is empty where it is the whole of it."""

    file: str
    field: str
    words: str

    def __str__(self) -> str:
        """As it is told to the author."""
        return ": ".join(part for part in (self.file, self.field, self.words) if part)


@dataclass(frozen=True)
class Guides:
    """The guides that can be used, phrasings that none of them is for, and what is wrong."""

    guides: tuple[Guide, ...] = ()
    other_matters: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    def named(self, slug: str) -> Guide | None:
        """A guide by its slug."""
        return next((guide for guide in self.guides if guide.slug == slug), None)


def read_guides(help_dir: Path) -> Guides:
    """Reads ``guias/`` in the help folder; a file with a mistake is left out and told of."""
    guides: list[Guide] = []
    mistakes: list[Mistake] = []
    other_matters: list[str] = []
    for file in guide_files(help_dir):
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mistakes.append(Mistake(file.name, "", _syntax(error)))
            continue
        if file.name == OTHER_MATTERS:
            phrases, found = _other_matters(content)
            other_matters += phrases
        else:
            guide, found = _guide(file.stem, content)
            found += list(_wrong_pages(help_dir, guide)) if guide else []
            guides += [guide] if guide and not found else []
        mistakes += [Mistake(file.name, *each) for each in found]
    mistakes += _shared_triggers(guides)
    return Guides(tuple(guides), tuple(other_matters), tuple(mistakes))


def guide_files(help_dir: Path) -> Sequence[Path]:
    """The files of the folder, by name."""
    return sorted((help_dir / FOLDER).glob("*.yml"))


_Found = list[tuple[str, str]]


def _guide(slug: str, content: object) -> tuple[Guide | None, _Found]:
    if not _SLUG.fullmatch(slug):
        words = "o nome do arquivo só pode ter letras minúsculas sem acento, números e hífens"
        return None, [("", words)]
    if not isinstance(content, dict):
        return None, [("", "o arquivo não tem os campos de um guia; veja o README.md")]
    try:
        return Guide.model_validate({**content, "slug": slug}), []
    except ValidationError as error:
        return None, [(_place(each["loc"]), _words(each)) for each in error.errors()]


def _other_matters(content: object) -> tuple[list[str], _Found]:
    phrases = content.get("frases") if isinstance(content, dict) else None
    if not isinstance(phrases, list) or not all(isinstance(each, str) for each in phrases):
        return [], [("frases", "escreva uma lista de frases")]
    return [" ".join(each.split()) for each in phrases if each.strip()], []


def _wrong_pages(help_dir: Path, guide: Guide) -> Iterator[tuple[str, str]]:
    for name, steps in (("solucoes_basicas", guide.basic), ("passo_a_passo", guide.detailed)):
        for number, step in enumerate(steps, start=1):
            wrong = _wrong_page(help_dir, step)
            if wrong:
                yield f"{name}, item {number}, pagina", wrong


def _wrong_page(help_dir: Path, step: Step) -> str:
    if not step.page:
        return ""
    path, _, anchor = step.page.partition("#")
    page = (help_dir / f"{path}.md").resolve()
    if not page.is_relative_to(help_dir.resolve()) or not page.is_file():
        return f"não existe a página {path}.md na documentação"
    if not anchor:
        return ""
    anchors = {anchor_of(each) for each in _HEADING.findall(page.read_text(encoding="utf-8"))}
    return "" if anchor in anchors else f"a página {path}.md não tem a seção #{anchor}"


def _shared_triggers(guides: Sequence[Guide]) -> Iterator[Mistake]:
    taken: dict[str, str] = {}
    for guide in guides:
        for trigger in guide.triggers:
            other = taken.setdefault(trigger.casefold(), guide.slug)
            if other != guide.slug:
                words = f"“{trigger}” também está em {other}.yml; deixe em um só"
                yield Mistake(f"{guide.slug}.yml", "gatilhos", words)


def _place(location: Sequence[int | str]) -> str:
    """``("passo_a_passo", 1, "texto")`` as ``passo_a_passo, item 2, texto``."""
    return ", ".join(f"item {part + 1}" if isinstance(part, int) else part for part in location)


def _words(error: Any) -> str:
    if error["type"] == "enum":
        return f"“{error['input']}” não é uma opção; use {error['ctx']['expected']}".replace(
            " or ", " ou "
        )
    return _WORDS.get(error["type"], "o valor não pode ser usado aqui")


def _syntax(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return "o arquivo não é texto em UTF-8"
    return f"linha {mark.line + 1}: não consegui ler; confira espaços, dois-pontos e aspas"
