"""Tags: which there are, and their colours."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotFound
from desk.events.changes import apply_changes, record_changes
from desk.events.log import Actor, record_event
from desk.shapes import Line, Values
from desk.tags.tables import Tag
from desk.text import fold

COLORS = {
    "grey": "Cinza",
    "red": "Vermelho",
    "orange": "Laranja",
    "yellow": "Amarelo",
    "green": "Verde",
    "teal": "Turquesa",
    "blue": "Azul",
    "purple": "Roxo",
}
"""The palette; each has its shades for light and dark in the style of the pages."""


class TagValues(Values):
    """A tag as somebody fills it in."""

    name: Line = Field(min_length=1, max_length=60)
    color: Literal["grey", "red", "orange", "yellow", "green", "teal", "blue", "purple"] = "grey"


def tag_values(tag: Tag) -> TagValues:
    """A tag as it stands."""
    return TagValues.model_validate({"name": tag.name, "color": tag.color})


async def list_tags(session: AsyncSession) -> Sequence[Tag]:
    """All tags by name."""
    return (await session.execute(select(Tag).order_by(Tag.folded))).scalars().all()


async def tag_by_id(session: AsyncSession, tag_id: int) -> Tag:
    """One tag.

    Raises:
        NotFound: there is none.
    """
    tag = await session.get(Tag, max(0, min(tag_id, MAX_SMALL_KEY)))
    if tag is None:
        raise NotFound("Etiqueta não encontrada.")
    return tag


async def create_tag(session: AsyncSession, values: TagValues, actor: Actor) -> Tag:
    """Adds a tag.

    Raises:
        Invalid: another reads the same without case and accents.
    """
    await _check_name(session, values.name)
    tag = Tag(
        name=values.name,
        folded=fold(values.name),
        color=values.color,
        created_at=datetime.now(UTC),
    )
    session.add(tag)
    await session.flush()
    await record_event(session, "tag.created", actor, id=tag.id, after=values.model_dump())
    return tag


async def change_tag(session: AsyncSession, tag: Tag, values: TagValues, actor: Actor) -> None:
    """Renames or recolours a tag.

    Raises:
        Invalid: another reads the same without case and accents.
    """
    await _check_name(session, values.name, tag.id)
    changes = apply_changes(tag, values.model_dump())
    tag.folded = fold(values.name)
    await session.flush()
    await record_changes(session, "tag.changed", actor, tag.id, changes)


async def delete_tag(session: AsyncSession, tag: Tag, actor: Actor) -> None:
    """Deletes a tag; conversations lose it."""
    await session.execute(delete(Tag).where(Tag.id == tag.id))
    await record_event(session, "tag.deleted", actor, id=tag.id, before={"name": tag.name})


async def _check_name(session: AsyncSession, name: str, but_id: int = 0) -> None:
    query = select(Tag.name).where(Tag.folded == fold(name), Tag.id != but_id)
    taken = (await session.execute(query)).scalar_one_or_none()
    if taken is not None:
        raise Invalid("name", "Já existe a etiqueta “{taken}”. Use outro nome.", taken=taken)
