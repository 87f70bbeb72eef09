"""What an agent sees and does in an open conversation."""

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sanic import Blueprint, HTTPResponse, Request, json
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.access import mark_seen_by, visible_conversation
from desk.conversations.first_use import FirstUse
from desk.conversations.mentions import mark_mentions_seen
from desk.conversations.ownership import claim, set_status
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import add_note, post_agent_message
from desk.conversations.transfer import give_back, give_to_bot
from desk.errors import Conflict, Invalid, NotFound
from desk.events.log import by_agent
from desk.states import Status
from desk.text import clean_text
from handoff.console.pane import Pane, read_pane
from handoff.i18n import _
from handoff.media import media_url
from handoff.pages import render
from handoff.problems import in_words
from handoff.security import current_user, signed_in
from handoff.services import services_of
from handoff.uploads import keep_files, read_form

TEAM = ("agent", "supervisor", "admin")
MAX_FIELD_CHARS = 64
MAX_SUMMARY_CHARS = 1000
MAX_DIGITS = 9
MAX_MENTIONS_CHARS = 1000
SEEN_HEADER = "ponte-seen-seq"
Change = Callable[[AsyncSession, Conversation], Awaitable[None]]

blueprint = Blueprint("console_conversation", url_prefix="/conversations/<public_id:str>")


@blueprint.get("/pane")
@signed_in(*TEAM)
async def show_pane(request: Request, public_id: str) -> HTTPResponse:
    """The conversation part of the page."""
    async with services_of(request).database.reading() as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        pane = await pane_of(request, session, conversation)
    return render(request, "console/conversation.html", pane=pane)


@blueprint.post("/claim")
@signed_in(*TEAM)
async def claim_conversation(request: Request, public_id: str) -> HTTPResponse:
    """Takes the conversation from the queue or the bot."""
    user = current_user(request)

    async def take(session: AsyncSession, conversation: Conversation) -> None:
        await claim(session, conversation.id, user)

    return await change_conversation(request, public_id, take)


@blueprint.post("/return")
@signed_in(*TEAM)
async def return_conversation(request: Request, public_id: str) -> HTTPResponse:
    """Lets the conversation wait for another agent."""
    user = current_user(request)

    async def put_back(session: AsyncSession, conversation: Conversation) -> None:
        await give_back(session, conversation, user)

    return await change_conversation(request, public_id, put_back)


@blueprint.post("/release")
@signed_in(*TEAM)
async def release_conversation(request: Request, public_id: str) -> HTTPResponse:
    """Gives the conversation back to the bot without ending it."""
    user = current_user(request)

    async def let_go(session: AsyncSession, conversation: Conversation) -> None:
        await give_to_bot(session, conversation, user)

    return await change_conversation(request, public_id, let_go)


@blueprint.post("/status")
@signed_in(*TEAM)
async def change_status(request: Request, public_id: str) -> HTTPResponse:
    """Sets the status by hand; resolved and closed end the service."""
    actor = by_agent(current_user(request).id)
    status = _status(field_of(request, "status"))
    summary = clean_text(field_of(request, "summary", MAX_SUMMARY_CHARS))

    async def change(session: AsyncSession, conversation: Conversation) -> None:
        await set_status(session, conversation.id, status, actor, summary)

    return await change_conversation(request, public_id, change)


@blueprint.post("/messages", stream=True)
@signed_in(*TEAM)
async def send_message(request: Request, public_id: str) -> HTTPResponse:
    """Words and files for the customer; the same client_id sends once."""
    services = services_of(request)
    form = await read_form(request, services.settings)
    files = await keep_files(services.settings, form.files)
    async with services.database.transaction() as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        message = await post_agent_message(
            session,
            conversation.id,
            current_user(request),
            text=_bounded("text", form.fields, services.settings.max_text_chars),
            client_id=_bounded("client_id", form.fields, MAX_FIELD_CHARS) or None,
            reply_to_id=_number("reply_to", form.fields),
            files=files,
        )
    services.pulse.beat()
    return json({"id": message.id, "seq": message.seq}, status=202)


@blueprint.post("/notes")
@signed_in(*TEAM)
async def write_note(request: Request, public_id: str) -> HTTPResponse:
    """A note that only the team sees."""
    services = services_of(request)
    user = current_user(request)
    text = field_of(request, "text", services.settings.max_text_chars)
    client_id = field_of(request, "client_id") or None
    named = field_of(request, "mentions", MAX_MENTIONS_CHARS).split()
    mentions = [int(each) for each in named if each.isdecimal() and len(each) <= MAX_DIGITS]
    async with services.database.transaction() as session:
        conversation = await visible_conversation(session, user, public_id)
        note = await add_note(session, conversation.id, user, text, client_id, mentions)
    services.pulse.beat()
    return json({"id": note.id, "seq": note.seq}, status=202)


@blueprint.post("/seen")
@signed_in(*TEAM)
async def mark_seen(request: Request, public_id: str) -> HTTPResponse:
    """The team has seen the conversation up to a message."""
    seq = field_of(request, "seq")
    if not seq.isdecimal() or len(seq) > MAX_DIGITS:
        raise Invalid("seq", _("O número da mensagem não é válido."))
    async with services_of(request).database.transaction() as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        await mark_seen_by(session, conversation, current_user(request), int(seq))
        await mark_mentions_seen(session, conversation, current_user(request))
    return json({}, status=200)


async def pane_of(
    request: Request, session: AsyncSession, conversation: Conversation, notice: str = ""
) -> Pane:
    """The pane from the message on that the request names."""
    services = services_of(request)
    start = request.args.get("from", "")
    seen = request.headers.get(SEEN_HEADER, "")
    return await read_pane(
        session,
        current_user(request),
        conversation,
        from_seq=int(start) if start.isdecimal() and len(start) <= MAX_DIGITS else None,
        seen_seq=int(seen) if re.fullmatch(r"-?[0-9]{1,9}", seen) else None,
        notice=notice,
        media_url=functools.partial(media_url, services),
        zone=services.settings.zone,
        now=datetime.now(UTC),
    )


async def change_conversation(request: Request, public_id: str, change: Change) -> HTTPResponse:
    """Does something to the conversation and shows how it stands; a refusal is said there."""
    services = services_of(request)
    notice = ""
    try:
        async with services.database.transaction() as session:
            conversation = await visible_conversation(session, current_user(request), public_id)
            await change(session, conversation)
    except Conflict as refusal:
        notice = in_words(refusal)
    services.pulse.beat()
    try:
        async with services.database.reading() as session:
            conversation = await visible_conversation(session, current_user(request), public_id)
            pane = await pane_of(request, session, conversation, notice)
    except NotFound:
        # It went where this agent may not follow.
        return render(request, "console/empty.html", first_use=FirstUse())
    return render(request, "console/conversation.html", pane=pane, status=409 if notice else 200)


def field_of(request: Request, name: str, max_chars: int = MAX_FIELD_CHARS) -> str:
    return _bounded(name, request.form or {}, max_chars)


def _bounded(name: str, fields: Mapping[str, Any], max_chars: int) -> str:
    value = str(fields.get(name) or "")
    if len(value) > max_chars:
        words = _("O texto passa do limite de {count} caracteres.")
        raise Invalid(name, words.format(count=max_chars))
    return value


def _number(name: str, fields: Mapping[str, Any]) -> int | None:
    value = _bounded(name, fields, MAX_FIELD_CHARS)
    return int(value) if value.isdecimal() else None


def _status(value: str) -> Status:
    try:
        return Status(value)
    except ValueError as error:
        raise Invalid("status", _("Este status não existe.")) from error
