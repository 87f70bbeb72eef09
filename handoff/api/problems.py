"""Recurring problems: what guided help was asked for, and how it ended."""

from collections.abc import Mapping

from sanic import HTTPResponse, Request
from sanic.response import json

from desk.errors import Invalid
from desk.guides.report import GuideCount, RunLine, count_problems, list_runs
from desk.text import clean_text
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_number
from handoff.security import api_user
from handoff.services import services_of
from handoff.spans import Span, span_of

_PERIOD: Mapping[str, str] = {
    "since": "First day, YYYY-MM-DD; thirty days before the last by default.",
    "until": "Last day, YYYY-MM-DD; today by default.",
}


class StepJson(Shape):
    """How often a step was tried, and helped; ``step`` is the beginning of its text."""

    position: int
    step: str
    tried: int
    worked: int


class ProblemJson(Shape):
    """A guide with its runs by how they ended."""

    guide: str
    title: str
    total: int
    outcomes: dict[str, int]
    steps: list[StepJson]


class ProblemList(Shape):
    """The guides that were run in a period, the most frequent first."""

    since: str
    until: str
    problems: list[ProblemJson]


class RunJson(Shape):
    """A run; ``ticket`` is the number of the ticket where all of it stands."""

    id: int
    guide: str
    title: str
    outcome: str
    solved_at: int | None
    started_at: str
    conversation: str
    ticket: str | None


class RunList(Shape):
    """Runs, newest first."""

    runs: list[RunJson]
    next_cursor: str | None


@api_user("supervisor", "admin")
async def show_problems(request: Request) -> HTTPResponse:
    """Counts for each guide and step."""
    span = _span(request)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        counts = await count_problems(session, span.since, span.until)
    days = {"since": span.first.isoformat(), "until": span.last.isoformat()}
    return json({**days, "problems": [_problem(each) for each in counts]})


@api_user("supervisor", "admin")
async def show_runs(request: Request) -> HTTPResponse:
    """The runs behind the counts."""
    span = _span(request)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        page = await list_runs(
            session,
            span.since,
            span.until,
            guide=clean_text(request.args.get("guide", ""))[:120],
            cursor=request.args.get("cursor"),
            limit=read_number(request, "limit", 50),
        )
    return json({"runs": [_run(each) for each in page.rows], "next_cursor": page.next_cursor})


def _span(request: Request) -> Span:
    zone = services_of(request).settings.zone
    span, wrong = span_of(request.args.get("since"), request.args.get("until"), zone)
    if wrong:
        raise Invalid(wrong, "O período não é válido: use AAAA-MM-DD, até um ano.")
    return span


def _problem(count: GuideCount) -> dict[str, object]:
    return {
        "guide": count.guide,
        "title": count.title,
        "total": count.total,
        "outcomes": {outcome.value: number for outcome, number in count.outcomes.items()},
        "steps": [vars(step) for step in count.steps],
    }


def _run(run: RunLine) -> dict[str, object]:
    return {
        "id": run.id,
        "guide": run.guide,
        "title": run.title,
        "outcome": run.outcome.value,
        "solved_at": run.solved_at,
        "started_at": run.started_at.isoformat(),
        "conversation": run.conversation,
        "ticket": run.ticket_number,
    }


ENDPOINTS = [
    Endpoint(
        "GET",
        "/reports/problems",
        show_problems,
        "Recurring problems by guide and step.",
        query=_PERIOD,
        answers={200: "Counts.", 400: "The period is not valid."},
        returns=ProblemList,
    ),
    Endpoint(
        "GET",
        "/reports/problems/runs",
        show_runs,
        "The runs of guides, newest first.",
        query={
            **_PERIOD,
            "guide": "Only this guide's.",
            "cursor": "From the page before.",
            "limit": "Up to 100.",
        },
        answers={200: "A page.", 400: "The period, cursor or limit is not valid."},
        returns=RunList,
    ),
]
