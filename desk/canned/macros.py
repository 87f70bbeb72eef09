"""Macros: what else happens when a canned reply is sent: status, queue, priority, tags."""

from collections.abc import Collection
from typing import Annotated, Self

from pydantic import Field, model_validator
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.save import writable_reply
from desk.canned.tables import CannedReply, Macro, Scope
from desk.db import MAX_SMALL_KEY, upsert
from desk.errors import Invalid, NotAllowed
from desk.events.changes import Changes, record_changes
from desk.events.log import by_agent
from desk.shapes import Values
from desk.states import ENDED, Status
from desk.tags.tables import Tag
from desk.team.tables import Queue, User

MACRO_CHANGED = "macro.changed"
MAX_TAGS = 10
RowId = Annotated[int, Field(ge=1, le=MAX_SMALL_KEY)]


class MacroValues(Values):
    """What a macro changes besides sending its reply; empty changes nothing."""

    set_status: Status | None = None
    set_priority: int | None = Field(default=None, ge=0, le=2)
    set_queue_id: RowId | None = None
    tag_ids: list[RowId] = Field(default=[], max_length=MAX_TAGS)

    @model_validator(mode="after")
    def _goes_one_way(self) -> Self:
        if self.set_queue_id is not None and self.set_status in ENDED:
            raise ValueError("Uma conversa encerrada não espera em fila: escolha um dos dois.")
        return self

    @property
    def changes_something(self) -> bool:
        """Whether it is more than a reply."""
        chosen = (self.set_status, self.set_priority, self.set_queue_id)
        return bool(self.tag_ids) or any(each is not None for each in chosen)


async def macros_of(session: AsyncSession, reply_ids: Collection[int]) -> dict[int, MacroValues]:
    """What these canned replies change; those that are mere replies are missing."""
    query = select(Macro).where(Macro.reply_id.in_(reply_ids))
    return {row.reply_id: _values(row) for row in (await session.execute(query)).scalars()}


async def macro_of(session: AsyncSession, reply: CannedReply) -> MacroValues:
    """What a canned reply changes."""
    return (await macros_of(session, [reply.id])).get(reply.id, MacroValues())


async def set_macro(
    session: AsyncSession, user: User, reply_id: int, values: MacroValues
) -> MacroValues:
    """Sets what a canned reply changes; with nothing it is a mere reply again.

    Raises:
        NotFound: there is no such reply that this person sees.
        NotAllowed: the reply, or a priority in one's own macro, is for supervisors.
        Invalid: a queue or tag does not exist.
    """
    reply = await writable_reply(session, user, reply_id)
    await _check(session, user, reply, values)
    before = await macro_of(session, reply)
    changes = Changes()
    for name in MacroValues.model_fields:
        changes.note(name, getattr(before, name), getattr(values, name))
    if not changes:
        return values
    if values.changes_something:
        stored = values.model_dump()
        row = upsert(session)(Macro).values(reply_id=reply.id, **stored)
        await session.execute(
            row.on_conflict_do_update(
                index_elements=["reply_id"], set_={name: row.excluded[name] for name in stored}
            )
        )
    else:
        await session.execute(delete(Macro).where(Macro.reply_id == reply.id))
    await record_changes(session, MACRO_CHANGED, by_agent(user.id), reply.id, changes)
    return values


async def _check(
    session: AsyncSession, user: User, reply: CannedReply, values: MacroValues
) -> None:
    if (
        values.set_priority is not None
        and reply.scope is Scope.PERSONAL
        and not user.sees_all_queues
    ):
        raise NotAllowed("A prioridade é mudada por quem supervisiona.")
    if values.set_queue_id is not None:
        queue = await session.get(Queue, values.set_queue_id)
        if queue is None or not queue.active:
            raise Invalid("set_queue_id", "Escolha uma fila ativa.")
    query = select(func.count(Tag.id)).where(Tag.id.in_(values.tag_ids))
    if (await session.execute(query)).scalar_one() < len(set(values.tag_ids)):
        raise Invalid("tag_ids", "Uma das etiquetas não existe mais.")


def _values(row: Macro) -> MacroValues:
    return MacroValues.model_construct(
        set_status=row.set_status,
        set_priority=row.set_priority,
        set_queue_id=row.set_queue_id,
        tag_ids=list(row.tag_ids),
    )
