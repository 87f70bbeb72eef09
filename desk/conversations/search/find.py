"""Asks the search index: which conversations, and through which message."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.search.tables import MessageWords
from desk.conversations.search.words import asked_words, to_fts5, to_tsquery
from desk.conversations.tables import Conversation, ConversationTicket
from desk.tickets.tables import Ticket

MOST_PEOPLE = 500
MOST_FOUND = 500
MOST_MESSAGES = 20_000
"""How many matching messages, the newest, are looked at."""
_CHUNKS = (1000, 4000, 15_000)
_YEARS = 10
_NUMBER = re.compile(r"#?\s*(?:(\d{4})-)?0*(\d{1,9})")

_MESSAGES_SQLITE = text(
    "SELECT rowid FROM fts_message_words WHERE fts_message_words MATCH :q"
    " ORDER BY rowid DESC LIMIT :most"
)
_MESSAGES_POSTGRESQL = text(
    "SELECT message_id FROM message_words WHERE words @@ CAST(:q AS tsquery)"
    " ORDER BY message_id DESC LIMIT :most"
)
_CONTACTS_SQLITE = text(
    "SELECT rowid FROM fts_contact_words WHERE fts_contact_words MATCH :q"
    " ORDER BY rowid DESC LIMIT :most"
)
# OFFSET 0: the words' index first. By the order and the limit PostgreSQL would rather read all
# contacts backwards, a tenth of a second when few or none are found.
_CONTACTS_POSTGRESQL = text(
    "SELECT contact_id FROM (SELECT contact_id FROM contact_words"
    " WHERE words @@ CAST(:q AS tsquery) OFFSET 0) AS found"
    " ORDER BY contact_id DESC LIMIT :most"
)


@dataclass(frozen=True)
class Hits:
    """What a search found.

    ``people``: conversations found by their person or ticket; ``messages``: others, each with its
    newest matching message.
    """

    people: set[int] = field(default_factory=set)
    messages: dict[int, int] = field(default_factory=dict)

    @property
    def ids(self) -> set[int]:
        """All of them."""
        return self.people | set(self.messages)


async def search(session: AsyncSession, q: str, conditions: Sequence[ColumnElement[bool]]) -> Hits:
    """The conversations that fulfil the conditions and have all words of the question.

    At most some hundreds of each kind, the newest; words may be beginnings of words.
    """
    asked = asked_words(q)
    if not asked:
        return Hits()
    people = await _by_person(session, asked, conditions)
    people |= await _by_ticket(session, q, conditions)
    return Hits(people, await _by_message(session, asked, conditions))


async def _by_person(
    session: AsyncSession, asked: Sequence[str], conditions: Sequence[ColumnElement[bool]]
) -> set[int]:
    if _is_postgresql(session):
        statement, q = _CONTACTS_POSTGRESQL, to_tsquery(asked)
    else:
        statement, q = _CONTACTS_SQLITE, to_fts5(asked)
    found = await session.execute(statement, {"q": q, "most": MOST_PEOPLE})
    contact_ids = found.scalars().all()
    if not contact_ids:
        return set()
    return await _those(session, Conversation.contact_id.in_(contact_ids), conditions)


async def _by_ticket(
    session: AsyncSession, q: str, conditions: Sequence[ColumnElement[bool]]
) -> set[int]:
    match = _NUMBER.fullmatch(q.strip())
    if match is None:
        return set()
    this_year, count = datetime.now(UTC).year, int(match.group(2))
    years = [match.group(1)] if match.group(1) else range(this_year - _YEARS, this_year + 2)
    numbers = [f"{year}-{count:06d}" for year in years]
    tickets = select(Ticket.id, Ticket.contact_id).where(Ticket.number.in_(numbers))
    rows = (await session.execute(tickets)).all()
    if not rows:
        return set()
    linked = select(ConversationTicket.conversation_id).where(
        ConversationTicket.ticket_id.in_([row.id for row in rows])
    )
    theirs = Conversation.contact_id.in_([row.contact_id for row in rows])
    linked_ids = (await session.execute(linked)).scalars().all()
    return await _those(session, or_(theirs, Conversation.id.in_(linked_ids)), conditions)


async def _by_message(
    session: AsyncSession, asked: Sequence[str], conditions: Sequence[ColumnElement[bool]]
) -> dict[int, int]:
    """Newest matching messages first, in growing chunks until enough conversations are found."""
    if _is_postgresql(session):
        statement, q = _MESSAGES_POSTGRESQL, to_tsquery(asked)
    else:
        statement, q = _MESSAGES_SQLITE, to_fts5(asked)
    found = await session.execute(statement, {"q": q, "most": MOST_MESSAGES})
    ids = found.scalars().all()
    newest: dict[int, int] = {}
    refused: set[int] = set()
    first = 0
    for size in _CHUNKS:
        where = MessageWords.message_id.in_(ids[first : first + size])
        query = select(MessageWords.message_id, MessageWords.conversation_id).where(where)
        rows = (await session.execute(query.order_by(MessageWords.message_id.desc()))).all()
        new = {row.conversation_id for row in rows} - newest.keys() - refused
        allowed = await _those(session, Conversation.id.in_(new), conditions) if new else set()
        refused |= new - allowed
        for row in rows:
            if row.conversation_id not in refused and len(newest) < 2 * MOST_FOUND:
                newest.setdefault(row.conversation_id, row.message_id)
        first += size
        if first >= len(ids) or len(newest) >= MOST_FOUND:
            break
    return newest


async def _those(
    session: AsyncSession,
    wanted: ColumnElement[bool],
    conditions: Sequence[ColumnElement[bool]],
) -> set[int]:
    query = select(Conversation.id).where(wanted, *conditions)
    return set((await session.execute(query)).scalars())


def _is_postgresql(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"
