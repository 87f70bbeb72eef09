"""Keeps the reports by the event log: each batch changes the services that it speaks of.

A batch is one transaction together with the log's cursor, so that a restart neither skips nor
repeats. The cells get only what changed: what a service counted as before is taken away, what it
counts as afterwards is added; the order in which facts become known does not matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import ContactCompany
from desk.conversations.tables import Conversation, ConversationTicket
from desk.db import upsert
from desk.events.tables import Event
from desk.hours.clock import business_seconds
from desk.hours.tables import BusinessCalendar
from desk.reports.measures import Cells, add_to_cells
from desk.reports.services import COUNTED_KINDS, apply_event, first_service
from desk.reports.tables import ReportCell, ReportService, ReportServiceTag
from desk.team.tables import Queue
from desk.tickets.tables import Ticket

TAGGED, UNTAGGED = "conversation.tagged", "conversation.untagged"
TICKET_OPENED, TICKET_CHANGED = "ticket.opened", "ticket.changed"
REGISTERED = "contact.registered"
FOLLOWED_KINDS = (*COUNTED_KINDS, TAGGED, UNTAGGED, TICKET_OPENED, TICKET_CHANGED, REGISTERED)


@dataclass
class _Kept:
    """The newest service of a conversation and its tags."""

    service: ReportService
    tag_ids: set[int] = field(default_factory=set)


@dataclass
class _Around:
    """What a batch needs beside the log, read at once."""

    tickets: Mapping[int, Ticket]
    talks_of_tickets: Mapping[int, Sequence[int]]
    talks_of_contacts: Mapping[int, Sequence[int]]
    channels: Mapping[int, int]
    companies: Mapping[int, int]
    calendars: Mapping[int, BusinessCalendar]

    def business(self, queue_id: int | None, start: datetime, end: datetime) -> float:
        """Business seconds of a queue, by its calendar as it is now."""
        return business_seconds(self.calendars.get(queue_id or 0), start, end)


async def follow_events(session: AsyncSession, events: Sequence[Event], zone: ZoneInfo) -> None:
    """Counts a batch of the log, in its order; the caller has moved the cursor."""
    around = await _read_around(session, events)
    told = [(event, talk) for event in events for talk in _talks_of(event, around)]
    kept = await _read_kept(session, {talk for _, talk in told})
    cells: Cells = {}
    for each in kept.values():
        add_to_cells(cells, each.service, each.tag_ids, zone, sign=-1)
    ended: list[_Kept] = []
    for event, talk in told:
        here = kept.get(talk)
        if here is None:
            if event.kind not in COUNTED_KINDS:
                continue
            here = kept[talk] = _Kept(first_service(event))
            here.service.channel_id = around.channels.get(talk)
        following = apply_event(here.service, event, around.business)
        if following is not None:
            ended.append(here)
            here = kept[talk] = _Kept(following, set(here.tag_ids))
        _learn(here, event, around, talk)
    for each in (*ended, *kept.values()):
        add_to_cells(cells, each.service, each.tag_ids, zone)
    await _write_services(session, [*ended, *kept.values()])
    await add_cells(session, cells)


def _learn(kept: _Kept, event: Event, around: _Around, talk: int) -> None:
    """What a service is about: its tags, its ticket's type and company, else the contact's."""
    service = kept.service
    if event.kind == TAGGED:
        kept.tag_ids.add(event.data["tag_id"])
    elif event.kind == UNTAGGED:
        kept.tag_ids.discard(event.data["tag_id"])
    elif event.kind in (TICKET_OPENED, TICKET_CHANGED):
        ticket = around.tickets.get(event.ticket_id or 0)
        if ticket is not None:
            service.request_type_id = ticket.request_type_id or service.request_type_id
            service.company_id = ticket.company_id or service.company_id
    if service.company_id is None:
        service.company_id = around.companies.get(talk)


def _talks_of(event: Event, around: _Around) -> Iterable[int]:
    """The conversations that an event speaks of."""
    if event.kind == REGISTERED:
        return around.talks_of_contacts.get(event.data["contact_id"], ())
    if event.conversation_id is not None:
        return (event.conversation_id,)
    return around.talks_of_tickets.get(event.ticket_id or 0, ())


async def _read_around(session: AsyncSession, events: Sequence[Event]) -> _Around:
    ticket_ids = {event.ticket_id for event in events if event.ticket_id is not None}
    contact_ids = {event.data["contact_id"] for event in events if event.kind == REGISTERED}
    talks_of_tickets = await _grouped(
        session,
        select(ConversationTicket.ticket_id, ConversationTicket.conversation_id).where(
            ConversationTicket.ticket_id.in_(ticket_ids)
        ),
    )
    talks_of_contacts = await _grouped(
        session,
        select(Conversation.contact_id, Conversation.id).where(
            Conversation.contact_id.in_(contact_ids)
        ),
    )
    talks = {event.conversation_id for event in events if event.conversation_id is not None}
    talks.update(*talks_of_tickets.values(), *talks_of_contacts.values())
    tickets = await session.execute(select(Ticket).where(Ticket.id.in_(ticket_ids)))
    places = await session.execute(
        select(Conversation.id, Conversation.channel_id).where(Conversation.id.in_(talks))
    )
    # Of several companies the first that the contact spoke for.
    companies = await session.execute(
        select(Conversation.id, ContactCompany.company_id)
        .join(ContactCompany, ContactCompany.contact_id == Conversation.contact_id)
        .where(Conversation.id.in_(talks))
        .order_by(ContactCompany.created_at.desc(), ContactCompany.company_id.desc())
    )
    calendars = await session.execute(
        select(Queue.id, BusinessCalendar).join(
            BusinessCalendar, BusinessCalendar.id == Queue.calendar_id
        )
    )
    return _Around(
        tickets={ticket.id: ticket for ticket in tickets.scalars()},
        talks_of_tickets=talks_of_tickets,
        talks_of_contacts=talks_of_contacts,
        channels={row[0]: row[1] for row in places},
        companies={row[0]: row[1] for row in companies},
        calendars={row[0]: row[1] for row in calendars},
    )


async def _grouped(session: AsyncSession, query: object) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for key, value in await session.execute(query):  # type: ignore[call-overload]
        groups.setdefault(key, []).append(value)
    return groups


async def _read_kept(session: AsyncSession, talks: set[int]) -> dict[int, _Kept]:
    newest = (
        select(func.max(ReportService.id))
        .where(ReportService.conversation_id.in_(talks))
        .group_by(ReportService.conversation_id)
    )
    services = await session.execute(select(ReportService).where(ReportService.id.in_(newest)))
    kept = {each.conversation_id: _Kept(each) for each in services.scalars()}
    by_id = {each.service.id: each for each in kept.values()}
    tags = select(ReportServiceTag.service_id, ReportServiceTag.tag_id).where(
        ReportServiceTag.service_id.in_(by_id)
    )
    for service_id, tag_id in await session.execute(tags):
        by_id[service_id].tag_ids.add(tag_id)
    return kept


async def _write_services(session: AsyncSession, kept: Sequence[_Kept]) -> None:
    session.add_all([each.service for each in kept])
    await session.flush()
    ids = [each.service.id for each in kept]
    await session.execute(delete(ReportServiceTag).where(ReportServiceTag.service_id.in_(ids)))
    rows = [
        {"service_id": each.service.id, "tag_id": tag_id}
        for each in kept
        for tag_id in each.tag_ids
    ]
    if rows:
        await session.execute(upsert(session)(ReportServiceTag).values(rows))


async def add_cells(session: AsyncSession, cells: Cells) -> None:
    """Adds to the kept sums; always in one order, so that two writers cannot hold each other up."""
    rows = [
        {
            "dimension": dimension,
            "measure": measure,
            "day": day,
            "key": key,
            "number": number,
            "ms": ms,
            "business_ms": business_ms,
        }
        for (dimension, measure, day, key), (number, ms, business_ms) in sorted(cells.items())
        if number or ms or business_ms
    ]
    if not rows:
        return
    # One statement, compiled once, for as many rows as there are.
    insert = upsert(session)(ReportCell)
    added = insert.on_conflict_do_update(
        index_elements=["dimension", "measure", "day", "key"],
        set_={
            "number": ReportCell.number + insert.excluded.number,
            "ms": ReportCell.ms + insert.excluded.ms,
            "business_ms": ReportCell.business_ms + insert.excluded.business_ms,
        },
    )
    await session.execute(added, rows)
