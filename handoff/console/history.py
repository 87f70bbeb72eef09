"""The history beside a conversation: who changed what, when, and how long it stayed so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from desk.events.tables import Event
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
                    when=wording.short_time(event.at, now, zone)
                    + (
                        ""
                        if _is_today(event.at, now, zone)
                        else f", {wording.clock(event.at, zone)}"
                    ),
                    lasted=_lasted(event.at, ended or now),
                    open=ended is None,
                )
            )
    return lines[:SHOWN_LINES]


def _is_today(at: datetime, now: datetime, zone: ZoneInfo) -> bool:
    return at.astimezone(zone).date() == now.astimezone(zone).date()


def _lasted(since: datetime, until: datetime) -> str:
    if (until - since).total_seconds() < 60:
        return _("menos de 1 min")
    return wording.duration(since, until)
