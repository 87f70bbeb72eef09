"""The sums anew: of the services as they are, or everything from the first event on."""

from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import upsert
from desk.events.tables import EventCursor
from desk.reports.follow import add_cells
from desk.reports.measures import Cells, add_to_cells
from desk.reports.tables import ReportCell, ReportService, ReportServiceTag

CURSOR = "reports"
_BATCH = 5000
_MOST_CELLS_HELD = 100_000


async def begin_reports(session: AsyncSession) -> None:
    """The log is counted from its first event on, unless that has begun already."""
    row = upsert(session)(EventCursor).values(name=CURSOR, seq=0)
    await session.execute(row.on_conflict_do_nothing())


async def forget_reports(session: AsyncSession) -> None:
    """Throws the figures away and begins at the first event again, in the caller's transaction."""
    await begin_reports(session)
    await session.execute(update(EventCursor).where(EventCursor.name == CURSOR).values(seq=0))
    for table in (ReportServiceTag, ReportService, ReportCell):
        await session.execute(delete(table))


async def sum_up(session: AsyncSession, zone: ZoneInfo) -> None:
    """Sums all services up once more: after another time zone was set, or many were added."""
    await session.execute(delete(ReportCell))
    cells: Cells = {}
    last_id = 0
    while True:
        query = select(ReportService).where(ReportService.id > last_id)
        page = (await session.execute(query.order_by(ReportService.id).limit(_BATCH))).scalars()
        services = page.all()
        if not services:
            break
        last_id = services[-1].id
        tags: dict[int, list[int]] = {}
        chosen = select(ReportServiceTag.service_id, ReportServiceTag.tag_id).where(
            ReportServiceTag.service_id.between(services[0].id, last_id)
        )
        for service_id, tag_id in await session.execute(chosen):
            tags.setdefault(service_id, []).append(tag_id)
        for service in services:
            add_to_cells(cells, service, tags.get(service.id, ()), zone)
            session.expunge(service)
        if len(cells) > _MOST_CELLS_HELD:
            await add_cells(session, cells)
            cells = {}
    await add_cells(session, cells)
