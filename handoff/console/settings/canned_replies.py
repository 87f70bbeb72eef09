"""Respostas prontas: each person's own, the team's and everybody's."""

from collections.abc import Mapping
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.fill import VARIABLES, fill_text
from desk.canned.find import files_of_replies, list_replies, visible_reply
from desk.canned.macros import macros_of
from desk.canned.save import ReplyDraft, add_reply, change_reply, may_write, remove_reply
from desk.canned.tables import CannedReply, Scope
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid
from desk.team.queues import list_queues
from desk.team.tables import Queue, User
from handoff.console.message_parts import FileItem
from handoff.console.settings.forms import Form, act, refused, show
from handoff.console.settings.macros import macro_words
from handoff.console.settings.sections import ROOT
from handoff.console.wording import size_name
from handoff.i18n import N_, _
from handoff.media import media_url
from handoff.security import check_csrf, current_user, signed_in
from handoff.services import Services, services_of
from handoff.uploads import chosen_files, keep_files, read_form_in_part, too_large

TEAM = ("agent", "supervisor", "admin")
LIST = f"{ROOT}/canned-replies"
FIELDS = ("scope", "queue", "shortcut", "title", "text")
REMOVE = "remove-"
SCOPES = {
    Scope.PERSONAL: (N_("Minhas"), N_("Só você vê e usa.")),
    Scope.TEAM: (N_("Da equipe"), N_("Quem atende a fila vê e usa.")),
    Scope.GLOBAL: (N_("De todos"), N_("Todo o atendimento vê e usa.")),
}
SAMPLES = {
    "contact.first_name": "Maria",
    "contact.name": "Maria Souza",
    "company.name": "Padaria Estrela LTDA",
    "ticket.number": "2026-000123",
    "queue.name": "Suporte",
    "brand": "Acme Sistemas",
    "greeting": "bom dia",
}

blueprint = Blueprint("settings_canned_replies", url_prefix="/canned-replies")


@blueprint.get("/")
@signed_in(*TEAM)
async def show_replies(request: Request) -> HTTPResponse:
    """All replies that this person sees, by whom they are for; or those with some words."""
    user, words = current_user(request), request.args.get("q", "")[:200]
    async with services_of(request).database.reading() as session:
        replies = await list_replies(session, user, words)
        files = await files_of_replies(session, [reply.id for reply in replies])
        macros = await macros_of(session, [reply.id for reply in replies])
        queues = {queue.id: queue.name for queue in await list_queues(session)}
    groups = [
        (_(title), _(about), [reply for reply in replies if reply.scope is scope])
        for scope, (title, about) in SCOPES.items()
    ]
    return show(
        request,
        "canned_replies.html",
        groups=groups,
        words=words,
        files=files,
        macros=macros,
        queues=queues,
    )


@blueprint.get("/new")
@signed_in(*TEAM)
async def show_new(request: Request) -> HTTPResponse:
    """An empty form."""
    return await _form_page(request, None, Form({"scope": "personal"}))


@blueprint.post("/new", stream=True, ctx_csrf_in_body=True)
@signed_in(*TEAM)
async def create(request: Request) -> HTTPResponse:
    """Adds a reply with its files."""
    return await _save(request, None)


@blueprint.get("/<reply_id:int>")
@signed_in(*TEAM)
async def show_one(request: Request, reply_id: int) -> HTTPResponse:
    """One reply, to be changed by who may."""
    async with services_of(request).database.reading() as session:
        reply = await visible_reply(session, current_user(request), reply_id)
    values = {
        "scope": reply.scope.value,
        "queue": reply.queue_id,
        "shortcut": reply.shortcut,
        "title": reply.title,
        "text": reply.text,
    }
    return await _form_page(request, reply, Form(values))


@blueprint.post("/<reply_id:int>", stream=True, ctx_csrf_in_body=True)
@signed_in(*TEAM)
async def change(request: Request, reply_id: int) -> HTTPResponse:
    """Changes a reply, adds files and takes files away."""
    async with services_of(request).database.reading() as session:
        reply = await visible_reply(session, current_user(request), reply_id)
    return await _save(request, reply)


@blueprint.post("/<reply_id:int>/delete")
@signed_in(*TEAM)
async def delete(request: Request, reply_id: int) -> HTTPResponse:
    """Deletes a reply."""
    user = current_user(request)

    async def work(session: AsyncSession) -> None:
        await remove_reply(session, user, reply_id)

    return await act(
        request, work, done=f"{LIST}?ok=deleted", again=lambda form: _form_page(request, None, form)
    )


async def _save(request: Request, reply: CannedReply | None) -> HTTPResponse:
    services, user = services_of(request), current_user(request)
    sent, cut = await read_form_in_part(request, services.settings)
    check_csrf(request, request.headers.get("x-csrf-token") or sent.fields.get("csrf", ""))
    values = {name: sent.fields.get(name, "") for name in FIELDS}
    try:
        if cut:
            raise too_large(services.settings)
        files = await keep_files(services.settings, chosen_files(sent))
        async with services.database.transaction() as session:
            draft = _draft(values)
            if reply is None:
                await add_reply(session, user, draft, files)
            else:
                removed = _removed(sent.fields)
                await change_reply(
                    session, user, reply.id, draft, files=files, removed_media=removed
                )
    except Invalid as refusal:
        return await _form_page(request, reply, refused(values, refusal))
    services.pulse.beat("events")
    return redirect(f"{LIST}?ok={'saved' if reply else 'created'}", status=303)


async def _form_page(request: Request, reply: CannedReply | None, form: Form) -> HTTPResponse:
    services, user = services_of(request), current_user(request)
    async with services.database.reading() as session:
        queues = await list_queues(session)
        files = await _files(session, services, reply)
        macro = await macro_words(session, reply) if reply else []
    samples = SAMPLES | {"agent.first_name": user.first_name}
    return show(
        request,
        "canned_reply.html",
        status=form.status,
        form=form,
        reply=reply,
        files=files,
        may_write=reply is None or may_write(user, reply.scope),
        scopes=_scopes_for(user),
        queues=_queue_options(queues),
        variables=[(name, _(words), samples[name]) for name, words in VARIABLES.items()],
        preview=fill_text(str(form["text"] or ""), samples).text,
        path=f"{LIST}/{reply.id}" if reply else f"{LIST}/new",
        macro=macro,
    )


async def _files(
    session: AsyncSession, services: Services, reply: CannedReply | None
) -> list[tuple[int, FileItem]]:
    if reply is None:
        return []
    files = await files_of_replies(session, [reply.id])
    return [
        (
            file.id,
            FileItem(
                kind="file",
                url=media_url(services, file.id, file.name),
                name=file.name,
                size=size_name(file.size_bytes),
            ),
        )
        for file in files.get(reply.id, [])
    ]


def _draft(values: Mapping[str, Any]) -> ReplyDraft:
    try:
        scope = Scope(values["scope"])
    except ValueError as error:
        raise Invalid("scope", _("Escolha para quem é a resposta.")) from error
    queue = str(values["queue"])
    queue_id = min(int(queue), MAX_SMALL_KEY) if queue.isascii() and queue.isdecimal() else None
    return ReplyDraft(scope, values["shortcut"], values["title"], values["text"], queue_id)


def _removed(fields: Mapping[str, str]) -> list[int]:
    marked = [name.removeprefix(REMOVE) for name in fields if name.startswith(REMOVE)]
    return [int(each) for each in marked if each.isascii() and each.isdecimal() and len(each) < 18]


def _scopes_for(user: User) -> list[tuple[str, str, str]]:
    return [
        (scope.value, _(title), _(about))
        for scope, (title, about) in SCOPES.items()
        if may_write(user, scope)
    ]


def _queue_options(queues: Any) -> list[tuple[int | str, str]]:
    active: list[Queue] = [queue for queue in queues if queue.active]
    return [("", _("Escolha a fila")), *((queue.id, queue.name) for queue in active)]
