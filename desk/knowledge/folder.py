"""A folder of Markdown as a source."""

from collections.abc import Iterator
from pathlib import Path

from desk.knowledge.markdown import read_markdown
from desk.knowledge.storing import SourcePage

_NOT_PAGES = frozenset({"README.md"})


def read_folder(folder: Path, url_prefix: str) -> Iterator[SourcePage]:
    """The pages below a folder, by path. Notes to authors (README.md) are none.

    Raises:
        Invalid: the first page that cannot be read, by its path.
    """
    for path, file in page_files(folder):
        page = read_markdown(path, file.read_text(encoding="utf-8"))
        yield SourcePage(page, f"{url_prefix}/{path}")


def page_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The path that names a page, and its file; in order."""
    for file in sorted(folder.rglob("*.md")):
        if file.name not in _NOT_PAGES:
            yield file.relative_to(folder).with_suffix("").as_posix(), file
