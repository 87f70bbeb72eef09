"""What a reader asks of a report: the same for pages, files and the JSON API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sanic import Request

from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotAllowed, NotFound
from desk.reports.catalogue import REPORTS, Figure, Report
from desk.reports.listing import Cut
from desk.reports.measures import DIMENSIONS, HOUR
from desk.reports.periods import TIMES, Period, fitting, read_day, read_period
from desk.reports.sums import Bar
from desk.team.tables import User
from handoff.security import current_user
from handoff.services import services_of

CUTS = (*TIMES, HOUR, *DIMENSIONS)


@dataclass(frozen=True)
class Asked:
    """A period, how it is cut, and what of it is looked at."""

    period: Period
    by: str
    filters: Mapping[str, int]
    zone: ZoneInfo

    @property
    def query(self) -> dict[str, str]:
        """The same as the parameters of an address."""
        days = {"since": self.period.first.isoformat(), "until": self.period.last.isoformat()}
        return {**days, "by": self.by, **{name: str(key) for name, key in self.filters.items()}}


def read_asked(request: Request) -> Asked:
    """What the query asks for.

    An agent reads what is their own: the services that they had last.

    Raises:
        Invalid: a value that is none; ``field`` names it.
        NotAllowed: an agent asks for others'.
    """
    zone = services_of(request).settings.zone
    today = datetime.now(UTC).astimezone(zone).date()
    arguments = request.args
    period = read_period(arguments.get("since", ""), arguments.get("until", ""), today)
    by = arguments.get("by", "")
    if by and by not in CUTS:
        raise Invalid("by", "Este agrupamento não existe.")
    filters = {
        name: _number(name, arguments.get(name, ""))
        for name in DIMENSIONS
        if arguments.get(name, "")
    }
    return Asked(period, fitting(by, period), _allowed(current_user(request), by, filters), zone)


def read_report_name(name: str) -> Report:
    """A report by its name.

    Raises:
        NotFound: there is none.
    """
    if name not in REPORTS:
        raise NotFound("Relatório não encontrado.")
    return REPORTS[name]


def read_figure(request: Request, report: Report) -> Figure:
    """The figure whose conversations are asked for; the report's first by default.

    Raises:
        Invalid: the report has none of that name.
    """
    figure = report.figure(request.args.get("figure", report.figures[0].key))
    if figure is None:
        raise Invalid("figure", "Este número não existe no relatório.")
    return figure


def read_cut(request: Request, asked: Asked) -> Cut:
    """The bar whose conversations are asked for; all of the period by default.

    Raises:
        Invalid: it is no bar of this cut.
    """
    words = request.args.get("bar", "")
    bar = _bar(asked.by, words) if words else None
    return Cut(asked.period, asked.filters, asked.by if bar is not None else "", bar)


def _bar(by: str, words: str) -> Bar:
    if by not in TIMES or by == "weekday":
        return _number("bar", words)
    return read_day("bar", words)


def _allowed(user: User, by: str, filters: dict[str, int]) -> Mapping[str, int]:
    if user.sees_all_queues:
        return filters
    if by in DIMENSIONS or filters.keys() - {"agent"} or filters.get("agent", user.id) != user.id:
        raise NotAllowed("Atendentes veem os próprios números.")
    return {"agent": user.id}


def _number(name: str, words: str) -> int:
    if not (words.isascii() and words.isdigit() and len(words) <= 10):
        raise Invalid(name, "O valor deve ser um número inteiro.")
    return min(int(words), MAX_SMALL_KEY)
