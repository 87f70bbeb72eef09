"""Deliveries as rows: made from events, listed, forgotten."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation
from desk.db import MAX_KEY, upsert
from desk.errors import Conflict, NotFound
from desk.events.log import Actor
from desk.events.tables import Event
from desk.keyset import read_cursor, write_cursor
from desk.webhooks.kinds import EVENT_FACTS, PING, SCHEMA_VERSION
from desk.webhooks.tables import WebhookDelivery, WebhookEndpoint

KEPT_DAYS = 30
MAX_PAGE = 200
ROWS_AT_ONCE = 500
_FORGOTTEN_AT_ONCE = 5000


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
    for start in range(0, len(rows), ROWS_AT_ONCE):
        made = insert(WebhookDelivery).values(rows[start : start + ROWS_AT_ONCE])
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


def must_listen(endpoint: WebhookEndpoint) -> None:
    """Refuses what can only be sent by an endpoint that is switched on.

    Raises:
        Conflict: it is not.
    """
    if not endpoint.active or endpoint.paused_at is not None:
        raise Conflict("Ligue o webhook antes.")


async def ping(session: AsyncSession, endpoint: WebhookEndpoint, actor: Actor) -> WebhookDelivery:
    """A test for an endpoint, tried at once.

    Raises:
        Conflict: it is switched off.
    """
    must_listen(endpoint)
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
    delivery = await session.get(WebhookDelivery, max(0, min(delivery_id, MAX_KEY)))
    if delivery is None or delivery.endpoint_id != endpoint.id:
        raise NotFound("Entrega não encontrada.")
    return delivery


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


async def _public_ids(session: AsyncSession, events: Sequence[Event]) -> dict[int, str]:
    ids = {each.conversation_id for each in events if each.conversation_id is not None}
    found: dict[int, str] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        query = select(Conversation.id, Conversation.public_id).where(
            Conversation.id.in_(wanted[start : start + ROWS_AT_ONCE])
        )
        found |= {row.id: row.public_id for row in await session.execute(query)}
    return found


def _as_text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
