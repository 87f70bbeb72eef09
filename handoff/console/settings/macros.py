"""Macros: what a canned reply changes besides being sent."""

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.macros import MacroValues, macro_of, set_macro
from desk.canned.save import writable_reply
from desk.canned.tables import CannedReply, Scope
from desk.conversations.priority import PRIORITY_LABELS, priority_label
from desk.states import STATUS_LABELS
from desk.tags.settings import list_tags
from desk.team.queues import list_queues
from handoff.console import wording
from handoff.console.settings.forms import Form, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import _
from handoff.security import current_user, signed_in
from handoff.services import services_of

TEAM = ("agent", "supervisor", "admin")
REPLIES = f"{ROOT}/canned-replies"

blueprint = Blueprint("settings_macros", url_prefix="/canned-replies/<reply_id:int>/macro")


@blueprint.get("/")
@signed_in(*TEAM)
async def show_macro(request: Request, reply_id: int) -> HTTPResponse:
    """What a reply changes, to be changed by who may."""
    async with services_of(request).database.reading() as session:
        reply = await writable_reply(session, current_user(request), reply_id)
        form = form_of(await macro_of(session, reply))
    return await _page(request, reply_id, form)


@blueprint.post("/")
@signed_in(*TEAM)
async def change(request: Request, reply_id: int) -> HTTPResponse:
    """Sets it."""
    user = current_user(request)

    async def work(session: AsyncSession, values: MacroValues) -> None:
        await set_macro(session, user, reply_id, values)

    return await save(
        request,
        MacroValues,
        work,
        done=f"{REPLIES}?ok=saved",
        again=lambda form: _page(request, reply_id, form),
    )


async def macro_words(session: AsyncSession, reply: CannedReply) -> list[str]:
    """What a reply changes, each in words; nothing for a mere reply."""
    macro = await macro_of(session, reply)
    words = []
    if macro.set_status is not None:
        label = wording.STATUS_LABELS[macro.set_status.value]
        words.append(_("status {label}").format(label=label))
    if macro.set_priority is not None:
        label = _(priority_label(macro.set_priority))
        words.append(_("prioridade {label}").format(label=label))
    if macro.set_queue_id is not None:
        names = {queue.id: queue.name for queue in await list_queues(session)}
        words.append(_("fila {name}").format(name=names.get(macro.set_queue_id, "?")))
    tags = {tag.id: tag.name for tag in await list_tags(session)}
    words += [
        _("etiqueta {name}").format(name=tags[each]) for each in macro.tag_ids if each in tags
    ]
    return words


async def _page(request: Request, reply_id: int, form: Form) -> HTTPResponse:
    user, nothing = current_user(request), ("", _("Não mudar"))
    async with services_of(request).database.reading() as session:
        reply = await writable_reply(session, user, reply_id)
        queues = [(each.id, each.name) for each in await list_queues(session) if each.active]
        tags = [(each.id, each.name) for each in await list_tags(session)]
    may_set_priority = user.sees_all_queues or reply.scope is not Scope.PERSONAL
    priorities = [(level, _(label)) for level, label in PRIORITY_LABELS.items()]
    return show(
        request,
        "macro.html",
        status=form.status,
        form=form,
        reply=reply,
        statuses=[nothing, *((key, wording.STATUS_LABELS[key]) for key in STATUS_LABELS)],
        priorities=[nothing, *priorities] if may_set_priority else [],
        queues=[nothing, *queues],
        tags=tags,
        path=f"{REPLIES}/{reply_id}/macro",
    )
