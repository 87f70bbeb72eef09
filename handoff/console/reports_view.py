"""Reports as the console shows them: cards, a chart's drawing, a table with links, lists."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.reports.catalogue import OVERVIEW, REPORTS, Figure
from desk.reports.listing import ServicePage
from desk.reports.measures import DIMENSIONS, HOUR
from desk.reports.periods import TIMES, Period
from desk.reports.read import ReportRow, ReportTable, Values, read_total
from desk.states import STATUS_LABELS
from handoff.charts.pictures import Kind, Series
from handoff.console import wording
from handoff.i18n import _
from handoff.report_request import Asked
from handoff.report_words import (
    CUTS,
    DEFINITIONS,
    FIGURES,
    bar_words,
    change_words,
    number_words,
    value_words,
)

ROOT = "/console/reports"
_MOST_BARS_BY_NAME = 12


@dataclass(frozen=True)
class ReportForm:
    """What was asked for, as typed, and what may be chosen; ``own_only``: an agent reads."""

    values: Mapping[str, str]
    choices: Mapping[str, Sequence[tuple[int, str]]]
    error: str
    own_only: bool
    today: date

    @property
    def cuts(self) -> list[tuple[str, str]]:
        """Ways to cut, in order."""
        names = (*TIMES, HOUR, *(() if self.own_only else DIMENSIONS))
        return [(name, CUTS[name]) for name in names]

    @property
    def query(self) -> str:
        """All of it as an address's parameters."""
        return urlencode({name: value for name, value in self.values.items() if value})

    @property
    def query_without_cut(self) -> str:
        """The period and the filters: what goes along to another report."""
        kept = {name: value for name, value in self.values.items() if value and name != "by"}
        return urlencode(kept)

    @property
    def labels(self) -> Mapping[str, str]:
        """Names of the filters."""
        return CUTS

    @property
    def presets(self) -> list[tuple[str, str]]:
        """Usual periods with their addresses' parameters."""
        day, month = self.today, self.today.replace(day=1)
        before = (month - timedelta(days=1)).replace(day=1)
        periods = (
            (_("7 dias"), Period(day - timedelta(days=6), day)),
            (_("30 dias"), Period(day - timedelta(days=29), day)),
            (_("Este mês"), Period(month, day)),
            (_("Mês passado"), Period(before, month - timedelta(days=1))),
            (_("12 meses"), Period(day - timedelta(days=364), day)),
        )
        kept = {name: self.values[name] for name in DIMENSIONS if self.values[name]}
        return [
            (
                label,
                urlencode(
                    {
                        "since": period.first.isoformat(),
                        "until": period.last.isoformat(),
                        **kept,
                    }
                ),
            )
            for label, period in periods
        ]


@dataclass(frozen=True)
class Card:
    """A figure of the whole period with its definition and the change to the one before."""

    key: str
    label: str
    value: str
    before: str
    change: str
    definition: str
    url: str
    report: str = ""


@dataclass(frozen=True)
class Cell:
    """A value in the table; without an address where there is nothing behind it."""

    words: str
    url: str


@dataclass(frozen=True)
class Row:
    """One bar as a line of the table."""

    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class ReportView:
    """A report's page."""

    name: str
    cards: Sequence[Card]
    cut: str
    columns: Sequence[str]
    rows: Sequence[Row]
    left_out: int
    chart_query: str
    chart_words: str
    csv_url: str
    plain_url: str
    services_url: str
    period: str
    period_before: str


@dataclass(frozen=True)
class Drawing:
    """What `handoff/charts/pictures.py` draws."""

    kind: Kind
    labels: Sequence[str]
    series: Sequence[Series]
    say: Callable[[float], str]


async def overview_cards(session: AsyncSession, asked: Asked) -> list[Card]:
    """The overview's figures; each leads to its report."""
    cards: list[Card] = []
    query = urlencode(asked.query)
    for name, key in OVERVIEW:
        report = REPORTS[name]
        figure = next(each for each in report.figures if each.key == key)
        now, before = [
            await read_total(session, report, period, asked.filters, asked.zone)
            for period in (asked.period, asked.period.before)
        ]
        cards.append(_card(figure, now, before, f"{ROOT}/{name}?{query}", name))
    return cards


def view_of(table: ReportTable, asked: Asked, names: Mapping[int, str]) -> ReportView:
    """The page of a report."""
    report, query = table.report, urlencode(asked.query)
    here = f"{ROOT}/{report.name}"
    cards = [
        _card(each, table.total, table.before, _behind(here, asked, each, table.total[each.key]))
        for each in report.figures
    ]
    rows = [
        Row(
            bar_words(table.by, row.bar, names),
            [
                Cell(
                    value_words(each, row.values[each.key]),
                    _behind(here, asked, each, row.values[each.key], str(row.bar)),
                )
                for each in report.figures
            ],
        )
        for row in table.rows
    ]
    drawn = ", ".join(FIGURES[key] for key in report.charted)
    return ReportView(
        name=report.name,
        cards=cards,
        cut=CUTS[table.by],
        columns=[FIGURES[each.key] for each in report.figures],
        rows=rows,
        left_out=table.left_out,
        chart_query=query,
        chart_words=_("Gráfico: {figures}. Os mesmos números estão na tabela.").format(
            figures=drawn
        ),
        csv_url=f"{here}/table.csv?{query}",
        plain_url=f"{here}/table.csv?{query}&format=plain",
        services_url=f"{ROOT}/services.csv?{query}",
        period=_days(table.period),
        period_before=_days(table.period.before),
    )


def chart_of(table: ReportTable, names: Mapping[int, str]) -> Drawing:
    """The report's chart."""
    report, in_time = table.report, table.by in TIMES or table.by == HOUR
    rows = table.rows if in_time else table.rows[:_MOST_BARS_BY_NAME]
    figures = [each for each in report.figures if each.key in report.charted]
    figures.sort(key=lambda each: report.charted.index(each.key))
    kind: Kind = "stacked" if report.stacked else "bars"
    if report.cumulative and in_time:
        kind = "line"
    drawn = [each for each in figures if len(figures) <= 3 or table.total[each.key]]
    highest = max((row.values[each.key] or 0 for row in rows for each in drawn), default=0)
    scale, unit = _scale(highest) if figures[0].unit == "seconds" else (1, "")
    return Drawing(
        kind,
        [bar_words(table.by, row.bar, names, short=True) for row in rows],
        [Series(FIGURES[each.key], [_scaled(row, each, scale) for row in rows]) for each in drawn],
        lambda value: f"{number_words(value, '#,##0.##')} {unit}".strip(),
    )


def _scaled(row: ReportRow, figure: Figure, scale: int) -> float | None:
    value = row.values[figure.key]
    return None if value is None else value / scale


def _scale(seconds: float) -> tuple[int, str]:
    """The unit in which times of a chart are round numbers."""
    if seconds >= 4 * 86_400:
        return 86_400, "d"
    return (3600, "h") if seconds >= 4 * 3600 else (60, "min")


def service_lines(page: ServicePage, zone: ZoneInfo) -> list[dict[str, str]]:
    """The rows of a figure's list."""
    lines = []
    for row in page.rows:
        talk, service = row.conversation, row.service
        nth = _("{number}º atendimento").format(number=service.number)
        lines.append(
            {
                "url": f"/console/conversations/{talk.public_id}",
                "contact": talk.contact_name or _("Visitante"),
                "company": talk.company_name,
                "nth": nth if service.number > 1 else "",
                "status": service.status.value,
                "status_label": _(STATUS_LABELS[service.status.value]),
                "queue": talk.queue_name or _("Sem fila"),
                "assignee": talk.assignee_name,
                "when": _stamp(row.moment, zone),
                "iso": row.moment.isoformat(),
            }
        )
    return lines


def _card(figure: Figure, now: Values, before: Values, url: str, report: str = "") -> Card:
    value, former = now[figure.key], before[figure.key]
    return Card(
        key=figure.key,
        label=FIGURES[figure.key],
        value=value_words(figure, value),
        before=value_words(figure, former),
        change=change_words(figure, value, former),
        definition=DEFINITIONS[figure.key],
        url=url,
        report=report,
    )


def _behind(here: str, asked: Asked, figure: Figure, value: float | None, bar: str = "") -> str:
    """Where the conversations of a figure are; nowhere when there are none."""
    if not value:
        return ""
    query = {**asked.query, "figure": figure.key, **({"bar": bar} if bar else {})}
    return f"{here}/conversations?{urlencode(query)}"


def _days(period: Period) -> str:
    first, last = (bar_words("day", day, {}) for day in (period.first, period.last))
    return first if first == last else _("{first} a {last}").format(first=first, last=last)


def _stamp(at: datetime, zone: ZoneInfo) -> str:
    return wording.date_and_clock(at, zone)
