"""Reports: figures with their definitions, charts, tables, and the conversations behind each."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import text

from desk.errors import Invalid
from desk.reports.listing import list_services
from desk.reports.measures import DIMENSIONS
from desk.reports.names import choices_of, names_of
from desk.reports.read import ReportTable, read_report
from handoff.charts.pictures import CSP, draw_chart
from handoff.console.conversation import TEAM
from handoff.console.reports_view import (
    ROOT,
    ReportForm,
    ReportView,
    chart_of,
    overview_cards,
    service_lines,
    view_of,
)
from handoff.i18n import _
from handoff.pages import render, theme_of
from handoff.problems import in_words
from handoff.report_csv import send_report, send_services
from handoff.report_request import (
    Asked,
    read_asked,
    read_cut,
    read_figure,
    read_report_name,
)
from handoff.report_words import FIGURES, TITLES, bar_words
from handoff.security import current_user, signed_in
from handoff.services import services_of

blueprint = Blueprint("console_reports", url_prefix="/reports")


@blueprint.get("/")
@signed_in(*TEAM)
async def show_overview(request: Request) -> HTTPResponse:
    """The figures that say most, each leading to its report."""
    form, asked = await _form(request)
    if asked is None:
        return _wrong(request, form, "")
    async with services_of(request).database.reading(may_be_slow=True) as session:
        cards = await overview_cards(session, asked)
    return render(request, "console/reports.html", form=form, cards=cards, titles=TITLES)


@blueprint.get("/services.csv")
@signed_in(*TEAM)
async def download_services(request: Request) -> Any:
    """A row for each service, sent while it is read."""
    return await send_services(request, read_asked(request))


@blueprint.get("/<report:str>")
@signed_in(*TEAM)
async def show_report(request: Request, report: str) -> HTTPResponse:
    """One report."""
    chosen = read_report_name(report)
    form, asked = await _form(request)
    if asked is None:
        return _wrong(request, form, report)
    table, names = await _read(request, asked, report)
    view: ReportView = view_of(table, asked, names)
    return render(
        request,
        "console/report.html",
        form=form,
        report=view,
        titles=TITLES,
        title=TITLES[chosen.name],
        theme_shown=theme_of(request),
    )


@blueprint.get("/<report:str>/chart.svg")
@signed_in(*TEAM)
async def show_chart(request: Request, report: str) -> HTTPResponse:
    """The report's chart: a file of its own, with its own policy."""
    asked = read_asked(request)
    table, names = await _read(request, asked, report)
    drawing = chart_of(table, names)
    svg = draw_chart(
        drawing.kind,
        drawing.labels,
        drawing.series,
        theme="dark" if request.args.get("theme") == "dark" else "light",
        width="narrow" if request.args.get("width") == "narrow" else "wide",
        say=drawing.say,
        nothing=_("Nada neste período."),
    )
    headers = {"Content-Security-Policy": CSP}
    return text(svg, content_type="image/svg+xml; charset=utf-8", headers=headers)


@blueprint.get("/<report:str>/table.csv")
@signed_in(*TEAM)
async def download_table(request: Request, report: str) -> Any:
    """The whole table as a file."""
    return await send_report(request, read_report_name(report), read_asked(request))


@blueprint.get("/<report:str>/conversations")
@signed_in(*TEAM)
async def show_conversations(request: Request, report: str) -> HTTPResponse:
    """The conversations behind a figure, newest first."""
    chosen, asked = read_report_name(report), read_asked(request)
    figure, cut = read_figure(request, chosen), read_cut(request, asked)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        page = await list_services(
            session, current_user(request), figure, cut, asked.zone, request.args.get("cursor")
        )
        ids = [cut.bar] if isinstance(cut.bar, int) and cut.by in DIMENSIONS else []
        names = await names_of(session, cut.by, ids)
    query = {**asked.query, "figure": figure.key, "bar": request.args.get("bar", "")}
    more = urlencode({**query, "cursor": page.next_cursor or ""})
    return render(
        request,
        "console/report_rows.html"
        if request.headers.get("hx-request")
        else "console/report_conversations.html",
        title=TITLES[chosen.name],
        figure=FIGURES[figure.key],
        about=bar_words(cut.by, cut.bar, names) if cut.bar is not None else "",
        back_url=f"{ROOT}/{report}?{urlencode(asked.query)}",
        lines=service_lines(page, asked.zone),
        more_url=f"{ROOT}/{report}/conversations?{more}" if page.next_cursor else "",
    )


async def _read(
    request: Request, asked: Asked, report: str
) -> tuple[ReportTable, Mapping[int, str]]:
    async with services_of(request).database.reading(may_be_slow=True) as session:
        table = await read_report(
            session, read_report_name(report), asked.period, asked.by, asked.filters, asked.zone
        )
        ids = [row.bar for row in table.rows if isinstance(row.bar, int)]
        return table, await names_of(session, asked.by, ids)


async def _form(request: Request) -> tuple[ReportForm, Asked | None]:
    """What the reader asked for, as typed; with the words of what is wrong with it."""
    error = ""
    asked: Asked | None = None
    try:
        asked = read_asked(request)
    except Invalid as wrong:
        error = in_words(wrong)
    everything = current_user(request).sees_all_queues
    values = {name: request.args.get(name, "") for name in ("since", "until", "by", *DIMENSIONS)}
    if asked is not None:
        values |= {name: asked.query[name] for name in ("since", "until", "by")}
    choices = await _choices(request, asked) if everything else {}
    today = datetime.now(UTC).astimezone(services_of(request).settings.zone).date()
    return ReportForm(values, choices, error, own_only=not everything, today=today), asked


async def _choices(request: Request, asked: Asked | None) -> dict[str, list[tuple[int, str]]]:
    """What may be looked at alone; what is looked at is among them, however many there are."""
    choices: dict[str, list[tuple[int, str]]] = {}
    async with services_of(request).database.reading() as session:
        for dimension in DIMENSIONS:
            choices[dimension] = await choices_of(session, dimension)
            chosen = asked.filters.get(dimension) if asked else None
            if chosen is not None and chosen not in dict(choices[dimension]):
                names = {**await names_of(session, dimension, [chosen])}
                choices[dimension].append((chosen, bar_words(dimension, chosen, names)))
    return choices


def _wrong(request: Request, form: ReportForm, report: str) -> HTTPResponse:
    """What was typed, and why it cannot be read."""
    title = TITLES[report] if report else _("Relatórios")
    return render(
        request,
        "console/report_wrong.html",
        status=400,
        form=form,
        titles=TITLES,
        title=title,
        current=report,
    )
