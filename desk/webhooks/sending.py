"""Who sends to an endpoint, what is sent next, and what became of it.

A process holds the lease of an endpoint while it sends there, so that no two send to it at once
and deliveries leave in the order of their events. One that fails is tried again later and lets the
others pass.
"""

import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.events.log import SYSTEM, record_event
from desk.vault import Vault
from desk.webhooks.tables import WebhookDelivery, WebhookEndpoint

LEASE_SECONDS = 60.0
PAUSES_SECONDS = (10.0, 60.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0)
"""After each failed try but the last: eight tries over some seventeen hours."""
MAX_TRIES = len(PAUSES_SECONDS) + 1
LONGEST_PAUSE_SECONDS = 43_200.0
FAILING_DAYS = 3
GONE = 410
_JITTER = 0.2


@dataclass(frozen=True)
class Outgoing:
    """A delivery that is to be sent now. ``keys``: secrets to sign with, the newest first."""

    id: int
    endpoint_id: int
    url: str
    message_id: str
    body: str
    tries: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a try. ``error`` is its class, empty when the endpoint took it."""

    status: int | None
    duration_ms: int
    error: str = ""
    retry_after_seconds: float | None = None


async def due_endpoints(session: AsyncSession) -> list[int]:
    """Endpoints that nobody sends to and that something waits for."""
    now = datetime.now(UTC)
    waits = exists().where(
        WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.due_at <= now
    )
    query = select(WebhookEndpoint.id).where(
        WebhookEndpoint.active,
        WebhookEndpoint.paused_at.is_(None),
        or_(WebhookEndpoint.leased_until.is_(None), WebhookEndpoint.leased_until < now),
        waits,
    )
    return list((await session.execute(query)).scalars())


async def take_lease(session: AsyncSession, endpoint_id: int) -> str | None:
    """The token of an endpoint's lease; None when another process has it."""
    token, now = secrets.token_hex(16), datetime.now(UTC)
    taken = await session.execute(
        update(WebhookEndpoint)
        .where(
            WebhookEndpoint.id == endpoint_id,
            or_(WebhookEndpoint.leased_until.is_(None), WebhookEndpoint.leased_until < now),
        )
        .values(lease_token=token, leased_until=now + timedelta(seconds=LEASE_SECONDS))
        .returning(WebhookEndpoint.id)
        .execution_options(synchronize_session=False)
    )
    return token if taken.scalar_one_or_none() is not None else None


async def give_lease_back(session: AsyncSession, endpoint_id: int, token: str) -> None:
    """Others may send to it."""
    await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.lease_token == token)
        .values(leased_until=None)
        .execution_options(synchronize_session=False)
    )


async def take_delivery(
    session: AsyncSession, vault: Vault, endpoint_id: int, token: str
) -> Outgoing | None:
    """The next delivery of a leased endpoint, its try counted, the lease renewed.

    None when nothing is due, the endpoint was switched off, or the lease went to another process.
    """
    now = datetime.now(UTC)
    renewed = await session.execute(
        update(WebhookEndpoint)
        .where(
            WebhookEndpoint.id == endpoint_id,
            WebhookEndpoint.lease_token == token,
            WebhookEndpoint.active,
            WebhookEndpoint.paused_at.is_(None),
        )
        .values(leased_until=now + timedelta(seconds=LEASE_SECONDS))
        .returning(WebhookEndpoint.id)
        .execution_options(synchronize_session=False)
    )
    if renewed.scalar_one_or_none() is None:
        return None
    query = (
        select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.due_at <= now)
        .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
        .limit(1)
    )
    delivery = (await session.execute(query)).scalar_one_or_none()
    if delivery is None:
        return None
    endpoint = await session.get_one(WebhookEndpoint, endpoint_id)
    delivery.tries += 1
    delivery.tried_at = now
    await session.flush()
    return Outgoing(
        delivery.id,
        endpoint_id,
        endpoint.url,
        delivery.message_id,
        delivery.body,
        delivery.tries,
        _keys(vault, endpoint, now),
    )


async def settle(session: AsyncSession, sent: Outgoing, outcome: Outcome) -> bool:
    """Keeps what became of a try; True when the endpoint is paused because of it."""
    now = datetime.now(UTC)
    values: dict[str, object] = {
        "status": outcome.status,
        "duration_ms": outcome.duration_ms,
        "error": outcome.error,
    }
    if not outcome.error:
        values |= {"state": "sent", "due_at": None}
    elif sent.tries >= MAX_TRIES:
        values |= {"state": "failed", "due_at": None}
    else:
        wait = pause_seconds(sent.tries, outcome.retry_after_seconds)
        values |= {"state": "pending", "due_at": now + timedelta(seconds=wait)}
    settled = await session.execute(
        update(WebhookDelivery)
        # Asked for again, or taken over, meanwhile: then that counts.
        .where(WebhookDelivery.id == sent.id, WebhookDelivery.tries == sent.tries)
        .values(**values)
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    if settled.scalar_one_or_none() is None:
        return False
    return await _keep_health(session, sent.endpoint_id, outcome, now)


def pause_seconds(tries: int, retry_after_seconds: float | None = None) -> float:
    """How long to wait after so many tries: longer each time, never all at one moment."""
    pause = PAUSES_SECONDS[min(tries, len(PAUSES_SECONDS)) - 1]
    # No secret depends on it.
    pause *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
    return min(max(pause, retry_after_seconds or 0.0), LONGEST_PAUSE_SECONDS)


async def _keep_health(
    session: AsyncSession, endpoint_id: int, outcome: Outcome, now: datetime
) -> bool:
    endpoint = await session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    if endpoint is None:
        return False
    if not outcome.error:
        endpoint.failing_since = None
        return False
    endpoint.failing_since = endpoint.failing_since or now
    for_long = now - endpoint.failing_since >= timedelta(days=FAILING_DAYS)
    if endpoint.paused_at is not None or not (for_long or outcome.status == GONE):
        return False
    endpoint.paused_at = now
    await record_event(
        session,
        "webhook.paused",
        SYSTEM,
        id=endpoint.id,
        error=outcome.error,
        status=outcome.status,
    )
    return True


def _keys(vault: Vault, endpoint: WebhookEndpoint, now: datetime) -> tuple[str, ...]:
    sealed = [endpoint.sealed_secret]
    if endpoint.old_secret_until is not None and endpoint.old_secret_until > now:
        sealed.append(endpoint.sealed_old_secret)
    return tuple(key for each in sealed if (key := vault.unseal(each)))
