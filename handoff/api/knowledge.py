"""The documentation: what it says on a question."""

from typing import Literal

from sanic import HTTPResponse, Request
from sanic.response import json

from desk.errors import Invalid
from desk.knowledge.answer import answer_text
from handoff.api.endpoints import Endpoint, Shape
from handoff.security import api_user
from handoff.services import services_of

_MOST_CHARS = 1000
_MOST_HITS = 5


class HitJson(Shape):
    """A passage that was found. ``score``: standard deviations above unrelated questions."""

    title: str
    headings: list[str]
    url: str
    text: str
    score: float


class FoundJson(Shape):
    """Passages, best first; the verdict is on the first."""

    verdict: Literal["answer", "maybe", "unknown"]
    hits: list[HitJson]


@api_user()
async def search(request: Request) -> HTTPResponse:
    """The passages that answer best, at most five, each page once."""
    question = str(request.args.get("q") or "").strip()
    if not question or len(question) > _MOST_CHARS:
        raise Invalid("q", f"Escreva a pergunta, com até {_MOST_CHARS} caracteres.")
    found = await services_of(request).knowledge.find(question, limit=_MOST_HITS)
    hits = [
        {
            "title": hit.page_title,
            "headings": list(hit.titles[1:]),
            "url": hit.url,
            "text": answer_text(question, hit.blocks, hit.titles),
            "score": round(hit.score, 3),
        }
        for hit in found.hits
    ]
    return json({"verdict": found.verdict.value, "hits": hits})


ENDPOINTS = [
    Endpoint(
        "GET",
        "/knowledge/search",
        search,
        "What the documentation says on a question.",
        query={"q": "The question."},
        returns=FoundJson,
    ),
]
