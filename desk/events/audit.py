"""The audit log: who changed what, when. A view of the event log for admins."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.events.log import first_seq_since
from desk.events.tables import Event
from desk.keyset import read_cursor, write_cursor

MAX_PAGE = 200
EXPORT_BATCH = 500
# An event's time is taken a moment before its number, by several writers at once.
_DISORDER = timedelta(minutes=10)

GROUPS: dict[str, tuple[str, ...]] = {
    "team": (
        "user.created",
        "user.changed",
        "user.deactivated",
        "user.reactivated",
        "user.password_reset",
        "user.password_changed",
        "user.presence_changed",
    ),
    "desk": (
        "queue.created",
        "queue.changed",
        "queue.deactivated",
        "queue.reactivated",
        "service_level.changed",
        "request_type.created",
        "request_type.changed",
        "routing.example_added",
        "routing.example_removed",
        "calendar.created",
        "calendar.changed",
        "calendar.removed",
        "tag.created",
        "tag.changed",
        "tag.deleted",
        "channel.created",
        "channel.changed",
        "canned_reply.created",
        "canned_reply.changed",
        "canned_reply.removed",
        "macro.changed",
        "configuration.changed",
        "knowledge_source.created",
        "knowledge_source.reread",
        "knowledge_source.removed",
        "review.decided",
        "review.discarded",
        "review.undone",
        "review.written",
        "rule.created",
        "rule.changed",
        "rule.activated",
        "rule.deactivated",
        "campaign.created",
        "campaign.changed",
        "campaign.state_changed",
        "campaign.tested",
        "webhook.created",
        "webhook.changed",
        "webhook.activated",
        "webhook.deactivated",
        "webhook.secret_rotated",
        "webhook.replayed",
        "webhook.paused",
        "webhook.removed",
    ),
    "customers": (
        "company.created",
        "company.changed",
        "contact.created",
        "contact.changed",
        "contact.registered",
        "contact.email_corrected",
        "contact.merged",
        "contact.merge_reverted",
        "contact.email_proved",
        "contact.opted_out",
        "contact.opted_in",
        "portal.account_moved",
        "portal.password_changed",
        "portal.reset_sent",
        "import.finished",
        "portal.credentials_requested",
    ),
    "conversations": (
        "conversation.created",
        "conversation.owner_changed",
        "conversation.status_changed",
        "conversation.priority_changed",
        "conversation.queue_changed",
        "conversation.reordered",
        "conversation.tagged",
        "conversation.untagged",
        "macro.applied",
    ),
    "tickets": ("ticket.opened", "ticket.action_posted", "ticket.status_changed", "ticket.changed"),
    "messages": ("message.edited", "message.deleted", "message.resent", "note.mentioned"),
}
"""Kinds of events by subject; what people did is found under these."""
KINDS = frozenset(kind for kinds in GROUPS.values() for kind in kinds)


@dataclass(frozen=True)
class AuditFilters:
    """What a list shows; empty means all. ``since`` is included, ``until`` is not."""

    kinds: Collection[str] = ()
    user_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AuditPage:
    """Events, newest first, and the cursor of the next page; None at the end."""

    rows: Sequence[Event]
    next_cursor: str | None


async def list_audit(
    session: AsyncSession, filters: AuditFilters, cursor: str | None = None, limit: int = 50
) -> AuditPage:
    """A page of the log, newest first, at most 200 events.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    below = read_cursor(cursor, (int,))[0] if cursor else None
    rows = await _newest(session, filters, below, size + 1)
    more = len(rows) > size
    return AuditPage(rows[:size], write_cursor(rows[size - 1].seq) if more else None)


async def walk_audit(session: AsyncSession, filters: AuditFilters) -> AsyncIterator[Event]:
    """The whole log as filtered, newest first, read batch by batch."""
    below: int | None = None
    while rows := await _newest(session, filters, below, EXPORT_BATCH):
        for row in rows:
            yield row
        below = rows[-1].seq
        session.expunge_all()


async def _newest(
    session: AsyncSession, filters: AuditFilters, below: int | None, limit: int
) -> Sequence[Event]:
    """One look into an index for each kind, so that a rare kind costs as little as a common one."""
    conditions = await _conditions(session, filters, below)
    kinds = sorted(set(filters.kinds or KINDS))
    if filters.user_id is not None:
        query = _page(conditions, limit).where(Event.kind.in_(kinds))
        return (await session.execute(query)).scalars().all()
    numbers: list[int] = []
    for kind in kinds:
        page = _page(conditions, limit).where(Event.kind == kind)
        numbers += (await session.execute(page.with_only_columns(Event.seq))).scalars().all()
    wanted = sorted(numbers, reverse=True)[:limit]
    query = select(Event).where(Event.seq.in_(wanted)).order_by(Event.seq.desc())
    return (await session.execute(query)).scalars().all()


def _page(conditions: Sequence[ColumnElement[bool]], limit: int) -> Select[Event]:
    return select(Event).where(*conditions).order_by(Event.seq.desc()).limit(limit)


async def _conditions(
    session: AsyncSession, filters: AuditFilters, below: int | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if below is not None:
        conditions.append(Event.seq < below)
    if filters.user_id is not None:
        conditions += [Event.actor_kind == "agent", Event.actor_id == filters.user_id]
    if filters.since is not None:
        first = await first_seq_since(session, filters.since - _DISORDER)
        conditions += [Event.seq >= first, Event.at >= filters.since]
    if filters.until is not None:
        first = await first_seq_since(session, filters.until + _DISORDER)
        conditions += [Event.seq < first, Event.at < filters.until]
    return conditions
