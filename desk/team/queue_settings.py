"""Queues as an admin sets them up."""

from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import Field
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import MAX_SMALL_KEY
from desk.errors import Conflict, Invalid, NotFound
from desk.events.changes import apply_changes, record_changes
from desk.events.log import Actor, record_event
from desk.hours.tables import BusinessCalendar
from desk.positions import move_row
from desk.shapes import Line, Values, slug_of
from desk.team.tables import Assignment, Queue, QueueMember, Role, User

MAX_IDLE_MINUTES = 24 * 60
UserId = Annotated[int, Field(ge=1, le=MAX_SMALL_KEY)]


class QueueValues(Values):
    """A queue as somebody fills it in. ``members``: the ids of the people who serve it."""

    name: Line = Field(min_length=1, max_length=120)
    members: list[UserId] = Field(default=[], max_length=1000)
    calendar_id: int | None = Field(default=None, ge=1, le=MAX_SMALL_KEY)
    assignment: Assignment = Assignment.MANUAL
    idle_minutes: int | None = Field(default=None, ge=1, le=MAX_IDLE_MINUTES)


async def queue_values(session: AsyncSession, queue: Queue) -> QueueValues:
    """A queue as it stands."""
    return QueueValues.model_construct(
        name=queue.name,
        members=await member_ids(session, queue.id),
        calendar_id=queue.calendar_id,
        assignment=queue.assignment,
        idle_minutes=queue.idle_minutes,
    )


async def member_ids(session: AsyncSession, queue_id: int) -> list[int]:
    """Who serves a queue."""
    query = select(QueueMember.user_id).where(QueueMember.queue_id == queue_id)
    return sorted((await session.execute(query)).scalars())


async def members_by_queue(session: AsyncSession) -> dict[int, list[User]]:
    """Active people by the queues they serve, each list by name."""
    query = (
        select(QueueMember.queue_id, User)
        .join(User, User.id == QueueMember.user_id)
        .where(User.active)
        .order_by(User.name)
    )
    members: dict[int, list[User]] = {}
    for queue_id, user in (await session.execute(query)).all():
        members.setdefault(queue_id, []).append(user)
    return members


async def possible_members(session: AsyncSession) -> Sequence[User]:
    """Active people who answer conversations, by name."""
    query = select(User).where(User.active, User.role != Role.DESIGNER).order_by(User.name)
    return (await session.execute(query)).scalars().all()


async def queue_by_id(session: AsyncSession, queue_id: int) -> Queue:
    """One queue.

    Raises:
        NotFound: there is none.
    """
    queue = await session.get(Queue, max(0, min(queue_id, MAX_SMALL_KEY)))
    if queue is None:
        raise NotFound("Fila não encontrada.")
    return queue


async def create_queue(session: AsyncSession, values: QueueValues, actor: Actor) -> Queue:
    """Adds a queue after the others; its slug, made from the name, never changes.

    Raises:
        Invalid: the name is taken, a member or the calendar does not exist.
    """
    await _check(session, values)
    last = (await session.execute(select(func.coalesce(func.max(Queue.position), -1)))).scalar_one()
    queue = Queue(
        slug=await _free_slug(session, values.name),
        position=last + 1,
        **values.model_dump(exclude={"members"}),
    )
    session.add(queue)
    await session.flush()
    await _set_members(session, queue.id, values.members)
    after = values.model_dump(mode="json")
    await record_event(session, "queue.created", actor, id=queue.id, after=after)
    return queue


async def change_queue(
    session: AsyncSession, queue: Queue, values: QueueValues, actor: Actor
) -> None:
    """Changes a queue.

    Raises:
        Invalid: the name is taken, a member or the calendar does not exist.
    """
    await _check(session, values, queue.id)
    before = await member_ids(session, queue.id)
    changes = apply_changes(queue, values.model_dump(exclude={"members"}))
    await _set_members(session, queue.id, values.members)
    changes.note("members", before, sorted(set(values.members)))
    await session.flush()
    await record_changes(session, "queue.changed", actor, queue.id, changes)


async def move_queue(session: AsyncSession, queue: Queue, by: int, actor: Actor) -> None:
    """Moves a queue up (-1) or down (1) in the lists; the first is for matters of no nature."""
    changes = await move_row(session, Queue, queue, by)
    await record_changes(session, "queue.changed", actor, queue.id, changes)


async def switch_queue_off(session: AsyncSession, queue: Queue, actor: Actor) -> None:
    """The queue takes nothing new; see ``desk.conversations.staff`` for what it holds.

    Raises:
        Conflict: it is the last one.
    """
    others = select(Queue.id).where(Queue.active, Queue.id != queue.id).limit(1)
    if (await session.execute(others)).first() is None:
        raise Conflict("É a última fila ativa. Crie ou ative outra antes.")
    queue.active = False
    await session.flush()
    await record_event(session, "queue.deactivated", actor, id=queue.id)


async def switch_queue_on(session: AsyncSession, queue: Queue, actor: Actor) -> None:
    """The queue takes conversations again."""
    if queue.active:
        return
    queue.active = True
    await session.flush()
    await record_event(session, "queue.reactivated", actor, id=queue.id)


async def _check(session: AsyncSession, values: QueueValues, but_id: int = 0) -> None:
    taken = select(Queue.id).where(
        func.lower(Queue.name) == values.name.lower(), Queue.id != but_id
    )
    if (await session.execute(taken)).first() is not None:
        raise Invalid("name", "Já existe uma fila com este nome.")
    if values.calendar_id is not None:
        calendar = await session.get(BusinessCalendar, values.calendar_id)
        if calendar is None:
            raise Invalid("calendar_id", "Este calendário não existe.")
    query = select(func.count(User.id)).where(User.id.in_(values.members), User.active)
    if (await session.execute(query)).scalar_one() < len(set(values.members)):
        raise Invalid("members", "Uma das pessoas não existe ou está desativada.")


async def _set_members(session: AsyncSession, queue_id: int, wanted: Collection[int]) -> None:
    had = set(await member_ids(session, queue_id))
    gone = had - set(wanted)
    await session.execute(
        delete(QueueMember).where(QueueMember.queue_id == queue_id, QueueMember.user_id.in_(gone))
    )
    session.add_all(
        QueueMember(queue_id=queue_id, user_id=user_id) for user_id in set(wanted) - had
    )
    await session.flush()


async def _free_slug(session: AsyncSession, name: str) -> str:
    base = slug_of(name) or "fila"
    taken = set((await session.execute(select(Queue.slug))).scalars())
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base[:54]}-{number}"
    return slug
