"""The customer's messages that may tell what a request is about."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.portal_access import hide_credentials
from desk.contacts.tables import Contact
from desk.conversations.routing.classifier import MAX_CHARS, says_something
from desk.conversations.tables import Conversation, Message
from desk.knowledge.phrasing.masking import mask

MOST_TELLING = 2
"""So many are read: each costs an encoding while the customer waits."""
_LOOKED_AT = 12
_LONGEST_READ = 4 * MAX_CHARS
_PLACEHOLDER = re.compile(r"\[[A-ZÀ-Ý-]+\]")


@dataclass(frozen=True)
class Telling:
    """A message with words of its own, not a button's; ``text`` is as ``without_people`` gives."""

    message_id: int
    text: str


async def telling_messages(session: AsyncSession, conversation_id: int) -> list[Telling]:
    """The newest of the present service that say anything, newest first, at most two."""
    return (await told_here(session, conversation_id))[:MOST_TELLING]


async def told_here(
    session: AsyncSession, conversation_id: int, looked_at: int = _LOOKED_AT
) -> list[Telling]:
    """Of the present service's newest ``looked_at`` those that say anything, newest first."""
    query = (
        select(Message.id, Message.kind, Message.text, Message.payload, Message.hidden_from_team)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "in",
        )
        .order_by(Message.seq.desc())
        .limit(looked_at)
    )
    whose = select(Contact.name).join(Conversation, Conversation.contact_id == Contact.id)
    whose = whose.where(Conversation.id == conversation_id)
    names = [name for name in (await session.execute(whose)).scalars() if name]
    told: list[Telling] = []
    for row in await session.execute(query):
        if row.kind == "internal":  # A person finished here: what was before is another matter.
            break
        text = without_people(row.text, names)
        if row.payload is None and not row.hidden_from_team and says_something(text):
            told.append(Telling(row.id, text))
    return told


def without_people(text: str, names: Iterable[str] = ()) -> str:
    """What is left of a message without secrets, addresses, numbers and names; cut.

    Who gives their name, CNPJ and e-mail has not said what it is about: kept as an example, an
    address would send everybody who writes one like it to the same queue.
    """
    said = mask(hide_credentials(text)[:_LONGEST_READ], names)
    return " ".join(_PLACEHOLDER.sub(" ", said).split())[:MAX_CHARS]
