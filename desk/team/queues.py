"""Queues and who serves them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.team.tables import Queue, QueueMember, User


async def list_queues(session: AsyncSession) -> Sequence[Queue]:
    """All queues in menu order."""
    query = select(Queue).order_by(Queue.position, Queue.id)
    return (await session.execute(query)).scalars().all()


async def default_queue(session: AsyncSession) -> Queue | None:
    """Where a matter without a nature of its own goes: the first active queue."""
    query = select(Queue).where(Queue.active).order_by(Queue.position, Queue.id).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def find_queue(session: AsyncSession, slug: str) -> Queue | None:
    """A queue by its slug."""
    return (await session.execute(select(Queue).where(Queue.slug == slug))).scalar_one_or_none()


async def queue_ids_of(session: AsyncSession, user: User) -> list[int]:
    """The queues whose conversations this user may see."""
    if user.sees_all_queues:
        return list((await session.execute(select(Queue.id))).scalars())
    query = select(QueueMember.queue_id).where(QueueMember.user_id == user.id)
    return list((await session.execute(query)).scalars())
