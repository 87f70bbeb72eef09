"""The history of a conversation or a ticket as programs read it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from desk.events.history import HistoryEntry


class ActorShown(BaseModel):
    """Who did it: contact, bot, agent, rule or system."""

    kind: str
    id: int | None
    name: str


class EventShown(BaseModel):
    """A change; ``until`` is null while what it brought lasts, and the seconds count to now."""

    seq: int
    at: datetime
    kind: str
    actor: ActorShown
    data: dict[str, Any]
    until: datetime | None
    seconds: float
    business_seconds: float


class HistoryShown(BaseModel):
    """Changes, oldest first."""

    events: list[EventShown]


def history_json(entries: Sequence[HistoryEntry]) -> dict[str, Any]:
    """The entries in their shape."""
    return {
        "events": [
            {
                "seq": each.event.seq,
                "at": each.event.at.isoformat(),
                "kind": each.event.kind,
                "actor": {
                    "kind": each.event.actor_kind,
                    "id": each.event.actor_id,
                    "name": each.actor_name,
                },
                "data": each.event.data,
                "until": each.until.isoformat() if each.until else None,
                "seconds": each.seconds,
                "business_seconds": each.business_seconds,
            }
            for each in entries
        ]
    }
