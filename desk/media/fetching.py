"""Files that a provider keeps until they are fetched: durable jobs, with tries and an end.

A job is a row. Whoever takes it moves its ``due_at`` into the future, so that another process
takes it over when this one dies; the row is deleted in the transaction that keeps the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.media.store import clean_name
from desk.media.tables import MediaFetch

FETCHING_SECONDS = 30
PATIENT_ATTEMPTS = 7
"""After so many tries, about a minute, a file keeps nobody waiting any more."""
MAX_FETCH_ATTEMPTS = 100


@dataclass(frozen=True)
class RemoteFile:
    """A file as a channel's parser announces it; ``reference`` is for that channel's fetcher."""

    name: str
    reference: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fetch:
    """A job in the hands of one worker."""

    id: int
    channel_id: int
    reference: dict[str, Any]
    name: str
    attempts: int


async def request_fetch(session: AsyncSession, channel_id: int, file: RemoteFile) -> int:
    """Adds a job; gives its number."""
    now = datetime.now(UTC)
    row = MediaFetch(
        channel_id=channel_id,
        reference=file.reference,
        name=clean_name(file.name),
        due_at=now,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row.id


async def due_fetches(session: AsyncSession, limit: int) -> Sequence[int]:
    """Jobs that may be tried now, longest waiting first."""
    query = (
        select(MediaFetch.id)
        .where(MediaFetch.due_at <= datetime.now(UTC))
        .order_by(MediaFetch.due_at)
        .limit(limit)
    )
    return (await session.execute(query)).scalars().all()


async def next_fetch_at(session: AsyncSession) -> datetime | None:
    """When the next job may be tried; None when there is none."""
    return (await session.execute(select(func.min(MediaFetch.due_at)))).scalar_one_or_none()


async def start_fetch(session: AsyncSession, fetch_id: int) -> Fetch | None:
    """Takes a job; None when another was first."""
    now = datetime.now(UTC)
    taken = await session.execute(
        update(MediaFetch)
        .where(MediaFetch.id == fetch_id, MediaFetch.due_at <= now)
        .values(attempts=MediaFetch.attempts + 1, due_at=now + timedelta(seconds=FETCHING_SECONDS))
        .returning(
            MediaFetch.id,
            MediaFetch.channel_id,
            MediaFetch.reference,
            MediaFetch.name,
            MediaFetch.attempts,
        )
        .execution_options(synchronize_session=False)
    )
    row = taken.one_or_none()
    return Fetch(*row) if row is not None else None


async def keep_fetching(session: AsyncSession, fetch: Fetch) -> None:
    """A large file takes long: no other process may believe that this one died."""
    await fetch_later(session, fetch, FETCHING_SECONDS)


async def fetch_later(session: AsyncSession, fetch: Fetch, seconds: float) -> None:
    """It waits for another try."""
    await session.execute(
        update(MediaFetch)
        .where(MediaFetch.id == fetch.id)
        .values(due_at=datetime.now(UTC) + timedelta(seconds=seconds))
        .execution_options(synchronize_session=False)
    )


async def end_fetch(session: AsyncSession, fetch_id: int) -> bool:
    """Ends a job; False when another worker ended it before."""
    ended = await session.execute(
        delete(MediaFetch)
        .where(MediaFetch.id == fetch_id)
        .returning(MediaFetch.id)
        .execution_options(synchronize_session=False)
    )
    return ended.scalar_one_or_none() is not None
