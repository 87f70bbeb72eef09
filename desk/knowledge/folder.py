"""A folder of Markdown and HTML as a source."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from desk.errors import Invalid
from desk.knowledge.html import Unreadable, read_html
from desk.knowledge.markdown import read_markdown
from desk.knowledge.storing import SourcePage

_NOT_PAGES = frozenset({"README.md"})
_HTML_FILES = ("*.html", "*.htm")


def read_folder(folder: Path, url_prefix: str) -> Iterator[SourcePage]:
    """The pages below a folder, by path. Notes to authors (README.md) are none.

    Markdown is open to customers without its ending, HTML with it.

    Raises:
        Invalid: the first page that cannot be read, by its path.
    """
    for path, file in page_files(folder):
        page = read_markdown(path, file.read_text(encoding="utf-8"))
        yield SourcePage(page, f"{url_prefix}/{path}")
    for file in sorted(each for ending in _HTML_FILES for each in folder.rglob(ending)):
        path = file.relative_to(folder).as_posix()
        try:
            read = read_html(file.read_bytes(), path)
        except Unreadable as error:
            raise Invalid("html", "{path}: não é uma página em HTML.", path=path) from error
        if read.page.sections and read.may_index:
            yield SourcePage(read.page, f"{url_prefix}/{quote(path)}")


def page_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The path that names a page in Markdown, and its file; in order."""
    for file in sorted(folder.rglob("*.md")):
        if file.name not in _NOT_PAGES:
            yield file.relative_to(folder).with_suffix("").as_posix(), file
