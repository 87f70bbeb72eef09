"""What a desk still lacks before anybody can be served, told to who looks at an empty screen."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.conversations.tables import Conversation
from desk.team.tables import Queue, QueueMember, Role, User

SHOWN_QUEUES = 5


@dataclass(frozen=True)
class FirstUse:
    """``webchat``: the slug of a web chat to try, while nobody has written yet.

    ``unserved_queues``: names of active queues without anybody; told to admins and supervisors.
    ``serves_no_queue``: this agent is in none, so that nothing will ever arrive.
    """

    nobody_has_written: bool = False
    webchat: str = ""
    unserved_queues: tuple[str, ...] = ()
    serves_no_queue: bool = False
    may_set_up: bool = False


async def read_first_use(session: AsyncSession, user: User) -> FirstUse:
    """What is missing from this person's point of view; a few small questions."""
    any_conversation = await session.execute(
        select(Conversation.id).where(Conversation.last_message_seq > 0).limit(1)
    )
    nobody_has_written = any_conversation.first() is None
    return FirstUse(
        nobody_has_written=nobody_has_written,
        webchat=await _a_webchat(session) if nobody_has_written else "",
        unserved_queues=await _unserved_queues(session) if user.sees_all_queues else (),
        serves_no_queue=not user.sees_all_queues and not await _serves_any(session, user),
        may_set_up=user.role is Role.ADMIN,
    )


async def _a_webchat(session: AsyncSession) -> str:
    query = (
        select(Channel.slug)
        .where(Channel.kind == "webchat", Channel.enabled)
        .order_by(Channel.id)
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none() or ""


async def _unserved_queues(session: AsyncSession) -> tuple[str, ...]:
    served = select(QueueMember.queue_id).join(User, User.id == QueueMember.user_id)
    query = (
        select(Queue.name)
        .where(Queue.active, Queue.id.not_in(served.where(User.active)))
        .order_by(Queue.position, Queue.id)
        .limit(SHOWN_QUEUES)
    )
    return tuple((await session.execute(query)).scalars())


async def _serves_any(session: AsyncSession, user: User) -> bool:
    query = select(QueueMember.queue_id).where(QueueMember.user_id == user.id).limit(1)
    return (await session.execute(query)).first() is not None
