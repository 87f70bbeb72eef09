"""Write to and read from the event log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import current_transaction_id
from desk.events.horizon import announce, readable_up_to
from desk.events.tables import Event


@dataclass(frozen=True)
class Actor:
    """Who did it: ``kind`` is contact, bot, agent, rule or system; ``id`` a contact's or user's."""

    kind: str
    id: int | None = None


BOT = Actor("bot")
RULE = Actor("rule")
SYSTEM = Actor("system")


def by_agent(user_id: int) -> Actor:
    """An agent, supervisor or admin."""
    return Actor("agent", user_id)


def by_contact(contact_id: int) -> Actor:
    """A customer."""
    return Actor("contact", contact_id)


async def record_event(
    session: AsyncSession,
    kind: str,
    actor: Actor,
    *,
    conversation_id: int | None = None,
    ticket_id: int | None = None,
    **data: Any,
) -> None:
    """Appends one event to the running transaction."""
    await announce(session)
    await session.execute(
        insert(Event).values(
            at=datetime.now(UTC),
            kind=kind,
            actor_kind=actor.kind,
            actor_id=actor.id,
            conversation_id=conversation_id,
            ticket_id=ticket_id,
            data=data,
            transaction_id=current_transaction_id(),
        )
    )


async def latest_seq(session: AsyncSession) -> int:
    """The newest event's number that no event can still slip below, 0 when there is none."""
    up_to = await readable_up_to(session)
    if up_to is not None:
        return up_to
    return (await session.execute(select(func.coalesce(func.max(Event.seq), 0)))).scalar_one()


async def first_seq_since(session: AsyncSession, moment: datetime) -> int:
    """The first number at or after a moment: halving, since times rise with the numbers."""
    highest = (await session.execute(select(func.coalesce(func.max(Event.seq), 0)))).scalar_one()
    low, high = 0, highest + 1
    while low < high:
        middle = (low + high) // 2
        query = select(Event.seq, Event.at).where(Event.seq >= middle).order_by(Event.seq).limit(1)
        found = (await session.execute(query)).one_or_none()
        if found is None or found.at >= moment:
            high = middle
        else:
            low = found.seq + 1
    return low


async def events_after(
    session: AsyncSession, seq: int, limit: int = 500, kinds: Sequence[str] = ()
) -> Sequence[Event]:
    """Events with a higher number, in order, at most ``limit``; only ``kinds`` when given.

    Reading stops below what a running transaction may still add (``desk.events.horizon``).
    """
    up_to = await readable_up_to(session)
    if up_to is not None and up_to <= seq:
        return []
    query = select(Event).where(Event.seq > seq)
    if up_to is not None:
        query = query.where(Event.seq <= up_to)
    if kinds:
        query = query.where(Event.kind.in_(kinds))
    query = query.order_by(Event.seq).limit(limit)
    return (await session.execute(query)).scalars().all()


async def events_of_conversation(
    session: AsyncSession, conversation_id: int, kinds: Sequence[str] = (), limit: int = 500
) -> Sequence[Event]:
    """A conversation's newest events, told from the oldest on; only ``kinds`` when given."""
    query = select(Event).where(Event.conversation_id == conversation_id)
    if kinds:
        query = query.where(Event.kind.in_(kinds))
    newest = await session.execute(query.order_by(Event.seq.desc()).limit(limit))
    return list(reversed(newest.scalars().all()))


async def events_of_ticket(
    session: AsyncSession, ticket_id: int, kinds: Sequence[str] = (), limit: int = 200
) -> Sequence[Event]:
    """A ticket's newest events, told from the oldest on; only ``kinds`` when given."""
    query = select(Event).where(Event.ticket_id == ticket_id)
    if kinds:
        query = query.where(Event.kind.in_(kinds))
    newest = await session.execute(query.order_by(Event.seq.desc()).limit(limit))
    return list(reversed(newest.scalars().all()))
