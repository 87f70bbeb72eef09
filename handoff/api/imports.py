"""Imports of companies and contacts from CSV."""

from typing import Any, Literal

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.csv_tables import MAX_BYTES, Plan
from desk.events.log import by_agent
from desk.imports.run import keep_import, preview, run_import
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import check_shape
from handoff.security import api_user, current_user
from handoff.services import services_of
from handoff.uploads import read_json

_SECONDS = 90.0
_MOST_LINES = 1000


class NewImport(Shape):
    """A table. Unless ``dry_run`` is false nothing is changed."""

    kind: Literal["companies", "contacts"]
    csv: str = Field(min_length=1, max_length=MAX_BYTES)
    dry_run: bool = True


class LineJson(Shape):
    """What a line does, or why it cannot be taken."""

    line: int
    action: Literal["create", "change", "skip", "error"]
    label: str
    field: str = ""
    error: str = ""


class ImportJson(Shape):
    """How many lines did, or would do, what.

    ``lines``: the first thousand of a dry run, else the wrong ones. ``finished``: false when the
    time was over; the same call goes on, since lines that are there already are skipped.
    """

    kind: str
    dry_run: bool
    finished: bool
    create: int
    change: int
    skip: int
    error: int
    lines: list[LineJson]


@api_user("admin")
async def import_table(request: Request) -> HTTPResponse:
    """Shows what a table would do, or does it."""
    body = check_shape(await read_json(request, 2 * MAX_BYTES), NewImport)
    data = body.csv.encode("utf-8", "replace")
    done = await (_show(request, body, data) if body.dry_run else _do(request, body, data))
    return json({"kind": body.kind, "dry_run": body.dry_run, **done})


async def _show(request: Request, body: NewImport, data: bytes) -> dict[str, Any]:
    async with services_of(request).database.reading(may_be_slow=True) as session:
        found = await preview(session, body.kind, data)
    lines = [_line(plan) for plan in found.plans[:_MOST_LINES]]
    return {"finished": True, **found.counts, "lines": lines}


async def _do(request: Request, body: NewImport, data: bytes) -> dict[str, Any]:
    services, user = services_of(request), current_user(request)
    async with services.database.transaction() as session:
        kept = await keep_import(session, body.kind, "", data, user.id)
    done = await run_import(services.database, kept.id, by_agent(user.id), _SECONDS)
    services.pulse.beat("events")
    counts = {name: done.counts.get(name, 0) for name in ("create", "change", "skip", "error")}
    lines = [
        {"line": number, "action": "error", "label": label, "field": "", "error": words}
        for number, label, words in done.counts.get("errors", [])
    ]
    return {"finished": done.finished_at is not None, **counts, "lines": lines}


def _line(plan: Plan) -> dict[str, Any]:
    return {
        "line": plan.line.number,
        "action": plan.action,
        "label": plan.label,
        "field": plan.field,
        "error": plan.error,
    }


ENDPOINTS = [
    Endpoint(
        "POST",
        "/imports",
        import_table,
        "Import companies or contacts; by default only show what it would do.",
        NewImport,
        answers={200: "Shown, or done.", 413: "The table is too large."},
        takes_files=True,
        returns=ImportJson,
    ),
]
