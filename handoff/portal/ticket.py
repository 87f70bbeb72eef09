"""One of the contact's tickets: its whole history; answer, rate."""

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect

from desk.errors import Invalid
from desk.text import clean_text
from desk.tickets.directory import mark_seen
from desk.tickets.portal import action_of_request, own_ticket, rate_ticket
from desk.tickets.posting import post_ticket_action
from handoff.pages import render
from handoff.portal.access import signed_in, who
from handoff.portal.fields import read_field
from handoff.portal.sending import (
    Sent,
    brings_what_is_there,
    kept_files,
    media_of,
    new_key,
    read_sent,
)
from handoff.portal.story import Answer, may_answer, read_page
from handoff.portal.wording import SCORES
from handoff.services import services_of
from handoff.uploads import MAX_FILES

_MAX_COMMENT_CHARS = 2000
_DONE = {
    "opened": "Chamado aberto. Acompanhe as novidades por aqui.",
    "posted": "Sua mensagem foi registrada no chamado.",
    "rated": "Avaliação recebida. Agradecemos!",
}

blueprint = Blueprint("portal_ticket", url_prefix="/tickets/<number:str>")


@blueprint.get("/")
@signed_in
async def show_ticket(request: Request, number: str) -> HTTPResponse:
    """The ticket; seen from now on."""
    return await _page(request, number, Answer(new_key()))


@blueprint.post("/", stream=True, ctx_csrf_in_body=True)
@signed_in
async def post_action(request: Request, number: str) -> HTTPResponse:
    """Words and files on the ticket, once for one form."""
    services, contact_id = services_of(request), who(request).contact.id
    sent = await read_sent(request)
    text = sent.words("text")
    async with services.database.transaction() as session:
        ticket = await own_ticket(session, contact_id, number)
        earlier = await action_of_request(session, ticket.id, sent.key)
        errors = _errors(sent, services.settings.max_text_chars)
        if not await may_answer(session, ticket):
            errors["form"] = "Esta empresa está bloqueada: o chamado não pode ser reaberto."
        elif earlier is not None and not (
            earlier.text == text
            and await brings_what_is_there(session, sent, ticket.id, earlier.id)
        ):
            errors["form"] = (
                "Esta página já enviou uma mensagem. "
                "Para enviar também o que está abaixo, envie de novo."
            )
        media = [] if earlier and not errors else await media_of(session, sent)
        if earlier is None and not errors:
            await post_ticket_action(
                session,
                ticket.id,
                author_kind="contact",
                text=text,
                media_ids=[each.id for each in media],
                request_key=sent.key,
            )
    if errors:
        key = sent.key if earlier is None else new_key()
        answer = Answer(key, text, kept_files(request, media), errors)
        return await _page(request, number, answer, status=400)
    services.pulse.beat("events")
    return redirect(f"/portal/tickets/{number}?ok=posted#end", status=303)


@blueprint.post("/rating")
@signed_in
async def rate(request: Request, number: str) -> HTTPResponse:
    """A score of 1 to 5 with words, for an ended ticket; a later one replaces it."""
    score = read_field(request, "score", 10)
    comment = clean_text(read_field(request, "comment", _MAX_COMMENT_CHARS))
    try:
        if score not in {str(each) for each in SCORES}:
            raise Invalid("score", "Escolha uma nota de 1 a 5.")
        async with services_of(request).database.transaction() as session:
            ticket = await own_ticket(session, who(request).contact.id, number)
            await rate_ticket(session, ticket, int(score), comment)
    except Invalid as wrong:
        answer = Answer(new_key(), errors={"score": wrong.message}, comment=comment)
        return await _page(request, number, answer, status=400)
    services_of(request).pulse.beat("events")
    return redirect(f"/portal/tickets/{number}?ok=rated", status=303)


@blueprint.get("/rating")
@signed_in
async def leave_rating(request: Request, number: str) -> HTTPResponse:
    """Where a reload after a login may end up."""
    del request
    return redirect(f"/portal/tickets/{number}", status=303)


async def _page(
    request: Request, number: str, answer: Answer, *, status: int = 200
) -> HTTPResponse:
    services, contact_id = services_of(request), who(request).contact.id
    async with services.database.reading() as session:
        ticket = await own_ticket(session, contact_id, number)
        page = await read_page(session, services, ticket)
    if page.is_news:
        async with services.database.transaction() as session:
            await mark_seen(session, ticket.id)
    settings = services.settings
    return render(
        request,
        "portal/ticket.html",
        page=page,
        answer=answer,
        scores=SCORES,
        done=_DONE.get(request.args.get("ok", ""), ""),
        max_comment_chars=_MAX_COMMENT_CHARS,
        max_text_chars=settings.max_text_chars,
        max_upload_bytes=settings.max_upload_bytes,
        max_files=MAX_FILES,
        status=status,
    )


def _errors(sent: Sent, max_text_chars: int) -> dict[str, str]:
    errors = {}
    text = sent.words("text")
    if not text and not sent.has_files and not sent.problems:
        errors["text"] = "Escreva uma mensagem ou anexe um arquivo."
    elif len(text) > max_text_chars:
        errors["text"] = f"O texto vai até {max_text_chars} caracteres. Encurte um pouco."
    if sent.problems:
        errors["files"] = " ".join(sent.problems)
    return errors
