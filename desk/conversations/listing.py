"""Lists of conversations, as far as a member of the team may see them.

A list is one section after the other (those who wait, then the rest), each walked by keyset along
an index that has its order. What SQL would have to sort, such as "my queues, newest first", is
taken apart into branches with one value each; the newest few of every branch are merged.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.access import Viewer, visible_with
from desk.conversations.filters import Filters, View, conditions_of, narrow, unindexed
from desk.conversations.rows import ConversationRow, rows_by_id
from desk.conversations.search.find import Hits, search
from desk.conversations.search.words import asked_words
from desk.conversations.sections import Place, Section, read_place, sections_of, write_place
from desk.conversations.tables import Conversation
from desk.states import ACTIVE, Owner, Status
from desk.team.queues import queue_ids_of
from desk.team.tables import User

MAX_PAGE = 100
MOST_COUNTED = 1000
_MOST_BRANCHES = 24
_MOST_QUEUES = 8

_WITH_PEOPLE: ColumnElement[bool] = text("conversations.owner <> 'bot'")  # type: ignore[assignment]
_WITH_PRIORITY: ColumnElement[bool] = text("conversations.priority <> 0")  # type: ignore[assignment]
"""A partial index is used only by a query that says its condition word by word."""

Branch = list[ColumnElement[bool]]


@dataclass(frozen=True)
class Page:
    """Rows and the cursor of the next page; None at the end."""

    rows: list[ConversationRow]
    next_cursor: str | None


async def list_conversations(
    session: AsyncSession,
    viewer: User,
    filters: Filters,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Conversations that the viewer may see, by keyset, at most 100 a page.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    queue_ids = () if viewer.sees_all_queues else await queue_ids_of(session, viewer)
    conditions = [visible_with(viewer, queue_ids), *conditions_of(filters, viewer)]
    narrowed = await narrow(session, filters, viewer)
    conditions += narrowed.conditions
    ids = narrowed.ids
    hits = None
    if filters.q.strip():
        among = conditions if ids is None else [*conditions, Conversation.id.in_(ids)]
        hits = await search(session, filters.q, among)
        ids = hits.ids
    sections = sections_of(filters, hits)
    place = read_place(cursor, sections) if cursor else None
    branches = _branches(filters, viewer, queue_ids) if ids is None else [[_among(ids)]]
    found = await _walk(session, sections, branches, conditions, place, size + 1)
    more = len(found) > size
    shown = found[:size]
    rows = await rows_by_id(session, [each.id for each in shown], *_found_by(filters, hits))
    return Page(rows, write_place(shown[-1]) if more else None)


async def still_listed(
    session: AsyncSession, viewer: User, filters: Filters, public_ids: Collection[str]
) -> list[ConversationRow]:
    """Those of these conversations that belong to the list, at most 100, in no order."""
    queue_ids = () if viewer.sees_all_queues else await queue_ids_of(session, viewer)
    narrowed = await narrow(session, filters, viewer)
    conditions = [visible_with(viewer, queue_ids), *conditions_of(filters, viewer)]
    conditions += narrowed.conditions
    if narrowed.ids is not None:
        conditions.append(_among(narrowed.ids))
    wanted = Conversation.public_id.in_(list(public_ids)[:MAX_PAGE])
    query = select(Conversation.id).where(wanted, *conditions)
    return await rows_by_id(session, (await session.execute(query)).scalars().all())


@dataclass(frozen=True)
class _Seer:
    """A viewer by which a statement can be kept."""

    id: int
    sees_all_queues: bool


async def count_views(session: AsyncSession, viewer: User, shown: View = "") -> dict[str, int]:
    """How many conversations each view holds, and each status within the one shown.

    One statement; counting ends at 1000. The keys of statuses are their values.
    """
    queue_ids = () if viewer.sees_all_queues else tuple(await queue_ids_of(session, viewer))
    counting = _counting(_Seer(viewer.id, viewer.sees_all_queues), queue_ids, shown)
    row = (await session.execute(counting)).one()
    return {key: min(number, MOST_COUNTED) for key, number in row._mapping.items()}


@lru_cache(maxsize=256)
def _counting(viewer: _Seer, queue_ids: tuple[int, ...], shown: View) -> Select[*tuple[Any, ...]]:
    """Every open console asks this at each change, and building it takes longer than running it."""
    views: tuple[View, ...] = ("queue", "mine", "team", "bot")
    wanted: dict[str, Filters] = {view: Filters(view=view) for view in views}
    wanted |= {status.value: Filters(view=shown, statuses=(status,)) for status in Status}
    return select(*(_count(each, viewer, queue_ids).label(key) for key, each in wanted.items()))


def _count(filters: Filters, viewer: Viewer, queue_ids: Collection[int]) -> ColumnElement[int]:
    conditions = [visible_with(viewer, queue_ids), *conditions_of(filters, viewer)]
    total: ColumnElement[int] = literal(0)
    for branch in _branches(filters, viewer, queue_ids):
        query = select(Conversation.id).where(*branch, *conditions).limit(MOST_COUNTED)
        total = total + select(func.count()).select_from(query.subquery()).scalar_subquery()
    return total


async def _walk(
    session: AsyncSession,
    sections: Sequence[Section],
    branches: Sequence[Branch],
    conditions: Sequence[ColumnElement[bool]],
    place: Place | None,
    wanted: int,
) -> list[Place]:
    """The next conversations of the list, section by section."""
    found: list[Place] = []
    first = place.section if place else 0
    for number, section in enumerate(sections[first:], first):
        after = section.after(place.keys, place.id) if place and number == first else ()
        limit = wanted - len(found)
        parts = [
            section.ordered(select(Conversation.id, *section.columns))
            .where(*branch, *section.conditions, *conditions, *after)
            .limit(limit)
            for branch in branches
        ]
        rows = await session.execute(_merged(section, parts, limit))
        found += [Place(number, tuple(row[1:]), row[0]) for row in rows]
        if len(found) >= wanted:
            break
    return found


def _merged(section: Section, parts: Sequence[Select[Any]], limit: int) -> Select[Any]:
    if len(parts) == 1:
        return parts[0]
    # SQLite takes an order and a limit of a part only inside a query of its own.
    each = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return select(each).order_by(*section.order_of(each.c)).limit(limit)


def _branches(filters: Filters, viewer: Viewer, queue_ids: Collection[int]) -> list[Branch]:
    """Conditions, each with one value for an index's first columns, that together miss nothing."""
    if filters.only_people:
        return _branches_with_people(filters, viewer)
    scopes = _scopes(filters, viewer, queue_ids)
    wanted = list(filters.statuses)
    if filters.view == "bot":
        wanted = [status for status in wanted or Status if status in ACTIVE]
    if not wanted or len(scopes) * len(wanted) > _MOST_BRANCHES:
        return scopes
    return [[*scope, Conversation.status == status] for scope in scopes for status in wanted]


def _branches_with_people(filters: Filters, viewer: Viewer) -> list[Branch]:
    owners = [Owner.QUEUE] if filters.view == "queue" else [Owner.AGENT]
    if not filters.view:
        owners = [Owner.QUEUE, Owner.AGENT]
    assignee = viewer.id if filters.view == "mine" else filters.assignee_id
    mine = [] if assignee is None else [Conversation.assignee_id == assignee]
    return [[_WITH_PEOPLE, Conversation.owner == owner, *mine] for owner in owners]


def _scopes(filters: Filters, viewer: Viewer, queue_ids: Collection[int]) -> list[Branch]:
    if filters.view == "mine":
        return [[Conversation.assignee_id == viewer.id]]
    if filters.assignee_id is not None:
        return [[Conversation.assignee_id == filters.assignee_id]]
    if filters.sentiment is not None:
        return [[Conversation.sentiment == filters.sentiment]]
    if filters.priority:
        return [[_WITH_PRIORITY, Conversation.priority == filters.priority]]
    if filters.queue_id is not None:
        return [[Conversation.queue_id == filters.queue_id]]
    if filters.channel_id is not None:
        return [[Conversation.channel_id == filters.channel_id]]
    if viewer.sees_all_queues or len(queue_ids) > _MOST_QUEUES:
        return [[]]
    queue = unindexed(Conversation.queue_id)
    elsewhere = queue.is_(None) | queue.not_in(queue_ids)
    own = [Conversation.assignee_id == viewer.id, elsewhere]
    return [*([Conversation.queue_id == each] for each in queue_ids), own]


def _among(ids: Collection[int]) -> ColumnElement[bool]:
    return Conversation.id.in_(ids)


def _found_by(filters: Filters, hits: Hits | None) -> tuple[dict[int, int], list[str]]:
    return (hits.messages, asked_words(filters.q)) if hits else ({}, [])
