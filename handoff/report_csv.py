"""Reports as CSV files, sent while they are read.

By default as spreadsheets in Brazil open them by a double click: semicolons, UTF-8 with its mark,
decimal commas, times on the clocks of the installation, durations as h:mm:ss. With
``format=plain`` for programs: commas, no mark, decimal points, seconds, ISO 8601. In both no cell
can be taken for a formula.
"""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sanic import Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.csv_tables import csv_line, safe_cell
from desk.errors import Invalid
from desk.reports.catalogue import Figure, Report
from desk.reports.listing import ExportedService, walk_services
from desk.reports.measures import DIMENSIONS
from desk.reports.names import names_of
from desk.reports.read import read_report
from desk.states import STATUS_LABELS
from handoff.i18n import N_, _
from handoff.report_request import Asked
from handoff.report_words import CUTS, FIGURES, bar_words
from handoff.security import current_user
from handoff.services import services_of

_ALL_ROWS = 1_000_000
_MOODS = {-1: N_("Insatisfeito"), 0: N_("Neutro"), 1: N_("Satisfeito")}
SERVICE_COLUMNS = {
    "conversation": N_("Conversa"),
    "number": N_("Atendimento nº"),
    "contact": N_("Cliente"),
    "company": N_("Empresa"),
    "channel": N_("Canal"),
    "queue": N_("Fila"),
    "agent": N_("Atendente"),
    "type": N_("Tipo de solicitação"),
    "tags": N_("Etiquetas"),
    "status": N_("Status"),
    "opened_at": N_("Aberto em"),
    "handed_off_at": N_("Passado a pessoas em"),
    "handoff_reason": N_("Motivo"),
    "first_response_at": N_("Primeira resposta em"),
    "ended_at": N_("Encerrado em"),
    "first_response": N_("Até a primeira resposta"),
    "first_response_business": N_("Até a primeira resposta, em horas úteis"),
    "open": N_("Aberto"),
    "open_business": N_("Aberto, em horas úteis"),
    "in_service": N_("Em atendimento"),
    "in_service_business": N_("Em atendimento, em horas úteis"),
    "waiting": N_("Aguardando"),
    "waiting_business": N_("Aguardando, em horas úteis"),
    "transfers": N_("Transferências"),
    "sentiment": N_("Sentimento"),
    "score": N_("Nota"),
}
_NAMED = ("company", "channel", "queue", "agent", "type", "tag")


class Form:
    """How a file is written; ``plain`` for programs."""

    def __init__(self, asked: Asked, *, plain: bool) -> None:
        self.plain, self._zone = plain, asked.zone
        self.mark = "" if plain else "\ufeff"

    def line(self, cells: Sequence[object]) -> str:
        """One line."""
        if not self.plain:
            return csv_line(cells)
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
        return out.getvalue()

    def head(self, keys: Sequence[str], labels: Mapping[str, str]) -> str:
        """The first line."""
        return self.line([key if self.plain else _(labels[key]) for key in keys])

    def duration(self, seconds: float | None) -> str:
        """A time: seconds, or h:mm:ss of any number of hours."""
        if seconds is None:
            return ""
        if self.plain:
            return f"{seconds:.3f}"
        whole = round(seconds)
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"

    def number(self, value: float | None) -> str:
        """A number with as many digits as it needs, at most four behind the comma."""
        if value is None:
            return ""
        words = f"{value:.4f}".rstrip("0").rstrip(".")
        return words if self.plain else words.replace(".", ",")

    def moment(self, at: datetime | None) -> str:
        """A moment on the installation's clocks."""
        if at is None:
            return ""
        local = at.astimezone(self._zone)
        return local.isoformat() if self.plain else f"{local:%d/%m/%Y %H:%M:%S}"

    def value(self, figure: Figure, value: float | None) -> str:
        """A figure's value."""
        return self.duration(value) if figure.unit == "seconds" else self.number(value)


def read_form(request: Request, asked: Asked) -> Form:
    """How the reader wants the file.

    Raises:
        Invalid: there is no such format.
    """
    wanted = request.args.get("format", "excel")
    if wanted not in ("excel", "plain"):
        raise Invalid("format", "O formato deve ser excel ou plain.")
    return Form(asked, plain=wanted == "plain")


async def send_report(request: Request, report: Report, asked: Asked) -> Any:
    """The whole table of a report."""
    form = read_form(request, asked)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        table = await read_report(
            session,
            report,
            asked.period,
            asked.by,
            asked.filters,
            asked.zone,
            most_rows=_ALL_ROWS,
        )
        ids = [row.bar for row in table.rows if isinstance(row.bar, int)]
        names = await names_of(session, asked.by, ids)
    keys = [figure.key for figure in report.figures]
    lines = [form.head([asked.by, *keys], {**dict(CUTS), **dict(FIGURES)})]
    for row in table.rows:
        values = [form.value(figure, row.values[figure.key]) for figure in report.figures]
        lines.append(form.line([_bar_cell(form, asked.by, row.bar, names), *values]))

    async def parts() -> AsyncIterator[str]:
        yield "".join(lines)

    return await _send(request, form, f"{report.name}.csv", parts())


def _bar_cell(form: Form, by: str, bar: date | int, names: Mapping[int, str]) -> object:
    if form.plain and (isinstance(bar, date) or by not in DIMENSIONS):
        return bar
    return bar_words(by, bar, names)


async def send_services(request: Request, asked: Asked) -> Any:
    """A row for each service that was opened in the period."""
    form = read_form(request, asked)
    database, viewer = services_of(request).database, current_user(request)

    async def parts() -> AsyncIterator[str]:
        yield form.head(list(SERVICE_COLUMNS), SERVICE_COLUMNS)
        known: dict[str, dict[int, str]] = {name: {} for name in _NAMED}
        walk = walk_services(database, viewer, asked.period, asked.filters, asked.zone)
        async for batch in walk:
            async with database.reading() as session:
                await _learn_names(session, known, batch)
            yield "".join(form.line(_cells(form, each, known)) for each in batch)

    return await _send(request, form, "atendimentos.csv", parts())


async def _learn_names(
    session: AsyncSession,
    known: Mapping[str, dict[int, str]],
    batch: Sequence[ExportedService],
) -> None:
    for name in _NAMED:
        ids = {key for each in batch for key in _keys(name, each) if key} - known[name].keys()
        if ids:
            known[name].update(await names_of(session, name, ids))


def _keys(name: str, each: ExportedService) -> Sequence[int | None]:
    column = {"type": "request_type_id"}.get(name, f"{name}_id")
    return each.tag_ids if name == "tag" else (getattr(each.service, column),)


def _cells(
    form: Form, each: ExportedService, known: Mapping[str, Mapping[int, str]]
) -> list[object]:
    service = each.service
    named = {
        name: ", ".join(known[name].get(key or 0, "") for key in _keys(name, each))
        for name in _NAMED
    }
    reason = service.handoff_reason
    answered = service.first_response_at is not None
    status = service.status.value
    times = [
        form.duration(getattr(service, f"{name}_ms") / 1000)
        for status_name in ("open", "in_service", "waiting")
        for name in (status_name, f"{status_name}_business")
    ]
    return [
        each.public_id,
        service.number,
        each.contact_name,
        *(named[name] for name in ("company", "channel", "queue", "agent", "type", "tag")),
        status if form.plain else _(STATUS_LABELS[status]),
        form.moment(service.opened_at),
        form.moment(service.handed_off_at),
        reason if form.plain or not reason else FIGURES[f"handoff_{reason}"],
        form.moment(service.first_response_at),
        form.moment(service.ended_at),
        form.duration(service.first_response_ms / 1000 if answered else None),
        form.duration(service.first_response_business_ms / 1000 if answered else None),
        *times,
        service.transfers,
        _mood(form, service.sentiment),
        service.score if service.score is not None else "",
    ]


def _mood(form: Form, mood: int | None) -> object:
    if mood is None:
        return ""
    return mood if form.plain else _(_MOODS[mood])


async def _send(request: Request, form: Form, name: str, parts: AsyncIterator[str]) -> Any:
    response = await request.respond(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    if response is None:
        return None
    mark = form.mark
    async for part in parts:
        await response.send(mark + part)
        mark = ""
    await response.eof()
    return None
