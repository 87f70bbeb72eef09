"""Read and save what is set in the console.

Nothing is cached: a group is one row by its key, and the automatic transitions ask only when one
of them would happen. So every process sees a change at once.
"""

from datetime import UTC, datetime
from typing import TypeVar

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.groups import Group
from desk.configuration.tables import ConfigurationValue
from desk.db import upsert
from desk.events.log import Actor, record_event

G = TypeVar("G", bound=Group)


async def read_configuration(session: AsyncSession, group: type[G]) -> G:
    """A group as it was saved; defaults for what never was, or is no longer understood."""
    row = await session.get(ConfigurationValue, group.group_name, populate_existing=True)
    if row is None:
        return group()
    known = {name: value for name, value in row.value.items() if name in group.model_fields}
    try:
        return group.model_validate(known)
    except ValidationError:  # a rule became stricter since: better the defaults than no service
        return group()


async def save_configuration(session: AsyncSession, value: Group, actor: Actor) -> list[str]:
    """Saves a group and records which values changed.

    Returns:
        The names of the changed values; none when it was saved so before.
    """
    before = await read_configuration(session, type(value))
    changed = [
        name for name in type(value).model_fields if getattr(before, name) != getattr(value, name)
    ]
    if not changed:
        return []
    stored = value.model_dump(mode="json")
    row = upsert(session)(ConfigurationValue).values(
        name=value.group_name, value=stored, updated_at=datetime.now(UTC)
    )
    row = row.on_conflict_do_update(
        index_elements=["name"],
        set_={"value": row.excluded.value, "updated_at": row.excluded.updated_at},
    )
    await session.execute(row)
    former = before.model_dump(mode="json")
    plain = [name for name in changed if name in value.plain_fields]
    await record_event(
        session,
        "configuration.changed",
        actor,
        id=value.group_name,
        fields=changed,
        before={name: former[name] for name in plain},
        after={name: stored[name] for name in plain},
    )
    return changed
