"""The audit log."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sanic import HTTPResponse, Request
from sanic.response import json

from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid
from desk.events.audit import GROUPS, KINDS, AuditFilters, list_audit
from desk.events.tables import Event
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_number
from handoff.security import api_user
from handoff.services import services_of


class ActorJson(Shape):
    """Who did it."""

    kind: str
    id: int | None


class AuditEvent(Shape):
    """What happened; ``data`` holds ids, fields and plain values."""

    seq: int
    at: str
    kind: str
    actor: ActorJson
    conversation_id: int | None
    ticket_id: int | None
    data: dict[str, Any]


class AuditList(Shape):
    """A page of the log, newest first."""

    events: list[AuditEvent]
    next_cursor: str | None


@api_user("admin")
async def show_audit(request: Request) -> HTTPResponse:
    """A page of the log, newest first."""
    kind = request.args.get("kind", "")
    if kind and kind not in KINDS and kind not in GROUPS:
        raise Invalid("kind", "Este tipo de evento não existe.")
    until = _day(request, "until")
    user = read_number(request, "user", 0)
    filters = AuditFilters(
        kinds=GROUPS.get(kind, (kind,) if kind else ()),
        user_id=max(0, min(user, MAX_SMALL_KEY)) or None,
        since=_day(request, "since"),
        until=until + timedelta(days=1) if until else None,
    )
    limit = read_number(request, "limit", 50)
    async with services_of(request).database.reading(may_be_slow=True) as session:
        page = await list_audit(session, filters, request.args.get("cursor"), limit)
    return json(
        {"events": [event_json(each) for each in page.rows], "next_cursor": page.next_cursor}
    )


def event_json(event: Event) -> dict[str, Any]:
    """An event as programs read it."""
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "actor": {"kind": event.actor_kind, "id": event.actor_id},
        "conversation_id": event.conversation_id,
        "ticket_id": event.ticket_id,
        "data": event.data,
    }


def _day(request: Request, name: str) -> datetime | None:
    value = request.args.get(name, "")
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
        if not 1900 <= day.year < 2200:
            raise ValueError("out of bounds")
    except ValueError as error:
        raise Invalid(name, "A data deve ser como 2026-01-31.") from error
    return datetime.combine(day, time(), services_of(request).settings.zone).astimezone(UTC)


ENDPOINTS = [
    Endpoint(
        "GET",
        "/audit",
        show_audit,
        "The audit log.",
        query={
            "kind": "A kind such as user.changed, or a group: " + ", ".join(GROUPS) + ".",
            "user": "What somebody of the team did, by the id.",
            "since": "First day, such as 2026-01-31.",
            "until": "Last day.",
            "limit": "How many, at most 200.",
            "cursor": "Where the previous page ended.",
        },
        returns=AuditList,
    ),
]
