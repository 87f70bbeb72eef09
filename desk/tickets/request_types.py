"""Request types: what a ticket may be about."""

from collections.abc import Sequence

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotFound
from desk.events.changes import apply_changes, record_changes
from desk.events.log import Actor, record_event
from desk.positions import move_row
from desk.shapes import Line, Values
from desk.team.tables import Queue
from desk.tickets.tables import RequestType


class RequestTypeValues(Values):
    """A request type as somebody fills it in. Analytic is what is not synthetic."""

    name: Line = Field(min_length=1, max_length=120)
    synthetic: bool = True
    takes_part_in_chat: bool = True
    queue_id: int | None = Field(default=None, ge=1, le=MAX_SMALL_KEY)
    active: bool = True


def request_type_values(kind: RequestType) -> RequestTypeValues:
    """A request type as it stands."""
    return RequestTypeValues.model_validate(
        {name: getattr(kind, name) for name in RequestTypeValues.model_fields}
    )


async def offered_in_chat(session: AsyncSession) -> Sequence[RequestType]:
    """Active synthetic types that take part in WhatsApp, in menu order."""
    query = (
        select(RequestType)
        .where(RequestType.active, RequestType.synthetic, RequestType.takes_part_in_chat)
        .order_by(RequestType.position, RequestType.id)
    )
    return (await session.execute(query)).scalars().all()


async def list_request_types(session: AsyncSession) -> Sequence[RequestType]:
    """All types in menu order."""
    query = select(RequestType).order_by(RequestType.position, RequestType.id)
    return (await session.execute(query)).scalars().all()


async def request_type_by_id(session: AsyncSession, type_id: int) -> RequestType:
    """One type.

    Raises:
        NotFound: there is none.
    """
    kind = await session.get(RequestType, max(0, min(type_id, MAX_SMALL_KEY)))
    if kind is None:
        raise NotFound("Tipo de solicitação não encontrado.")
    return kind


async def create_request_type(
    session: AsyncSession, values: RequestTypeValues, actor: Actor
) -> RequestType:
    """Adds a type at the end of the menu.

    Raises:
        Invalid: the name is taken, or there is no such queue.
    """
    await _check(session, values)
    last = (
        await session.execute(select(func.coalesce(func.max(RequestType.position), -1)))
    ).scalar_one()
    kind = RequestType(**values.model_dump(), position=last + 1)
    session.add(kind)
    await session.flush()
    await record_event(
        session, "request_type.created", actor, id=kind.id, after=values.model_dump()
    )
    return kind


async def change_request_type(
    session: AsyncSession, kind: RequestType, values: RequestTypeValues, actor: Actor
) -> None:
    """Changes a type; tickets keep theirs.

    Raises:
        Invalid: the name is taken, or there is no such queue.
    """
    await _check(session, values, kind.id)
    changes = apply_changes(kind, values.model_dump())
    await session.flush()
    await record_changes(session, "request_type.changed", actor, kind.id, changes)


async def move_request_type(
    session: AsyncSession, kind: RequestType, by: int, actor: Actor
) -> None:
    """Moves a type up (-1) or down (1) in the menu."""
    changes = await move_row(session, RequestType, kind, by)
    await record_changes(session, "request_type.changed", actor, kind.id, changes)


async def _check(session: AsyncSession, values: RequestTypeValues, but_id: int = 0) -> None:
    taken = select(RequestType.id).where(
        func.lower(RequestType.name) == values.name.lower(), RequestType.id != but_id
    )
    if (await session.execute(taken)).first() is not None:
        raise Invalid("name", "Já existe um tipo com este nome.")
    if values.queue_id is not None:
        queue = await session.get(Queue, values.queue_id)
        if queue is None or not queue.active:
            raise Invalid("queue_id", "Esta fila não existe ou está desativada.")
