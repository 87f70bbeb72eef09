"""The customer's messages that may tell what a request is about."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.portal_access import hide_credentials
from desk.conversations.routing.classifier import MAX_CHARS, says_something
from desk.conversations.tables import Message

MOST_TELLING = 2
"""So many are read: each costs an encoding while the customer waits."""
_LOOKED_AT = 12


@dataclass(frozen=True)
class Telling:
    """A message with words of its own, not a button's; ``text`` is cut."""

    message_id: int
    text: str


async def telling_messages(session: AsyncSession, conversation_id: int) -> list[Telling]:
    """The newest of the present service that say anything, newest first, at most two."""
    query = (
        select(Message.id, Message.kind, Message.text, Message.payload, Message.hidden_from_team)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "in",
        )
        .order_by(Message.seq.desc())
        .limit(_LOOKED_AT)
    )
    told: list[Telling] = []
    for row in await session.execute(query):
        if row.kind == "internal":  # A person finished here: what was before is another matter.
            break
        text = " ".join(hide_credentials(row.text)[: 2 * MAX_CHARS].split())[:MAX_CHARS]
        if row.payload is None and not row.hidden_from_team and says_something(text):
            told.append(Telling(row.id, text))
    return told[:MOST_TELLING]
