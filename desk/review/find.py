"""Lists of what is reviewed: groups, the messages of one, and what was said around a message."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.contacts.portal_access import hide_credentials
from desk.conversations.tables import Conversation, Message, Understanding
from desk.db import MAX_KEY
from desk.errors import NotFound
from desk.keyset import read_cursor, write_cursor
from desk.review.masking import Mark, Masked, People, mask
from desk.review.people import people_of
from desk.review.sentences import sentence_of
from desk.review.tables import ReviewItem
from desk.team.tables import User

_Columns = TypeVarTuple("_Columns")

GROUPS = 20
ITEMS = 30
SAMPLES = 3
AROUND_BEFORE, AROUND_AFTER = 4, 4


@dataclass(frozen=True)
class ReviewFilters:
    """What a list shows; empty means all. ``since`` is included, ``until`` is not."""

    state: str = "open"
    reason: str = ""
    intent: str = ""
    channel_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class ItemView:
    """A message in the review, as it would be learned.

    ``guesses``: (intent, 0 to 1), best first. ``answered``: actions and responses.
    """

    message_id: int
    group_id: int
    masked: Masked
    at: datetime
    channel: str
    reason: str
    understood: str
    guesses: list[tuple[str, float]]
    answered: list[str]
    state: str
    intent: str | None
    entities: list[Mark]
    decision: str | None
    decided_by: str
    decided_at: datetime | None
    written: bool
    conversation: str


@dataclass(frozen=True)
class GroupView:
    """Messages that say nearly the same: how many fit the filters, and the newest few."""

    id: int
    count: int
    samples: list[ItemView] = field(default_factory=list)


@dataclass(frozen=True)
class GroupPage:
    """Groups, the largest first, and the cursor of the next page; None at the end."""

    groups: list[GroupView]
    next_cursor: str | None


@dataclass(frozen=True)
class ItemPage:
    """Messages of a group, the newest first, and the cursor of the next page."""

    items: list[ItemView]
    next_cursor: str | None
    count: int


@dataclass(frozen=True)
class Line:
    """Something said around a message, masked; ``author_kind`` as in a conversation."""

    author_kind: str
    text: str
    at: datetime
    is_it: bool


async def list_groups(
    session: AsyncSession, filters: ReviewFilters, cursor: str = "", limit: int = GROUPS
) -> GroupPage:
    """A page of groups that have a message which fits.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, GROUPS))
    count = func.count().label("count")
    query = _narrowed(select(ReviewItem.group_id, count), filters).group_by(ReviewItem.group_id)
    if cursor:
        last_count, last_id = read_cursor(cursor, (int, int))
        smaller = func.count() < last_count
        query = query.having(
            or_(smaller, and_(func.count() == last_count, ReviewItem.group_id < last_id))
        )
    query = query.order_by(count.desc(), ReviewItem.group_id.desc()).limit(size + 1)
    rows = [(row[0], row[1]) for row in await session.execute(query)]
    samples = await _samples(session, filters, [group_id for group_id, _ in rows[:size]])
    groups = [GroupView(group_id, number, samples[group_id]) for group_id, number in rows[:size]]
    more = len(rows) > size
    last = write_cursor(groups[-1].count, groups[-1].id) if more else None
    return GroupPage(groups, last)


async def list_items(
    session: AsyncSession,
    group_id: int,
    filters: ReviewFilters,
    cursor: str = "",
    limit: int = ITEMS,
) -> ItemPage:
    """The messages of a group that fit, the newest first.

    Raises:
        Invalid: the cursor is not one of ours.
        NotFound: there is no such group.
    """
    size = max(1, min(limit, ITEMS))
    if not 0 < group_id <= MAX_KEY:
        raise NotFound("Este grupo não existe mais.")
    belongs = ReviewItem.group_id == group_id
    if (
        await session.execute(select(ReviewItem.message_id).where(belongs).limit(1))
    ).first() is None:
        raise NotFound("Este grupo não existe mais.")
    query = _narrowed(select(ReviewItem.message_id), filters).where(belongs)
    count = (await session.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
    if cursor:
        query = query.where(ReviewItem.message_id < read_cursor(cursor, (int,))[0])
    query = query.order_by(ReviewItem.message_id.desc()).limit(size + 1)
    ids = list((await session.execute(query)).scalars())
    more = len(ids) > size
    return ItemPage(
        await _views(session, ids[:size]), write_cursor(ids[size - 1]) if more else None, count
    )


async def ids_of_group(
    session: AsyncSession, group_id: int, filters: ReviewFilters, limit: int
) -> list[int]:
    """The messages of a group that fit, the newest first."""
    query = _narrowed(select(ReviewItem.message_id), filters).where(ReviewItem.group_id == group_id)
    newest = query.order_by(ReviewItem.message_id.desc()).limit(limit)
    return list((await session.execute(newest)).scalars())


async def count_items(session: AsyncSession) -> dict[str, int]:
    """How many there are in each state."""
    query = select(ReviewItem.state, func.count()).group_by(ReviewItem.state)
    return {row[0]: row[1] for row in await session.execute(query)}


async def intents_guessed(session: AsyncSession) -> list[str]:
    """The intents that the bot took messages of the review for, to filter by."""
    query = (
        select(Understanding.intent)
        .join(ReviewItem, ReviewItem.message_id == Understanding.message_id)
        .distinct()
        .order_by(Understanding.intent)
    )
    return list((await session.execute(query)).scalars())


async def around(session: AsyncSession, message_id: int) -> list[Line]:
    """A few messages before and after one of the review, masked, in order.

    Raises:
        NotFound: it is not in the review.
    """
    key = message_id if 0 < message_id <= MAX_KEY else 0
    if await session.get(ReviewItem, key) is None:
        raise NotFound("Esta mensagem não está mais na revisão.")
    message = await session.get_one(Message, key)
    same = and_(
        Message.conversation_id == message.conversation_id,
        Message.kind == "message",
        Message.state != "suppressed",
        ~Message.hidden_from_team,
    )
    before = select(Message).where(same, Message.seq < message.seq).order_by(Message.seq.desc())
    after = select(Message).where(same, Message.seq >= message.seq).order_by(Message.seq)
    earlier = (await session.execute(before.limit(AROUND_BEFORE))).scalars().all()
    later = (await session.execute(after.limit(AROUND_AFTER + 1))).scalars().all()
    people = (await people_of(session, [key]))[key]
    return [
        Line(each.author_kind, _shown(each.text, people), each.created_at, each.id == key)
        for each in [*reversed(earlier), *later]
    ]


def _shown(text: str, people: People) -> str:
    return mask(hide_credentials(text), people).text


def _narrowed(query: Select[*_Columns], filters: ReviewFilters) -> Select[*_Columns]:
    conditions: list[ColumnElement[bool]] = [
        ReviewItem.state == filters.state,
        ~Message.hidden_from_team,
    ]
    if filters.reason:
        conditions.append(Understanding.reason == filters.reason)
    if filters.intent:
        conditions.append(Understanding.intent == filters.intent)
    if filters.channel_id is not None:
        conditions.append(Message.channel_id == filters.channel_id)
    if filters.since is not None:
        conditions.append(Understanding.at >= filters.since)
    if filters.until is not None:
        conditions.append(Understanding.at < filters.until)
    return (
        query.select_from(ReviewItem)
        .join(Understanding, Understanding.message_id == ReviewItem.message_id)
        .join(Message, Message.id == ReviewItem.message_id)
        .where(*conditions)
    )


async def _samples(
    session: AsyncSession, filters: ReviewFilters, group_ids: Sequence[int]
) -> dict[int, list[ItemView]]:
    samples: dict[int, list[ItemView]] = defaultdict(list)
    if not group_ids:
        return samples
    place = (
        func.row_number()
        .over(partition_by=ReviewItem.group_id, order_by=ReviewItem.message_id.desc())
        .label("place")
    )
    numbered = (
        _narrowed(select(ReviewItem.message_id, place), filters)
        .where(ReviewItem.group_id.in_(group_ids))
        .subquery()
    )
    newest = select(numbered.c.message_id).where(numbered.c.place <= SAMPLES)
    for view in await _views(session, list((await session.execute(newest)).scalars())):
        samples[view.group_id].append(view)
    return samples


async def _views(session: AsyncSession, ids: Sequence[int]) -> list[ItemView]:
    query = (
        select(ReviewItem, Understanding, Message.text, Channel, Conversation.public_id, User.name)
        .join(Understanding, Understanding.message_id == ReviewItem.message_id)
        .join(Message, Message.id == ReviewItem.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Channel, Channel.id == Message.channel_id)
        .outerjoin(User, User.id == ReviewItem.decided_by)
        .where(ReviewItem.message_id.in_(ids))
        .order_by(ReviewItem.message_id.desc())
    )
    people = await people_of(session, ids)
    return [
        _view(item, understanding, text, channel, public_id, name, people[item.message_id])
        for item, understanding, text, channel, public_id, name in await session.execute(query)
    ]


def _view(
    item: ReviewItem,
    understanding: Understanding,
    text: str,
    channel: Channel,
    public_id: str,
    decided_by: str | None,
    people: People,
) -> ItemView:
    shown = sentence_of(text, people)
    marks = [Mark(each["start"], each["end"], each["entity"]) for each in item.entities]
    if item.sentence:
        shown = Masked(item.sentence, marks)
    return ItemView(
        message_id=item.message_id,
        group_id=item.group_id,
        masked=shown,
        at=understanding.at,
        channel=channel.slug,
        reason=understanding.reason,
        understood=understanding.intent,
        guesses=[(str(name), float(sure)) for name, sure in understanding.ranking],
        answered=[*understanding.actions, *understanding.responses],
        state=item.state,
        intent=item.intent,
        entities=marks or shown.marks,
        decision=item.decision,
        decided_by=decided_by or "",
        decided_at=item.decided_at,
        written=item.written_at is not None,
        conversation=public_id,
    )


async def conversation_of_item(session: AsyncSession, message_id: int) -> str:
    """The public id of the conversation that a message of the review belongs to.

    Raises:
        NotFound: it is not in the review.
    """
    query = (
        select(Conversation.public_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .join(ReviewItem, ReviewItem.message_id == Message.id)
        .where(ReviewItem.message_id == (message_id if 0 < message_id <= MAX_KEY else 0))
    )
    public_id = (await session.execute(query)).scalar_one_or_none()
    if public_id is None:
        raise NotFound("Esta mensagem não está mais na revisão.")
    return public_id


async def latest_message(session: AsyncSession, conversation_id: int) -> Message | None:
    """The newest message of a conversation."""
    query = (
        select(Message)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()
