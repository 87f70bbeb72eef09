"""The history beside a conversation or ticket: who changed what, when, and how long it stayed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.events.history import HistoryEntry
from desk.states import STATUS_LABELS
from desk.team.tables import Queue
from desk.tickets.tables import RequestType
from handoff.console import wording
from handoff.i18n import _

SHOWN_LINES = 40
_WORTH_TELLING_SECONDS = 60
_LASTS = ("conversation.status_changed", "conversation.owner_changed", "conversation.created")
_TICKET_LASTS = ("ticket.opened", "ticket.status_changed")


@dataclass(frozen=True)
class HistoryLine:
    """One change; ``lasted``: until the next of its kind, or until now.

    ``business`` is the same in hours of work, empty where they are no different.
    """

    key: str
    text: str
    iso: str
    when: str
    lasted: str
    business: str
    open: bool


def history_lines(
    entries: Sequence[HistoryEntry], names: Mapping[int, str], *, zone: ZoneInfo, now: datetime
) -> list[HistoryLine]:
    """The newest changes of a conversation's status and owner, the last one first."""
    lines = []
    for entry in reversed(entries[-SHOWN_LINES:]):
        created = entry.event.kind == "conversation.created"
        text = _("Conversa iniciada") if created else wording.event_text(entry.event, names)
        lines.append(_line(entry, text, zone, now, lasts=entry.event.kind in _LASTS))
    return lines


async def ticket_history_lines(
    session: AsyncSession, entries: Sequence[HistoryEntry], *, zone: ZoneInfo, now: datetime
) -> list[HistoryLine]:
    """The newest changes of a ticket's status, queue and type, the last one first."""
    return [
        _line(
            entry,
            await _ticket_text(session, entry),
            zone,
            now,
            lasts=entry.event.kind in _TICKET_LASTS,
        )
        for entry in reversed(entries[-SHOWN_LINES:])
    ]


def _line(
    entry: HistoryEntry, text: str, zone: ZoneInfo, now: datetime, *, lasts: bool
) -> HistoryLine:
    at = entry.event.at
    differs = abs(entry.seconds - entry.business_seconds) >= _WORTH_TELLING_SECONDS
    return HistoryLine(
        key=str(entry.event.seq),
        text=text,
        iso=at.isoformat(),
        when=_when(at, now, zone),
        lasted=_lasted(at, entry.seconds) if lasts else "",
        business=_lasted(at, entry.business_seconds) if lasts and differs else "",
        open=entry.until is None,
    )


async def _ticket_text(session: AsyncSession, entry: HistoryEntry) -> str:
    actor, data = entry.actor_name, entry.event.data
    if entry.event.kind == "ticket.opened":
        return _("Chamado aberto")
    if entry.event.kind == "ticket.status_changed":
        status = _(STATUS_LABELS.get(str(data.get("after")), ""))
        words = _("{name} mudou o status para {status}") if actor else _("Status: {status}")
        return words.format(name=actor, status=status)
    after = data.get("after", {})
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
    today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return day if today else f"{day}, {wording.clock(at, zone)}"


def _lasted(since: datetime, seconds: float) -> str:
    if seconds < _WORTH_TELLING_SECONDS:
        return _("menos de 1 min")
    return wording.duration(since, since + timedelta(seconds=seconds))
