"""The pages: topics, one page, and search."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sanic import Blueprint, HTTPResponse, Request

from desk.errors import NotFound
from desk.knowledge.folder import page_files
from desk.knowledge.markdown import split_front_matter
from desk.knowledge.search import Hit, Verdict
from handoff.branding import look_of
from handoff.help.rendering import PREFIX, Rendered, render_page
from handoff.pages import render
from handoff.security import SESSION_LIMIT, limit
from handoff.services import services_of

_MOST_CHARS = 300
_EXCERPT_CHARS = 220
_MOST_NEAR = 3

blueprint = Blueprint("help", url_prefix=PREFIX)


@dataclass(frozen=True)
class PageLink:
    """A page in a list. ``topic`` is its folder."""

    topic: str
    path: str
    title: str
    summary: str


@blueprint.get("/")
async def show_topics(request: Request) -> HTTPResponse:
    """All pages by topic, or what a search found."""
    services = services_of(request)
    asked = request.args.get("q", "").strip()[:_MOST_CHARS]
    hits: tuple[Hit, ...] = ()
    is_answered = True
    if asked:
        limit(request, SESSION_LIMIT, "help", request.ip)
        search = await services.knowledge.find(asked, limit=8)
        is_answered = search.verdict is not Verdict.UNKNOWN
        hits = search.hits if is_answered else search.hits[:_MOST_NEAR]
    async with services.database.reading() as session:
        look = await look_of(request, session)
    topics: dict[str, list[PageLink]] = {}
    for link in list_pages(services.settings.help_dir):
        topics.setdefault(link.topic, []).append(link)
    found = [(hit, excerpt_of(hit)) for hit in hits]
    return render(
        request,
        "help/topics.html",
        look=look,
        topics=topics,
        asked=asked,
        found=found,
        is_answered=is_answered,
    )


@blueprint.get("/<path:path>")
async def show_page(request: Request, path: str) -> HTTPResponse:
    """One page."""
    services = services_of(request)
    page = _read(services.settings.help_dir, path.strip("/"))
    async with services.database.reading() as session:
        look = await look_of(request, session)
    topic = [
        link
        for link in list_pages(services.settings.help_dir)
        if link.topic == path.rpartition("/")[0]
    ]
    return render(request, "help/page.html", look=look, page=page, path=path, topic=topic)


def list_pages(folder: Path) -> list[PageLink]:
    """The folder's pages by topic and title; read again when a file changes."""
    files = tuple((path, file.stat().st_mtime_ns) for path, file in page_files(folder))
    return list(_links(folder, files))


@lru_cache(maxsize=2)
def _links(folder: Path, files: tuple[tuple[str, int], ...]) -> tuple[PageLink, ...]:
    links = []
    for path, _ in files:
        facts, _body = split_front_matter(path, (folder / f"{path}.md").read_text("utf-8"))
        title = str(facts.get("title") or path.rpartition("/")[2])
        links.append(
            PageLink(path.rpartition("/")[0], path, title, str(facts.get("summary") or ""))
        )
    return tuple(sorted(links, key=lambda link: (link.topic, link.title)))


def excerpt_of(hit: Hit) -> str:
    """The first words of what was found."""
    text = " ".join(block.text for block in hit.blocks).replace("*", "").replace("\n", " ")
    return text if len(text) <= _EXCERPT_CHARS else f"{text[:_EXCERPT_CHARS].rsplit(' ', 1)[0]}…"


def _read(folder: Path, path: str) -> Rendered:
    for known, file in page_files(folder):
        if known == path:
            return render_page(path, file.read_text("utf-8"))
    raise NotFound("Esta página de ajuda não existe.")
