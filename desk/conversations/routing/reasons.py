"""Why conversations are in their queues, with the names that people read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.routing.tables import RoutingExample
from desk.conversations.tables import Conversation
from desk.team.tables import User
from desk.tickets.tables import RequestType


@dataclass(frozen=True)
class Reason:
    """How a conversation came to its queue (``choose.py``), and the names of what led there.

    ``example``: the typed example that it resembles. A customer's words are never shown in another
    customer's conversation: then it is empty, and ``from_chat`` is set. ``confidence``: 0 to 1.
    """

    how: str
    request_type: str = ""
    example: str = ""
    from_chat: bool = False
    confidence: float | None = None
    person: str = ""


async def reasons_of(
    session: AsyncSession, conversations: Sequence[Conversation]
) -> dict[int, Reason]:
    """The reasons by conversation, at most three queries; none for what is in no queue."""
    kept = {each.id: each.routing for each in conversations if each.routing and each.queue_id}
    examples = await _examples(session, _ids(kept.values(), "example_id"))
    types = await _names(session, RequestType, _ids(kept.values(), "request_type_id"))
    people = await _names(session, User, _ids(kept.values(), "user_id"))
    return {
        conversation_id: Reason(
            how=facts["how"],
            request_type=types.get(facts.get("request_type_id", 0), ""),
            example=examples.get(facts.get("example_id", 0), ("", False))[0],
            from_chat=examples.get(facts.get("example_id", 0), ("", False))[1],
            confidence=facts.get("confidence"),
            person=people.get(facts.get("user_id", 0), ""),
        )
        for conversation_id, facts in kept.items()
    }


def _ids(all_facts: Collection[dict[str, Any]], name: str) -> set[int]:
    return {facts[name] for facts in all_facts if facts.get(name) is not None}


async def _examples(session: AsyncSession, ids: Collection[int]) -> dict[int, tuple[str, bool]]:
    if not ids:
        return {}
    query = select(RoutingExample.id, RoutingExample.text, RoutingExample.message_id)
    rows = await session.execute(query.where(RoutingExample.id.in_(ids)))
    return {row.id: (row.text, row.message_id is not None) for row in rows}


async def _names(
    session: AsyncSession, table: type[RequestType] | type[User], ids: Collection[int]
) -> dict[int, str]:
    if not ids:
        return {}
    rows = await session.execute(select(table.id, table.name).where(table.id.in_(ids)))
    return {row.id: row.name for row in rows}
