"""Deliveries asked for again: one, or all of a period."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Conflict
from desk.events.log import Actor, events_after, first_seq_since, record_event
from desk.events.tables import Event
from desk.webhooks.deliveries import ROWS_AT_ONCE, must_listen, write_deliveries
from desk.webhooks.tables import WebhookDelivery, WebhookEndpoint

MAX_REPLAYED = 5000
# An event's time is taken a moment before its number, by several writers at once.
_DISORDER = timedelta(minutes=10)


async def replay_delivery(
    session: AsyncSession, endpoint: WebhookEndpoint, delivery: WebhookDelivery, actor: Actor
) -> None:
    """Sends one once more, under the same id and with the same body.

    Raises:
        Conflict: the endpoint is switched off.
    """
    must_listen(endpoint)
    delivery.state, delivery.tries, delivery.due_at = "pending", 0, datetime.now(UTC)
    await session.flush()
    await record_event(session, "webhook.replayed", actor, id=endpoint.id, count=1)


async def replay_period(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    since: datetime,
    until: datetime,
    actor: Actor,
) -> int:
    """Sends what happened in a period once more, what it never heard of too; tells how many.

    Raises:
        Conflict: the endpoint is switched off, or the period holds more than 5,000 events.
    """
    must_listen(endpoint)
    events = await _events_between(session, endpoint, since, until)
    heard = WebhookEndpoint(id=endpoint.id, kinds=endpoint.kinds, since_seq=0)
    await write_deliveries(session, [heard], events)
    ids = [f"evt_{event.seq}" for event in events]
    for start in range(0, len(ids), ROWS_AT_ONCE):
        await session.execute(
            update(WebhookDelivery)
            .where(
                WebhookDelivery.endpoint_id == endpoint.id,
                WebhookDelivery.message_id.in_(ids[start : start + ROWS_AT_ONCE]),
            )
            .values(state="pending", tries=0, due_at=datetime.now(UTC))
            .execution_options(synchronize_session=False)
        )
    await record_event(session, "webhook.replayed", actor, id=endpoint.id, count=len(ids))
    return len(ids)


async def _events_between(
    session: AsyncSession, endpoint: WebhookEndpoint, since: datetime, until: datetime
) -> Sequence[Event]:
    first = await first_seq_since(session, since - _DISORDER)
    last = await first_seq_since(session, until + _DISORDER)
    found: list[Event] = []
    after = max(0, first - 1)
    while events := await events_after(session, after, ROWS_AT_ONCE, tuple(endpoint.kinds)):
        found += [each for each in events if each.seq < last and since <= each.at < until]
        after = events[-1].seq
        if len(found) > MAX_REPLAYED:
            raise Conflict(
                "O período tem mais de {limit} eventos. Escolha um menor.", limit=MAX_REPLAYED
            )
        if after >= last:
            break
    return found
