"""Auditoria: who changed what and when, on the page and as CSV."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.csv_tables import csv_line
from desk.events.audit import GROUPS, AuditFilters, list_audit, walk_audit
from desk.events.tables import Event
from desk.team.user_settings import list_everybody
from handoff.console import wording
from handoff.console.settings.audit_words import (
    GROUP_LABELS,
    KIND_LABELS,
    actor_words,
    detail_words,
    kind_words,
    subject_words,
)
from handoff.console.settings.forms import Form, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import _
from handoff.security import signed_in
from handoff.services import services_of

PAGE = f"{ROOT}/audit"
_NAMES = ("kind", "user", "since", "until")
_MAX_DIGITS = 9
_CSV_LINES = 200

blueprint = Blueprint("settings_audit", url_prefix="/audit")


@blueprint.get("/")
@signed_in("admin")
async def show_audit(request: Request) -> HTTPResponse:
    """A page of the log, newest first."""
    async with services_of(request).database.reading(may_be_slow=True) as session:
        names = await _names(session)
        page = await list_audit(session, _filters(request), request.args.get("cursor"))
    values = {name: request.args.get(name, "") for name in _NAMES}
    asked = {name: value for name, value in values.items() if value}
    more = {**asked, "cursor": page.next_cursor}
    return show(
        request,
        "audit.html",
        form=Form(values),
        events=[_row(request, event, names) for event in page.rows],
        kinds=_kinds(),
        people=[("", _("Todos")), *names.items()],
        filtered=bool(asked),
        csv_url=f"{PAGE}/events.csv?{urlencode(asked)}",
        more_url=f"{PAGE}?{urlencode(more)}" if page.next_cursor else "",
    )


@blueprint.get("/events.csv")
@signed_in("admin")
async def download(request: Request) -> Any:
    """All of it as filtered, sent while it is read."""
    response = await request.respond(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="auditoria.csv"'},
    )
    if response is None:
        return None
    head = [_("Quando"), _("Quem"), _("Tipo"), _("O quê"), _("Em quê"), _("Detalhe")]
    lines = ["\ufeff" + csv_line(head)]
    async with services_of(request).database.reading(may_be_slow=True) as session:
        names = await _names(session)
        async for event in walk_audit(session, _filters(request)):
            row = _row(request, event, names)
            cells = (event.at.isoformat(), row["who"], event.kind, row["what"])
            lines.append(csv_line([*cells, row["subject"], row["detail"]]))
            if len(lines) >= _CSV_LINES:
                await response.send("".join(lines))
                lines = []
    await response.send("".join(lines))
    await response.eof()
    return None


def _filters(request: Request) -> AuditFilters:
    kind, user = request.args.get("kind", ""), request.args.get("user", "")
    until = _day(request, "until")
    return AuditFilters(
        kinds=GROUPS.get(kind, (kind,) if kind in KIND_LABELS else ()),
        user_id=int(user) if user.isdecimal() and len(user) <= _MAX_DIGITS else None,
        since=_day(request, "since"),
        until=until + timedelta(days=1) if until else None,
    )


def _day(request: Request, name: str) -> datetime | None:
    try:
        day = datetime.fromisoformat(request.args.get(name, "")).date()
    except ValueError:
        return None
    if not 2000 <= day.year < 2200:
        return None
    return datetime.combine(day, time(), services_of(request).settings.zone).astimezone(UTC)


async def _names(session: AsyncSession) -> dict[int, str]:
    return {user.id: user.name for user in await list_everybody(session)}


def _kinds() -> list[tuple[str, str]]:
    kinds = [("", _("Tudo"))]
    for group, label in GROUP_LABELS.items():
        kinds.append((group, f"{_(label)}: {_('tudo')}"))
        kinds += [(kind, f"– {kind_words(kind)}") for kind in GROUPS[group]]
    return kinds


def _row(request: Request, event: Event, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "when": wording.date_and_clock(event.at, services_of(request).settings.zone),
        "who": actor_words(event, names),
        "what": kind_words(event.kind),
        "subject": subject_words(event),
        "detail": detail_words(event),
    }
