"""One worker at a time for a conversation, across processes and machines.

A lease is a token with an end on the conversation's row. It is compared by the database's
clock, renewed while its holder works, and checked at every write.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation
from desk.db import database_now


@dataclass(frozen=True)
class Lease:
    """The right to work a conversation.

    ``inherited``: its last holder died at work, so the bot may know the first message already.
    """

    conversation_id: int
    token: str
    inherited: bool


class LeaseLost(Exception):
    """Another worker has the conversation; whatever was about to be written must not be."""


async def due_conversations(session: AsyncSession, limit: int) -> Sequence[int]:
    """Conversations that wait for a worker, longest first."""
    now = await database_now(session)
    query = (
        select(Conversation.id)
        .where(
            Conversation.work_due_at.is_not(None),
            Conversation.work_due_at <= now,
            or_(Conversation.lease_expires_at.is_(None), Conversation.lease_expires_at < now),
        )
        .order_by(Conversation.work_due_at)
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()


async def take_lease(session: AsyncSession, conversation_id: int, seconds: float) -> Lease | None:
    """The lease, or None when another worker was first."""
    now = await database_now(session)
    token = uuid.uuid4().hex
    taken = await session.execute(
        update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.work_due_at.is_not(None),
            or_(Conversation.lease_expires_at.is_(None), Conversation.lease_expires_at < now),
        )
        .values(
            lease_token=token,
            lease_expires_at=now + timedelta(seconds=seconds),
            lease_inherited=Conversation.lease_token.is_not(None),
        )
        .returning(Conversation.lease_inherited)
        .execution_options(synchronize_session=False)
    )
    inherited = taken.scalar_one_or_none()
    return None if inherited is None else Lease(conversation_id, token, inherited)


async def renew_lease(session: AsyncSession, lease: Lease, seconds: float) -> None:
    """Prolongs a lease.

    Raises:
        LeaseLost: it is another's.
    """
    now = await database_now(session)
    renewed = await session.execute(
        update(Conversation)
        .where(Conversation.id == lease.conversation_id, Conversation.lease_token == lease.token)
        .values(lease_expires_at=now + timedelta(seconds=seconds))
        .returning(Conversation.id)
        .execution_options(synchronize_session=False)
    )
    if renewed.scalar_one_or_none() is None:
        raise LeaseLost


def check_lease(conversation: Conversation, lease: Lease) -> None:
    """Refuses a write under a lost lease.

    Raises:
        LeaseLost: the held conversation's lease is another's.
    """
    if conversation.lease_token != lease.token:
        raise LeaseLost


async def abandon_lease(session: AsyncSession, lease: Lease, retry_after_seconds: float) -> None:
    """Gives a lease back with a message undone that the bot may know already.

    The token stays, so that the next holder, after this time, sees that it inherits.
    """
    now = await database_now(session)
    await session.execute(
        update(Conversation)
        .where(Conversation.id == lease.conversation_id, Conversation.lease_token == lease.token)
        .values(
            lease_token="abandoned",  # noqa: S106 - tells the next holder that it inherits
            lease_expires_at=now + timedelta(seconds=retry_after_seconds),
        )
        .execution_options(synchronize_session=False)
    )
