"""A ticket's page as its contact reads it."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.tables import Company
from desk.contacts.portal_access import hide_credentials
from desk.states import ENDED, STATUS_LABELS
from desk.tickets.portal import (
    TicketFile,
    files_of_ticket,
    rating_of_ticket,
    status_changes,
    whole_story,
)
from desk.tickets.tables import RequestType, Ticket
from handoff.media import media_url
from handoff.portal.sending import KeptFile
from handoff.portal.wording import AUTHORS, SCORES, Moment, moment, size_name
from handoff.services import Services


@dataclass(frozen=True)
class FileItem:
    """A file. ``kind``: image, video, audio or file."""

    kind: str
    url: str
    name: str
    size: str


@dataclass(frozen=True)
class Entry:
    """One line of the history: something said (``kind`` post) or a new status."""

    kind: str
    key: str
    at: Moment
    author: str = ""
    own: bool = False
    text: str = ""
    status: str = ""
    status_label: str = ""
    files: list[FileItem] = field(default_factory=list)


@dataclass(frozen=True)
class Rating:
    """What the contact thought."""

    score: int
    label: str
    comment: str


@dataclass(frozen=True)
class Answer:
    """The forms of the page: what was typed, and what is wrong with it."""

    key: str
    text: str = ""
    kept: list[KeptFile] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True)
class TicketPage:
    """A ticket in words."""

    number: str
    subject: str
    status: str
    status_label: str
    ended: bool
    company: str
    company_blocked: bool
    request_type: str
    opened: Moment
    updated: Moment
    entries: list[Entry]
    rating: Rating | None
    is_news: bool
    can_answer: bool


async def may_answer(session: AsyncSession, ticket: Ticket) -> bool:
    """An ended ticket of a blocked company is not opened again."""
    if ticket.status not in ENDED or ticket.company_id is None:
        return True
    company = await session.get(Company, ticket.company_id)
    return company is None or not company.blocked


async def read_page(session: AsyncSession, services: Services, ticket: Ticket) -> TicketPage:
    """The ticket with its whole history, oldest first."""
    zone = services.settings.zone
    company = await session.get(Company, ticket.company_id) if ticket.company_id else None
    nature = (
        await session.get(RequestType, ticket.request_type_id) if ticket.request_type_id else None
    )
    rating = await rating_of_ticket(session, ticket.id)
    seen = ticket.contact_seen_at
    return TicketPage(
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status.value,
        status_label=STATUS_LABELS[ticket.status.value],
        ended=ticket.status in ENDED,
        company=company.name if company else "",
        company_blocked=company.blocked if company else False,
        request_type=nature.name if nature else "Outro",
        opened=moment(ticket.created_at, zone),
        updated=moment(ticket.updated_at, zone),
        entries=await _entries(session, services, ticket),
        rating=Rating(rating.score, SCORES[rating.score], rating.comment) if rating else None,
        is_news=seen is None or ticket.updated_at > seen,
        can_answer=await may_answer(session, ticket),
    )


async def _entries(session: AsyncSession, services: Services, ticket: Ticket) -> list[Entry]:
    zone = services.settings.zone
    files: dict[int | None, list[FileItem]] = defaultdict(list)
    for file in await files_of_ticket(session, ticket.id):
        files[file.action_id].append(_file_item(services, file))
    opening = Entry(
        kind="post",
        key="opening",
        at=moment(ticket.created_at, zone),
        author=AUTHORS["contact"],
        own=True,
        text=hide_credentials(ticket.description),
        files=files[None],
    )
    # An action and the status that follows from it have about the same time: the action first.
    timed = [
        (
            action.created_at,
            0,
            Entry(
                kind="post",
                key=f"action-{action.id}",
                at=moment(action.created_at, zone),
                author=AUTHORS.get(action.author_kind, AUTHORS["agent"]),
                own=action.author_kind == "contact",
                text=hide_credentials(action.text),
                files=files[action.id],
            ),
        )
        for action in await whole_story(session, ticket.id)
    ]
    timed += [
        (
            change.at,
            1,
            Entry(
                kind="status",
                key=f"status-{position}",
                at=moment(change.at, zone),
                status=change.status.value,
                status_label=STATUS_LABELS[change.status.value],
            ),
        )
        for position, change in enumerate(await status_changes(session, ticket.id))
    ]
    return [opening, *(entry for _, _, entry in sorted(timed, key=lambda each: each[:2]))]


def _file_item(services: Services, file: TicketFile) -> FileItem:
    kind = file.mime.partition("/")[0]
    # What a browser may not show in place is offered as a document: SVG, TIFF, HEIC.
    shown = kind != "image" or file.mime in {"image/png", "image/jpeg", "image/gif", "image/webp"}
    return FileItem(
        kind=kind if shown and kind in {"image", "video", "audio"} else "file",
        url=media_url(services, file.id, file.name),
        name=file.name,
        size=size_name(file.size),
    )
