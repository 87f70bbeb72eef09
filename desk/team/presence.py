"""Who is there: what people say of themselves, and whether a console of theirs is open.

Somebody is online while any of their consoles shows a sign of life (``mark_seen``, each 20
seconds), in however many browsers; so a reload changes nothing. Coming, leaving and being away
are events, which move the screens of others.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import MAX_SMALL_KEY
from desk.errors import NotFound
from desk.events.log import SYSTEM, Actor, by_agent, record_event
from desk.team.tables import Presence, QueueMember, Role, User

ONLINE_SECONDS = 75
PRESENCE_CHANGED = "presence.changed"
_SEEN_GRAIN_SECONDS = 20


class Standing(StrEnum):
    """How others see a person."""

    AVAILABLE = "available"
    AWAY = "away"
    OFFLINE = "offline"


def standing_of(user: User, now: datetime) -> Standing:
    """Whether somebody can be counted on at this moment."""
    if user.last_seen_at is None or user.last_seen_at <= now - timedelta(seconds=ONLINE_SECONDS):
        return Standing.OFFLINE
    return Standing(user.presence.value)


async def set_presence(
    session: AsyncSession, user_id: int, presence: Presence, actor: Actor
) -> User:
    """Somebody says that they are there or away, or a supervisor says it for them.

    Raises:
        NotFound: there is no such active person.
    """
    known = 0 < user_id <= MAX_SMALL_KEY
    user = await session.get(User, user_id, with_for_update={"key_share": True}) if known else None
    if user is None or not user.active:
        raise NotFound("Pessoa não encontrada.")
    if user.presence is not presence:
        before, user.presence = user.presence, presence
        await session.flush()
        await _record(session, actor, user.id, before.value, presence.value)
    return user


async def mark_seen(session: AsyncSession, user_id: int) -> None:
    """Notes that a user's console is open, at most every 20 seconds; coming is an event."""
    now = datetime.now(UTC)
    came = await session.execute(
        update(User)
        .where(User.id == user_id, or_(User.online_since.is_(None), _is_offline(now)))
        .values(last_seen_at=now, online_since=now)
        .returning(User.presence)
        .execution_options(synchronize_session=False)
    )
    presence = came.scalar_one_or_none()
    if presence is not None:
        await _record(session, by_agent(user_id), user_id, Standing.OFFLINE, presence.value)
        return
    stale = now - timedelta(seconds=_SEEN_GRAIN_SECONDS)
    await session.execute(
        update(User)
        .where(User.id == user_id, User.last_seen_at < stale)
        .values(last_seen_at=now)
        .execution_options(synchronize_session=False)
    )


async def leave(session: AsyncSession, user_id: int) -> None:
    """Somebody signed out everywhere: they are offline at once."""
    gone = datetime.now(UTC) - timedelta(seconds=ONLINE_SECONDS)
    await session.execute(
        update(User)
        .where(User.id == user_id, User.last_seen_at > gone)
        .values(last_seen_at=gone)
        .execution_options(synchronize_session=False)
    )
    await note_who_left(session)


async def somebody_left(session: AsyncSession) -> bool:
    """Whether a console has shown no sign of life and nobody noted it yet."""
    query = select(User.id).where(_has_gone(datetime.now(UTC))).limit(1)
    return (await session.execute(query)).first() is not None


async def note_who_left(session: AsyncSession) -> Sequence[int]:
    """Records once for each person that their last console has gone; gives their ids."""
    left = await session.execute(
        update(User)
        .where(_has_gone(datetime.now(UTC)))
        .values(online_since=None)
        .returning(User.id, User.presence)
        .execution_options(synchronize_session=False)
    )
    gone = left.all()
    for user_id, presence in gone:
        await _record(session, SYSTEM, user_id, presence.value, Standing.OFFLINE)
    return [user_id for user_id, _ in gone]


async def count_agents_online(session: AsyncSession, queue_id: int | None) -> int:
    """How many people are there who can take from this queue: not away, with an open console.

    Whoever has their hands full counts: they are there, and may take one more.
    """
    serves = select(QueueMember.user_id).where(QueueMember.queue_id == queue_id)
    query = select(func.count(User.id)).where(
        is_available(datetime.now(UTC)),
        User.role != Role.DESIGNER,
        (User.role.in_([Role.SUPERVISOR, Role.ADMIN])) | (User.id.in_(serves)),
    )
    return (await session.execute(query)).scalar_one()


def is_available(now: datetime) -> ColumnElement[bool]:
    """The condition under which somebody is active, online and not away."""
    return User.active.is_(True) & (User.presence == Presence.AVAILABLE) & _is_online(now)


def _is_online(now: datetime) -> ColumnElement[bool]:
    return User.last_seen_at > now - timedelta(seconds=ONLINE_SECONDS)


def _is_offline(now: datetime) -> ColumnElement[bool]:
    # Not the plain opposite: that would be unknown, not true, for whoever was never seen.
    gone = User.last_seen_at <= now - timedelta(seconds=ONLINE_SECONDS)
    return or_(User.last_seen_at.is_(None), gone)


def _has_gone(now: datetime) -> ColumnElement[bool]:
    return User.online_since.is_not(None) & _is_offline(now)


async def _record(
    session: AsyncSession, actor: Actor, user_id: int, before: str, after: str
) -> None:
    await record_event(
        session, PRESENCE_CHANGED, actor, user_id=user_id, before=str(before), after=str(after)
    )
