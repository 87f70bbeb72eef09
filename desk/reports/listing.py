"""The services behind a figure, newest first, and all services of a period as rows."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from desk.contacts.tables import Contact
from desk.conversations.access import visible_to
from desk.conversations.rows import ConversationRow, rows_by_id
from desk.conversations.tables import Conversation
from desk.db import MAX_KEY, Database
from desk.errors import Invalid
from desk.keyset import read_cursor, write_cursor
from desk.reports.catalogue import ACTIVE, Figure
from desk.reports.measures import DIMENSIONS, HOUR, MEASURES, OPENED
from desk.reports.periods import TIMES, WEEKDAY, Period, days_of_bar
from desk.reports.sums import Bar, Filters, during, matching
from desk.reports.tables import ReportService, ReportServiceTag
from desk.team.tables import User

PAGE_ROWS = 50
MAX_PAGE = 200
_BATCH = 500
# Hours and weekdays are no ranges of an index: so many services are looked through for a page.
_LOOKED_THROUGH = 20_000


@dataclass(frozen=True)
class ServiceRow:
    """A service with the moment that the figure counts, and its conversation as it is now."""

    service: ReportService
    moment: datetime
    conversation: ConversationRow


@dataclass(frozen=True)
class ServicePage:
    """Services, newest first; ``next_cursor`` leads on, None at the end."""

    rows: Sequence[ServiceRow]
    next_cursor: str | None


@dataclass(frozen=True)
class Cut:
    """What of a figure is looked at: its period, bar and filters."""

    period: Period
    filters: Filters
    by: str = ""
    bar: Bar | None = None


async def list_services(
    session: AsyncSession,
    viewer: User,
    figure: Figure,
    cut: Cut,
    zone: ZoneInfo,
    cursor: str | None = None,
    limit: int = PAGE_ROWS,
) -> ServicePage:
    """A page of the services that a figure counts, of conversations that the viewer may see.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    limit = max(1, min(limit, MAX_PAGE))
    moment, conditions = _conditions(figure, cut, zone)
    query = (
        select(ReportService)
        .join(Conversation, Conversation.id == ReportService.conversation_id)
        .where(*conditions, await visible_to(session, viewer))
        .order_by(moment.desc(), ReportService.id.desc())
    )
    found, looked_at = await _walk(session, query, moment, cut, zone, _read(cursor), limit)
    kept = found[:limit]
    end = kept[-1] if len(found) > limit else looked_at
    talks = await rows_by_id(session, list({each.conversation_id for each in kept}))
    rows = {each.id: each for each in talks}
    return ServicePage(
        [
            ServiceRow(each, getattr(each, moment.key), rows[each.conversation_id])
            for each in kept
            if each.conversation_id in rows
        ],
        write_cursor(getattr(end, moment.key).isoformat(), end.id) if end else None,
    )


async def _walk(
    session: AsyncSession,
    query: Select[ReportService],
    moment: InstrumentedAttribute[Any],
    cut: Cut,
    zone: ZoneInfo,
    after: tuple[datetime, int] | None,
    limit: int,
) -> tuple[list[ReportService], ReportService | None]:
    """At most one more than asked for; and the last one looked at when there may be more."""
    size = _size(cut, limit)
    found: list[ReportService] = []
    for _ in range(max(1, _LOOKED_THROUGH // size)):
        page = query.where(tuple_(moment, ReportService.id) < after) if after else query
        services = (await session.execute(page.limit(size))).scalars().all()
        found += [each for each in services if _in_bar(getattr(each, moment.key), cut, zone)]
        if len(found) > limit:
            return found[: limit + 1], None
        if len(services) < size:
            return found, None
        after = (getattr(services[-1], moment.key), services[-1].id)
    return found, services[-1]


def _size(cut: Cut, limit: int) -> int:
    return _BATCH * 4 if cut.by in (HOUR, WEEKDAY) and cut.bar is not None else limit + 1


def _conditions(
    figure: Figure, cut: Cut, zone: ZoneInfo
) -> tuple[InstrumentedAttribute[Any], list[ColumnElement[bool]]]:
    period, filters = cut.period, dict(cut.filters)
    if isinstance(cut.bar, date):
        period = days_of_bar(cut.bar, cut.by).within(period)
    elif cut.bar is not None and cut.by in DIMENSIONS:
        filters[cut.by] = cut.bar
    if figure.behind == (ACTIVE,):
        until = period.bounds(zone)[1]
        moment = MEASURES[OPENED].moment
        ended = ReportService.ended_at
        active = or_(ended.is_(None), ended >= until)
        return moment, [moment < until, active, *matching(filters)]
    measures = [MEASURES[name] for name in figure.behind]
    moment = measures[0].moment
    counted = or_(*(each.condition for each in measures))
    return moment, [*during(moment, period, zone), counted, *matching(filters)]


def _in_bar(moment: datetime, cut: Cut, zone: ZoneInfo) -> bool:
    local = moment.astimezone(zone)
    if cut.by == HOUR and cut.bar is not None:
        return local.hour == cut.bar
    if cut.by == WEEKDAY and cut.by in TIMES and cut.bar is not None:
        return local.weekday() == cut.bar
    return True


def _read(cursor: str | None) -> tuple[datetime, int] | None:
    if not cursor:
        return None
    at, key = read_cursor(cursor, [str, int])
    moment = _moment(at)
    if moment is None or key > MAX_KEY:
        raise Invalid("cursor", "O cursor não é válido.")
    return moment, key


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and 2000 <= moment.year < 2300 else None


@dataclass(frozen=True)
class ExportedService:
    """A service as a row of a file."""

    service: ReportService
    public_id: str
    contact_name: str
    tag_ids: Sequence[int]


async def walk_services(
    database: Database, viewer: User, period: Period, filters: Filters, zone: ZoneInfo
) -> AsyncIterator[list[ExportedService]]:
    """All services opened in a period, oldest first, in batches; no read lasts longer than one."""
    moment = ReportService.opened_at
    after: tuple[datetime, int] | None = None
    while True:
        async with database.reading(may_be_slow=True) as session:
            query = (
                select(ReportService, Conversation.public_id, Contact.name)
                .join(Conversation, Conversation.id == ReportService.conversation_id)
                .join(Contact, Contact.id == Conversation.contact_id)
                .where(
                    *during(moment, period, zone),
                    *matching(filters),
                    await visible_to(session, viewer),
                )
                .order_by(moment, ReportService.id)
                .limit(_BATCH)
            )
            if after is not None:
                query = query.where(tuple_(moment, ReportService.id) > after)
            found = (await session.execute(query)).all()
            tags = await _tags_of(session, [row[0].id for row in found])
        if found:
            yield [
                ExportedService(service, public_id, name or "", tags.get(service.id, []))
                for service, public_id, name in found
            ]
            after = (found[-1][0].opened_at, found[-1][0].id)
        if len(found) < _BATCH:
            return


async def _tags_of(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[int]]:
    query = select(ReportServiceTag.service_id, ReportServiceTag.tag_id).where(
        ReportServiceTag.service_id.in_(ids)
    )
    tags: dict[int, list[int]] = {}
    for service_id, tag_id in await session.execute(query):
        tags.setdefault(service_id, []).append(tag_id)
    return tags
