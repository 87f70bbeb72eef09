"""The board: every queue as it stands, who waits in which order, who is there with how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.first_response import FirstResponses, first_responses_since
from desk.conversations.load import loads_of
from desk.conversations.queue_order import in_queue_order
from desk.conversations.rows import ConversationRow, rows_by_id
from desk.conversations.tables import Conversation
from desk.conversations.transfer import SEES_ALL, Colleague, colleagues
from desk.hours.clock import is_open, next_opening
from desk.hours.tables import BusinessCalendar
from desk.states import Owner
from desk.team.presence import Standing
from desk.team.queues import queue_ids_of
from desk.team.tables import Queue, QueueMember, Role, User

MOST_ROWS = 50


@dataclass(frozen=True)
class TeamMember:
    """Somebody of the team and the queues they serve; supervisors see all without serving one."""

    colleague: Colleague
    role: Role
    queue_ids: frozenset[int]
    last_seen_at: datetime | None


@dataclass(frozen=True)
class QueueBoard:
    """A queue. Lists hold at most fifty rows, the counts all; ``waiting`` is in queue order.

    ``opens_at``: when a closed queue opens, if that is known. ``serving``: its members.
    """

    queue: Queue
    is_open: bool
    opens_at: datetime | None
    waiting_count: int
    longest_since: datetime | None
    in_service_count: int
    first_responses: FirstResponses | None
    waiting: list[ConversationRow]
    in_service: list[ConversationRow]
    serving: list[TeamMember]

    @property
    def available_count(self) -> int:
        """Members who are there and not away."""
        return sum(each.colleague.standing is Standing.AVAILABLE for each in self.serving)


@dataclass(frozen=True)
class Board:
    """What a viewer may see: queues in menu order, people there first.

    ``without_queue``: what people took straight from the bot; supervisors see it.
    """

    queues: list[QueueBoard]
    team: list[TeamMember]
    without_queue: list[ConversationRow]


@dataclass(frozen=True)
class _Counted:
    count: int = 0
    longest_since: datetime | None = None


async def read_board(session: AsyncSession, viewer: User, now: datetime, zone: ZoneInfo) -> Board:
    """The queues that the viewer may see; today's first answers begin at midnight in ``zone``."""
    visible = await queue_ids_of(session, viewer)
    counted = await _count(session, visible)
    found = await session.execute(
        select(Queue, BusinessCalendar)
        .outerjoin(BusinessCalendar, BusinessCalendar.id == Queue.calendar_id)
        .where(Queue.id.in_(visible))
        .order_by(Queue.position, Queue.id)
    )
    queues = [
        (queue, calendar)
        for queue, calendar in found.all()
        if queue.active or (Owner.QUEUE, queue.id) in counted or (Owner.AGENT, queue.id) in counted
    ]
    lists = await _rows(session, [queue.id for queue, _ in queues])
    team = await _team(session, visible, viewer, now)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    responses = await first_responses_since(session, midnight)
    return Board(
        [
            QueueBoard(
                queue=queue,
                is_open=is_open(calendar, now),
                opens_at=None if is_open(calendar, now) else next_opening(calendar, now),
                waiting_count=counted.get((Owner.QUEUE, queue.id), _Counted()).count,
                longest_since=counted.get((Owner.QUEUE, queue.id), _Counted()).longest_since,
                in_service_count=counted.get((Owner.AGENT, queue.id), _Counted()).count,
                first_responses=responses.get(queue.id),
                waiting=lists.get((Owner.QUEUE, queue.id), []),
                in_service=lists.get((Owner.AGENT, queue.id), []),
                serving=[member for member in team if queue.id in member.queue_ids],
            )
            for queue, calendar in queues
        ],
        team,
        await _without_queue(session) if viewer.sees_all_queues else [],
    )


async def _without_queue(session: AsyncSession) -> list[ConversationRow]:
    query = (
        select(Conversation.id)
        .where(Conversation.owner == Owner.AGENT, Conversation.queue_id.is_(None))
        .order_by(Conversation.waiting_since.asc().nulls_last(), Conversation.id)
        .limit(MOST_ROWS)
    )
    return await rows_by_id(session, (await session.execute(query)).scalars().all())


async def _count(
    session: AsyncSession, queue_ids: Sequence[int]
) -> dict[tuple[Owner, int], _Counted]:
    query = (
        select(
            Conversation.owner,
            Conversation.queue_id,
            func.count(Conversation.id),
            func.min(Conversation.waiting_since),
        )
        .where(
            Conversation.owner.in_([Owner.QUEUE, Owner.AGENT]), Conversation.queue_id.in_(queue_ids)
        )
        .group_by(Conversation.owner, Conversation.queue_id)
    )
    return {
        (owner, queue_id): _Counted(count, longest)
        for owner, queue_id, count, longest in await session.execute(query)
        if queue_id is not None
    }


async def _rows(
    session: AsyncSession, queue_ids: Sequence[int]
) -> dict[tuple[Owner, int], list[ConversationRow]]:
    """The first rows of each queue's two lists: who waits; whom somebody has, unanswered first."""
    orders = {
        Owner.QUEUE: in_queue_order(),
        Owner.AGENT: (
            Conversation.waiting_since.asc().nulls_last(),
            Conversation.last_message_at.desc(),
            Conversation.id,
        ),
    }
    places: dict[tuple[Owner, int], list[int]] = {}
    for owner, order in orders.items():
        place = func.row_number().over(partition_by=Conversation.queue_id, order_by=order)
        numbered = (
            select(Conversation.id, Conversation.queue_id, place.label("place"))
            .where(Conversation.owner == owner, Conversation.queue_id.in_(queue_ids))
            .subquery()
        )
        first = (
            select(numbered.c.queue_id, numbered.c.id)
            .where(numbered.c.place <= MOST_ROWS)
            .order_by(numbered.c.queue_id, numbered.c.place)
        )
        for queue_id, conversation_id in await session.execute(first):
            places.setdefault((owner, queue_id), []).append(conversation_id)
    ids = [each for listed in places.values() for each in listed]
    rows = {row.id: row for row in await rows_by_id(session, ids)}
    return {key: [rows[each] for each in listed] for key, listed in places.items()}


async def _team(
    session: AsyncSession, queue_ids: Sequence[int], viewer: User, now: datetime
) -> list[TeamMember]:
    """Who serves these queues, and for supervisors everybody: who is there first, by name."""
    members = await session.execute(
        select(QueueMember.user_id, QueueMember.queue_id).where(QueueMember.queue_id.in_(queue_ids))
    )
    serves: dict[int, set[int]] = {}
    for user_id, queue_id in members:
        serves.setdefault(user_id, set()).add(queue_id)
    query = select(User).where(User.active, User.role != Role.DESIGNER)
    if not viewer.sees_all_queues:
        query = query.where(or_(User.id.in_(serves), User.role.in_(SEES_ALL)))
    users = (await session.execute(query)).scalars().all()
    loads = await loads_of(session, [user.id for user in users])
    team = [
        TeamMember(colleague, user.role, frozenset(serves.get(user.id, ())), user.last_seen_at)
        for user, colleague in zip(users, colleagues(users, loads, now), strict=True)
    ]
    order = list(Standing)
    return sorted(
        team, key=lambda each: (order.index(each.colleague.standing), each.colleague.name)
    )
