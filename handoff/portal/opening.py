"""A contact opens a ticket."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.tables import Company
from desk.contacts.directory import companies_of
from desk.media.tables import Media
from desk.tickets.opening import MAX_SUBJECT_CHARS, open_ticket
from desk.tickets.portal import ticket_of_request
from desk.tickets.request_types import offered_in_chat
from desk.tickets.tables import RequestType, Ticket
from handoff.pages import render
from handoff.portal.access import signed_in, who
from handoff.portal.sending import (
    KeptFile,
    Sent,
    brings_what_is_there,
    kept_files,
    media_of,
    new_key,
    read_sent,
)
from handoff.services import services_of
from handoff.uploads import MAX_FILES

blueprint = Blueprint("portal_opening")


@dataclass(frozen=True)
class Choices:
    """What a new ticket of this contact may be about."""

    companies: list[Company]
    blocked: list[Company]
    request_types: Sequence[RequestType]


@dataclass(frozen=True)
class Draft:
    """The form as it is shown: what was typed, and what is wrong with it."""

    key: str
    subject: str = ""
    company: str = ""
    request_type: str = ""
    description: str = ""
    kept: list[KeptFile] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


@blueprint.get("/tickets/new")
@signed_in
async def show_new(request: Request) -> HTTPResponse:
    """The empty form."""
    async with services_of(request).database.reading() as session:
        choices = await _choices(session, who(request).contact.id)
    return _page(request, choices, Draft(new_key()))


@blueprint.post("/tickets/new", stream=True, ctx_csrf_in_body=True)
@signed_in
async def send_new(request: Request) -> HTTPResponse:
    """Opens the ticket, once for one form; else shows the form again with all that it held."""
    services, contact_id = services_of(request), who(request).contact.id
    sent = await read_sent(request)
    async with services.database.transaction() as session:
        earlier = await ticket_of_request(session, contact_id, sent.key)
        if earlier is not None and await _says_the_same(session, earlier, sent):
            return _opened(earlier)
        choices = await _choices(session, contact_id)
        errors = _errors(sent, choices, services.settings.max_text_chars)
        if earlier is not None:
            errors["form"] = (
                f"Esta página já abriu o chamado #{earlier.number}. "
                "Para abrir mais um com o que está abaixo, envie de novo."
            )
        media = await media_of(session, sent)
        if errors:
            key = sent.key if earlier is None else new_key()
            return _page(request, choices, _draft(request, sent, key, media, errors), 400)
        ticket = await open_ticket(
            session,
            contact_id=contact_id,
            company_id=_company(sent, choices),
            subject=sent.words("subject"),
            description=sent.words("description"),
            request_type_id=int(sent.words("request_type") or 0) or None,
            media_ids=[each.id for each in media],
            request_key=sent.key,
        )
    services.pulse.beat("events")
    return _opened(ticket)


async def _choices(session: AsyncSession, contact_id: int) -> Choices:
    companies = await companies_of(session, contact_id)
    return Choices(
        companies=[company for company in companies if not company.blocked],
        blocked=[company for company in companies if company.blocked],
        request_types=await offered_in_chat(session),
    )


def _company(sent: Sent, choices: Choices) -> int | None:
    """The chosen company; the only one when there is no choice."""
    if len(choices.companies) == 1 and not sent.words("company"):
        return choices.companies[0].id
    wanted = sent.words("company")
    return next((each.id for each in choices.companies if str(each.id) == wanted), None)


def _errors(sent: Sent, choices: Choices, max_text_chars: int) -> dict[str, str]:
    errors = {}
    subject, text = sent.words("subject"), sent.words("description")
    if not choices.companies:
        errors["form"] = "No momento não é possível abrir chamados para a sua empresa."
    elif _company(sent, choices) is None:
        is_blocked = sent.words("company") in {str(each.id) for each in choices.blocked}
        errors["company"] = (
            "Esta empresa está bloqueada: não é possível abrir chamados para ela."
            if is_blocked
            else "Escolha a empresa."
        )
    if not subject:
        errors["subject"] = "Escreva o assunto em uma frase."
    elif len(subject) > MAX_SUBJECT_CHARS:
        errors["subject"] = f"O assunto vai até {MAX_SUBJECT_CHARS} caracteres. Encurte um pouco."
    offered = {str(each.id) for each in choices.request_types}
    if sent.words("request_type") not in offered | {""}:
        errors["request_type"] = "Escolha um tipo da lista, ou “Outro”."
    if not text:
        errors["description"] = "Conte o que aconteceu."
    elif len(text) > max_text_chars:
        errors["description"] = f"O texto vai até {max_text_chars} caracteres. Encurte um pouco."
    if sent.problems:
        errors["files"] = " ".join(sent.problems)
    return errors


def _draft(
    request: Request, sent: Sent, key: str, media: Sequence[Media], errors: dict[str, str]
) -> Draft:
    return Draft(
        key=key,
        subject=sent.words("subject"),
        company=sent.words("company"),
        request_type=sent.words("request_type"),
        description=sent.words("description"),
        kept=kept_files(request, media),
        errors=errors,
    )


async def _says_the_same(session: AsyncSession, ticket: Ticket, sent: Sent) -> bool:
    words = (" ".join(sent.words("subject").split()), sent.words("description"))
    same_words = (ticket.subject, ticket.description) == words
    return same_words and await brings_what_is_there(session, sent, ticket.id, None)


def _opened(ticket: Ticket) -> HTTPResponse:
    return redirect(f"/portal/tickets/{ticket.number}?ok=opened", status=303)


def _page(request: Request, choices: Choices, draft: Draft, status: int = 200) -> HTTPResponse:
    settings = services_of(request).settings
    return render(
        request,
        "portal/new.html",
        choices=choices,
        draft=draft,
        max_subject_chars=MAX_SUBJECT_CHARS,
        max_text_chars=settings.max_text_chars,
        max_upload_bytes=settings.max_upload_bytes,
        max_files=MAX_FILES,
        status=status,
    )
