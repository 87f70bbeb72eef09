"""How long customers waited for the first answer of a person."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation
from desk.events.log import Actor, record_event
from desk.events.tables import Event
from desk.states import Status

FIRST_RESPONSE = "conversation.first_response"
_MOST_COUNTED = 1000


@dataclass(frozen=True)
class FirstResponses:
    """How many first answers there were, and their mean wait."""

    count: int
    mean_seconds: float


async def note_first_response(
    session: AsyncSession, conversation: Conversation, actor: Actor
) -> None:
    """Records the wait when a person is about to answer a held conversation for the first time.

    An open conversation is one that no agent has answered yet.
    """
    if conversation.status is not Status.OPEN or conversation.waiting_since is None:
        return
    waited = datetime.now(UTC) - conversation.waiting_since
    await record_event(
        session,
        FIRST_RESPONSE,
        actor,
        conversation_id=conversation.id,
        queue_id=conversation.queue_id,
        seconds=round(max(0.0, waited.total_seconds()), 3),
    )


async def first_responses_since(
    session: AsyncSession, since: datetime
) -> dict[int | None, FirstResponses]:
    """First answers by queue since then, of the newest thousand."""
    query = (
        select(Event.at, Event.data)
        .where(Event.kind == FIRST_RESPONSE)
        .order_by(Event.seq.desc())
        .limit(_MOST_COUNTED)
    )
    waits: dict[int | None, list[float]] = defaultdict(list)
    for at, data in await session.execute(query):
        if at >= since:
            waits[data.get("queue_id")].append(float(data["seconds"]))
    return {
        queue_id: FirstResponses(len(seconds), sum(seconds) / len(seconds))
        for queue_id, seconds in waits.items()
    }
