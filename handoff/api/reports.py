"""Reports: the same figures as the console's, with the conversations behind them."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.reports.catalogue import REPORTS, Figure, Unit
from desk.reports.listing import list_services
from desk.reports.measures import DIMENSIONS
from desk.reports.names import names_of
from desk.reports.read import ReportTable, Values, read_report
from desk.reports.sums import Bar
from handoff.api.answers import StatusName
from handoff.api.endpoints import Endpoint
from handoff.problems import read_number
from handoff.report_csv import send_report, send_services
from handoff.report_request import (
    CUTS,
    read_asked,
    read_cut,
    read_figure,
    read_report_name,
)
from handoff.report_words import DEFINITIONS, FIGURES, TITLES, bar_words
from handoff.security import api_user, current_user
from handoff.services import services_of

_TEAM = ("agent", "supervisor", "admin")
_CSV = ".csv"
ALL_SERVICES = "conversations"


class FigureShown(BaseModel):
    """A figure with its definition; times are in seconds."""

    key: str
    label: str
    unit: Unit
    definition: str


class ReportNamed(BaseModel):
    """A report there is."""

    name: str
    title: str
    figures: list[FigureShown]


class ReportsNamed(BaseModel):
    """All reports."""

    reports: list[ReportNamed]


class PeriodShown(BaseModel):
    """Days, both included, in the installation's time zone."""

    since: date
    until: date


class RowShown(BaseModel):
    """One bar: ``bar`` is a date, a weekday (0 is Monday), an hour or an id (0 is none)."""

    bar: str
    label: str
    values: dict[str, float | None]


class ReportShown(BaseModel):
    """A report. ``before``: the same figures of the period before; ``left_out``: smaller rows."""

    name: str
    title: str
    figures: list[FigureShown]
    period: PeriodShown
    period_before: PeriodShown
    by: str
    rows: list[RowShown]
    total: dict[str, float | None]
    before: dict[str, float | None]
    left_out: int


class ServiceShown(BaseModel):
    """A service behind a figure: its conversation, and the moment that counts."""

    conversation: str
    number: int
    at: str
    opened_at: str
    ended_at: str | None
    status: StatusName


class ServicesShown(BaseModel):
    """A page, newest first; ``next_cursor`` leads to the next, null at the end."""

    services: list[ServiceShown]
    next_cursor: str | None


@api_user(*_TEAM)
async def show_reports(request: Request) -> HTTPResponse:
    """Every report with the definitions of its figures."""
    return json(
        {
            "reports": [
                {"name": name, "title": TITLES[name], "figures": _figures(report.figures)}
                for name, report in REPORTS.items()
            ]
        }
    )


@api_user(*_TEAM)
async def show_report(request: Request, name: str) -> Any:
    """One report as JSON; its name with ``.csv`` behind gives a file."""
    asked = read_asked(request)
    if name == ALL_SERVICES + _CSV:
        return await send_services(request, asked)
    report = read_report_name(name.removesuffix(_CSV))
    if name.endswith(_CSV):
        return await send_report(request, report, asked)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        table = await read_report(
            session, report, asked.period, asked.by, asked.filters, asked.zone
        )
        ids = [row.bar for row in table.rows if asked.by in DIMENSIONS and isinstance(row.bar, int)]
        names = await names_of(session, asked.by, ids)
    return json(_report_json(table, dict(names)))


@api_user(*_TEAM)
async def show_services(request: Request, name: str) -> HTTPResponse:
    """The conversations behind a figure."""
    report, asked = read_report_name(name), read_asked(request)
    figure, cut = read_figure(request, report), read_cut(request, asked)
    limit = read_number(request, "limit", 50)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        page = await list_services(
            session,
            current_user(request),
            figure,
            cut,
            asked.zone,
            request.args.get("cursor"),
            limit,
        )
    rows = [
        {
            "conversation": row.conversation.public_id,
            "number": row.service.number,
            "at": row.moment.isoformat(),
            "opened_at": row.service.opened_at.isoformat(),
            "ended_at": row.service.ended_at.isoformat() if row.service.ended_at else None,
            "status": row.service.status.value,
        }
        for row in page.rows
    ]
    return json({"services": rows, "next_cursor": page.next_cursor})


def _report_json(table: ReportTable, names: dict[int, str]) -> dict[str, Any]:
    period, before = table.period, table.period.before
    return {
        "name": table.report.name,
        "title": TITLES[table.report.name],
        "figures": _figures(table.report.figures),
        "period": _period(period.first, period.last),
        "period_before": _period(before.first, before.last),
        "by": table.by,
        "rows": [
            {
                "bar": _bar(row.bar),
                "label": bar_words(table.by, row.bar, names),
                "values": _values(row.values),
            }
            for row in table.rows
        ],
        "total": _values(table.total),
        "before": _values(table.before),
        "left_out": table.left_out,
    }


def _figures(figures: tuple[Figure, ...]) -> list[dict[str, str]]:
    return [
        {
            "key": each.key,
            "label": FIGURES[each.key],
            "unit": each.unit,
            "definition": DEFINITIONS[each.key],
        }
        for each in figures
    ]


def _period(first: date, last: date) -> dict[str, str]:
    return {"since": first.isoformat(), "until": last.isoformat()}


def _bar(bar: Bar) -> str:
    return bar.isoformat() if isinstance(bar, date) else str(bar)


def _values(values: Values) -> dict[str, float | None]:
    return {key: round(value, 3) if value is not None else None for key, value in values.items()}


_FORMAT: Literal["format"] = "format"
_QUERY = {
    "since": "First day, such as 2026-01-31; thirty days before the last one by default.",
    "until": "Last day; today by default.",
    "by": "How it is cut: " + ", ".join(CUTS) + ".",
    "queue": "Only what was last in this queue, by its id; 0: in none.",
    "agent": "Only what this person had last; agents read their own alone.",
    "channel": "Only this channel.",
    "company": "Only this company.",
    "type": "Only this request type.",
    "tag": "Only with this tag.",
}
ENDPOINTS = [
    Endpoint(
        "GET",
        "/reports",
        show_reports,
        "The reports there are, with the definitions of their figures.",
        returns=ReportsNamed,
    ),
    Endpoint(
        "GET",
        "/reports/<name:str>",
        show_report,
        "A report. The name with .csv behind it gives the whole table as a file, "
        "conversations.csv a row for each service that was opened in the period.",
        query=_QUERY
        | {_FORMAT: "Of a file: excel (Brazil's spreadsheets, the default) or plain (programs)."},
        returns=ReportShown,
    ),
    Endpoint(
        "GET",
        "/reports/<name:str>/conversations",
        show_services,
        "The services behind a figure, newest first.",
        query=_QUERY
        | {
            "figure": "A figure of the report; its first by default.",
            "bar": "One bar alone, as the report names it.",
            "limit": "How many, at most 200.",
            "cursor": "Where the previous page ended.",
        },
        returns=ServicesShown,
    ),
]
