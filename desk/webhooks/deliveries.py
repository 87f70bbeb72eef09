"""Deliveries as rows: made from events, listed, asked for again, forgotten."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation
from desk.db import MAX_KEY, upsert
from desk.errors import Conflict, NotFound
from desk.events.log import Actor, events_after, first_seq_since, record_event
from desk.events.tables import Event
from desk.keyset import read_cursor, write_cursor
from desk.webhooks.kinds import EVENT_FACTS, PING, SCHEMA_VERSION
from desk.webhooks.tables import WebhookDelivery, WebhookEndpoint

KEPT_DAYS = 30
MAX_PAGE = 200
MAX_REPLAYED = 5000
_ROWS_AT_ONCE = 500
_FORGOTTEN_AT_ONCE = 5000
# An event's time is taken a moment before its number, by several writers at once.
_DISORDER = timedelta(minutes=10)


@dataclass(frozen=True)
class DeliveryPage:
    """Deliveries, newest first, and the cursor of the next page; None at the end."""

    rows: Sequence[WebhookDelivery]
    next_cursor: str | None


async def listening_endpoints(session: AsyncSession) -> Sequence[WebhookEndpoint]:
    """Those that hear what happens now."""
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.active, WebhookEndpoint.paused_at.is_(None)
    )
    return (await session.execute(query)).scalars().all()


async def write_deliveries(
    session: AsyncSession, endpoints: Sequence[WebhookEndpoint], events: Sequence[Event]
) -> int:
    """Makes a row for each event and endpoint that hears of it; what is there already stays."""
    public_ids = await _public_ids(session, events)
    now = datetime.now(UTC)
    rows = [
        {
            "endpoint_id": endpoint.id,
            "message_id": f"evt_{event.seq}",
            "kind": event.kind,
            "body": body_of(event, public_ids),
            "happened_at": event.at,
            "state": "pending",
            "tries": 0,
            "due_at": now,
            "error": "",
            "created_at": now,
        }
        for event in events
        for endpoint in endpoints
        if event.kind in endpoint.kinds and event.seq > endpoint.since_seq
    ]
    insert = upsert(session)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        made = insert(WebhookDelivery).values(rows[start : start + _ROWS_AT_ONCE])
        await session.execute(made.on_conflict_do_nothing())
    return len(rows)


def body_of(event: Event, public_ids: Mapping[int, str]) -> str:
    """An event as other software reads it: ids and small facts, in the form of its version."""
    names = EVENT_FACTS[event.kind]
    conversation_id = event.conversation_id
    return _as_text(
        {
            "version": SCHEMA_VERSION,
            "id": f"evt_{event.seq}",
            "kind": event.kind,
            "at": event.at.isoformat(),
            "actor": {"kind": event.actor_kind, "id": event.actor_id},
            "conversation": None if conversation_id is None else public_ids.get(conversation_id),
            "ticket_id": event.ticket_id,
            "facts": {name: event.data[name] for name in names if name in event.data},
        }
    )


async def ping(session: AsyncSession, endpoint: WebhookEndpoint, actor: Actor) -> WebhookDelivery:
    """A test for an endpoint, tried at once.

    Raises:
        Conflict: it is switched off.
    """
    _must_listen(endpoint)
    now = datetime.now(UTC)
    message_id = f"ping_{secrets.token_hex(12)}"
    body = {
        "version": SCHEMA_VERSION,
        "id": message_id,
        "kind": PING,
        "at": now.isoformat(),
        "actor": {"kind": actor.kind, "id": actor.id},
        "conversation": None,
        "ticket_id": None,
        "facts": {},
    }
    delivery = WebhookDelivery(
        endpoint_id=endpoint.id,
        message_id=message_id,
        kind=PING,
        body=_as_text(body),
        happened_at=now,
        due_at=now,
        created_at=now,
    )
    session.add(delivery)
    await session.flush()
    return delivery


async def list_deliveries(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    state: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> DeliveryPage:
    """A page of an endpoint's deliveries, newest first, at most 200; only of a state when given.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    if state:
        query = query.where(WebhookDelivery.state == state)
    if cursor:
        query = query.where(WebhookDelivery.id < read_cursor(cursor, (int,))[0])
    query = query.order_by(WebhookDelivery.id.desc()).limit(size + 1)
    rows = (await session.execute(query)).scalars().all()
    more = len(rows) > size
    return DeliveryPage(rows[:size], write_cursor(rows[size - 1].id) if more else None)


async def delivery_by_id(
    session: AsyncSession, endpoint: WebhookEndpoint, delivery_id: int
) -> WebhookDelivery:
    """One delivery of an endpoint.

    Raises:
        NotFound: it has none of this number, or it was forgotten.
    """
    delivery = await session.get(WebhookDelivery, min(delivery_id, MAX_KEY))
    if delivery is None or delivery.endpoint_id != endpoint.id:
        raise NotFound("Entrega não encontrada.")
    return delivery


async def replay_delivery(
    session: AsyncSession, endpoint: WebhookEndpoint, delivery: WebhookDelivery, actor: Actor
) -> None:
    """Sends one once more, under the same id and with the same body.

    Raises:
        Conflict: the endpoint is switched off.
    """
    _must_listen(endpoint)
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
    _must_listen(endpoint)
    events = await _events_between(session, endpoint, since, until)
    heard = WebhookEndpoint(id=endpoint.id, kinds=endpoint.kinds, since_seq=0)
    await write_deliveries(session, [heard], events)
    ids = [f"evt_{event.seq}" for event in events]
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        await session.execute(
            update(WebhookDelivery)
            .where(
                WebhookDelivery.endpoint_id == endpoint.id,
                WebhookDelivery.message_id.in_(ids[start : start + _ROWS_AT_ONCE]),
            )
            .values(state="pending", tries=0, due_at=datetime.now(UTC))
            .execution_options(synchronize_session=False)
        )
    await record_event(session, "webhook.replayed", actor, id=endpoint.id, count=len(ids))
    return len(ids)


async def count_waiting(session: AsyncSession, endpoint: WebhookEndpoint) -> int:
    """How many wait to be sent, counted to a thousand."""
    waiting = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.due_at.is_not(None))
        .limit(1000)
        .subquery()
    )
    return (await session.execute(select(func.count()).select_from(waiting))).scalar_one()


async def forget_old_deliveries(session: AsyncSession) -> None:
    """Removes what is older than thirty days, some thousands at a time."""
    oldest = datetime.now(UTC) - timedelta(days=KEPT_DAYS)
    old = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.created_at < oldest)
        .order_by(WebhookDelivery.created_at)
        .limit(_FORGOTTEN_AT_ONCE)
    )
    await session.execute(
        delete(WebhookDelivery)
        .where(WebhookDelivery.id.in_(old.scalar_subquery()))
        .execution_options(synchronize_session=False)
    )


async def _events_between(
    session: AsyncSession, endpoint: WebhookEndpoint, since: datetime, until: datetime
) -> Sequence[Event]:
    first = await first_seq_since(session, since - _DISORDER)
    last = await first_seq_since(session, until + _DISORDER)
    found: list[Event] = []
    after = max(0, first - 1)
    while events := await events_after(session, after, _ROWS_AT_ONCE, tuple(endpoint.kinds)):
        found += [each for each in events if each.seq < last and since <= each.at < until]
        after = events[-1].seq
        if len(found) > MAX_REPLAYED:
            raise Conflict(
                "O período tem mais de {limit} eventos. Escolha um menor.", limit=MAX_REPLAYED
            )
        if after >= last:
            break
    return found


async def _public_ids(session: AsyncSession, events: Sequence[Event]) -> dict[int, str]:
    ids = {each.conversation_id for each in events if each.conversation_id is not None}
    found: dict[int, str] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), _ROWS_AT_ONCE):
        query = select(Conversation.id, Conversation.public_id).where(
            Conversation.id.in_(wanted[start : start + _ROWS_AT_ONCE])
        )
        found |= {row.id: row.public_id for row in await session.execute(query)}
    return found


def _must_listen(endpoint: WebhookEndpoint) -> None:
    if not endpoint.active or endpoint.paused_at is not None:
        raise Conflict("Ligue o webhook antes.")


def _as_text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
