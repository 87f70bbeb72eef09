"""Changes of settings as events: what was changed, by whom, from what to what."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import current_transaction_id
from desk.events.horizon import announce
from desk.events.log import Actor, record_event
from desk.events.tables import Event


@dataclass
class Changes:
    """Fields that have other values now, with both."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.after)

    def note(self, name: str, before: object, after: object) -> None:
        """Adds a field, if it changed."""
        if before != after:
            self.before[name], self.after[name] = _plain(before), _plain(after)


def apply_changes(row: object, values: Mapping[str, object]) -> Changes:
    """Sets a row's attributes and tells which changed."""
    changes = Changes()
    for name, value in values.items():
        changes.note(name, getattr(row, name), value)
        setattr(row, name, value)
    return changes


async def record_changes(
    session: AsyncSession,
    kind: str,
    actor: Actor,
    row_id: int | str,
    changes: Changes,
    *,
    personal: Collection[str] = (),
) -> None:
    """Appends an event when anything changed.

    Of ``personal`` fields only the name is kept: events outlive the erasure of a person.
    """
    if not changes:
        return
    shown = [name for name in changes.after if name not in personal]
    await record_event(
        session,
        kind,
        actor,
        id=row_id,
        fields=sorted(changes.after),
        before={name: changes.before[name] for name in shown},
        after={name: changes.after[name] for name in shown},
    )


async def record_many(
    session: AsyncSession, kind: str, actor: Actor, facts: Sequence[Mapping[str, Any]]
) -> None:
    """Appends one event of a kind for each of many rows, in one statement."""
    if not facts:
        return
    now = datetime.now(UTC)
    rows = [
        {
            "at": now,
            "kind": kind,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "data": dict(data),
            "transaction_id": current_transaction_id(),
        }
        for data in facts
    ]
    await announce(session)
    await session.execute(insert(Event).values(rows))


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value
