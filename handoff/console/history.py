"""The history beside a conversation: who changed what, when, and how long it stayed so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.events.tables import Event
from desk.states import STATUS_LABELS
from desk.team.tables import Queue
from desk.tickets.tables import RequestType
from handoff.console import wording
from handoff.i18n import _

SHOWN_LINES = 40


@dataclass(frozen=True)
class HistoryLine:
    """One change; ``lasted``: until the next of its kind, or until now."""

    key: str
    icon: str
    text: str
    iso: str
    when: str
    lasted: str
    open: bool
    business: str = ""


def history_lines(
    events: Sequence[Event], names: Mapping[int, str], *, zone: ZoneInfo, now: datetime
) -> list[HistoryLine]:
    """The newest changes of status and owner, the last one first."""
    lines = []
    until: dict[str, datetime] = {}
    for event in reversed(events):
        ended = until.get(event.kind)
        until[event.kind] = event.at
        if text := wording.event_text(event, names):
            lines.append(
                HistoryLine(
                    key=str(event.seq),
                    icon="clock" if event.kind.endswith("status_changed") else "person",
                    text=text,
                    iso=event.at.isoformat(),
                    when=_when(event.at, now, zone),
                    lasted=_lasted(event.at, ended or now),
                    open=ended is None,
                )
            )
    return lines[:SHOWN_LINES]


async def ticket_history_lines(
    session: AsyncSession,
    events: Sequence[Event],
    names: Mapping[int, str],
    *,
    zone: ZoneInfo,
    now: datetime,
) -> list[HistoryLine]:
    """What happened to a ticket but its actions, the last first; status with how long it stayed."""
    lines = []
    until: datetime | None = None
    for event in reversed(events):
        text = await _ticket_event_text(session, event, names)
        if not text:
            continue
        is_status = event.kind in _STATUS_BEGINS
        lines.append(
            HistoryLine(
                key=str(event.seq),
                icon="ticket",
                text=text,
                iso=event.at.isoformat(),
                when=_when(event.at, now, zone),
                lasted=_lasted(event.at, until or now) if is_status else "",
                open=is_status and until is None,
            )
        )
        if is_status:
            until = event.at
    return lines[:SHOWN_LINES]


_STATUS_BEGINS = frozenset({"ticket.opened", "ticket.status_changed"})


async def _ticket_event_text(session: AsyncSession, event: Event, names: Mapping[int, str]) -> str:
    actor = names.get(event.actor_id or 0, "") if event.actor_kind == "agent" else ""
    if event.kind == "ticket.opened":
        return _("Chamado aberto")
    if event.kind == "ticket.status_changed":
        status = _(STATUS_LABELS.get(str(event.data.get("after")), ""))
        words = _("{name} mudou o status para {status}") if actor else _("Status: {status}")
        return words.format(name=actor, status=status)
    if event.kind != "ticket.changed":
        return ""
    after = event.data.get("after", {})
    row: Queue | RequestType | None
    if "queue_id" in after:
        words = _("{name} mudou a fila para {value}")
        row = await session.get(Queue, after["queue_id"] or 0)
    else:
        words = _("{name} mudou o tipo para {value}")
        row = await session.get(RequestType, after.get("request_type_id") or 0)
    return words.format(name=actor or _("Alguém"), value=row.name if row else _("nenhum"))


def _when(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    day = wording.short_time(at, now, zone)
    return day if _is_today(at, now, zone) else f"{day}, {wording.clock(at, zone)}"


def _is_today(at: datetime, now: datetime, zone: ZoneInfo) -> bool:
    return at.astimezone(zone).date() == now.astimezone(zone).date()


def _lasted(since: datetime, until: datetime) -> str:
    if (until - since).total_seconds() < 60:
        return _("menos de 1 min")
    return wording.duration(since, until)
