"""Routes of the web chat. Its API parses at once: what got a 202 is committed."""

import hashlib
import uuid
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty, json

from desk.channels.directory import channel_by_slug
from desk.contacts.directory import Alias
from desk.conversations.find import conversation_for
from desk.conversations.reading import mark_read_by_contact
from desk.conversations.receive import Inbound, receive_message
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import delete_message, edit_message
from desk.conversations.thread import messages_by_id
from desk.conversations.webchat_sessions import conversation_of_session, open_webchat_session
from desk.events.log import by_contact
from desk.media.store import StoredFile
from desk.states import Owner
from handoff.branding import look_of
from handoff.channels.webchat.shapes import (
    EditedMessage,
    NewMessage,
    NewSession,
    ReadMark,
    Typing,
    messages_json,
)
from handoff.channels.webchat.stream import stream_events, wait_for_messages
from handoff.pages import render
from handoff.problems import Problem, check_shape, read_body, read_number
from handoff.security import (
    MESSAGE_LIMIT,
    SESSION_LIMIT,
    TYPING_LIMIT,
    limit,
    take_token,
)
from handoff.services import Services, services_of
from handoff.uploads import is_multipart, keep_files, read_bounded, read_form, read_json

blueprint = Blueprint("webchat", url_prefix="/webchat")


@blueprint.get("/<channel:str>")
async def show_page(request: Request, channel: str) -> HTTPResponse:
    """The chat page."""
    services = services_of(request)
    async with services.database.reading() as session:
        found = await channel_by_slug(session, "webchat", channel)
        look = await look_of(request, session, found)
    return render(
        request,
        "webchat/page.html",
        channel_key=channel,
        brand_name=found.brand,
        brand_colour=None,
        look=look,
        max_upload_bytes=services.settings.max_upload_bytes,
        max_text_chars=services.settings.max_text_chars,
    )


@blueprint.post("/<channel:str>/sessions")
async def open_session(request: Request, channel: str) -> HTTPResponse:
    """Opens, or finds by the visitor's secret, the one conversation of this visitor."""
    limit(request, SESSION_LIMIT, "webchat", request.ip)
    body = read_body(request, NewSession)
    services = services_of(request)
    secret = body.visitor_id or uuid.uuid4().hex
    visitor = hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
    async with services.database.transaction() as session:
        found = await channel_by_slug(session, "webchat", channel)
        conversation = await conversation_for(
            session, found, Alias("web_visitor", visitor), visitor, body.name, writes=False
        )
        token = await open_webchat_session(session, conversation.id, services.settings.session_days)
    services.pulse.beat("events")
    return json({"session": token, "conversation": conversation.public_id}, status=201)


@blueprint.post("/<channel:str>/messages", stream=True)
async def send_message(request: Request, channel: str) -> HTTPResponse:
    """Stores a message: 202 when it is new, 200 when its client_id is known."""
    services = services_of(request)
    conversation = await _conversation(request, channel)
    limit(request, MESSAGE_LIMIT, "webchat-messages", conversation.public_id)
    message, files = await _read_message(request, services)
    async with services.database.transaction() as session:
        received = await receive_message(
            session,
            conversation.id,
            Inbound(
                text=message.text,
                payload=message.payload,
                reply_to_id=message.reply_to,
                client_id=str(message.client_id),
                files=files,
            ),
        )
        job = None
        if received.is_new and received.conversation.owner is Owner.BOT:
            job = await services.bridge.take_now(session, conversation.id)
    services.presence.customer_writes(conversation.id, on=False)
    if job is not None:
        services.bridge.start(job)
    services.pulse.beat("events" if job else "inbound")
    body = {"id": received.message.id, "seq": received.message.seq}
    return json(body, status=202 if received.is_new else 200)


@blueprint.get("/<channel:str>/messages")
async def list_messages(request: Request, channel: str) -> HTTPResponse:
    """Messages after a number; with ``wait`` the answer comes when there is one."""
    conversation = await _conversation(request, channel)
    after = read_number(request, "after", 0)
    wait_seconds = min(read_number(request, "wait", 0), 30)
    return json(await wait_for_messages(services_of(request), conversation, after, wait_seconds))


@blueprint.get("/<channel:str>/events")
async def show_events(request: Request, channel: str) -> None:
    """The live stream of the same."""
    conversation = await _conversation(request, channel)
    await stream_events(
        request, services_of(request), conversation, read_number(request, "after", 0)
    )


@blueprint.patch("/<channel:str>/messages/<message_id:int>")
async def change_message(request: Request, channel: str, message_id: int) -> HTTPResponse:
    """Edits one of the customer's own messages."""
    conversation = await _conversation(request, channel)
    services = services_of(request)
    text = read_body(request, EditedMessage).text
    _check_length(text, services)
    actor = by_contact(conversation.contact_id)
    async with services.database.transaction() as session:
        await edit_message(session, conversation.id, message_id, text, actor)
    services.pulse.beat("events")
    return json(await _one(services, conversation, message_id))


@blueprint.delete("/<channel:str>/messages/<message_id:int>")
async def remove_message(request: Request, channel: str, message_id: int) -> HTTPResponse:
    """Hides one of the customer's own messages from the customer; the team keeps it."""
    conversation = await _conversation(request, channel)
    services = services_of(request)
    async with services.database.transaction() as session:
        await delete_message(
            session, conversation.id, message_id, by_contact(conversation.contact_id)
        )
    services.pulse.beat("events")
    return json(await _one(services, conversation, message_id))


@blueprint.post("/<channel:str>/read")
async def mark_read(request: Request, channel: str) -> HTTPResponse:
    """The customer has seen the messages up to a number."""
    conversation = await _conversation(request, channel)
    services = services_of(request)
    seq = read_body(request, ReadMark).seq
    async with services.database.transaction() as session:
        current = await session.get_one(Conversation, conversation.id)
        is_news = await mark_read_by_contact(session, current, seq)
    if is_news:
        services.pulse.beat("events")
    return empty()


@blueprint.post("/<channel:str>/typing")
async def tell_typing(request: Request, channel: str) -> HTTPResponse:
    """The customer is writing, or has stopped; it is forgotten after some seconds."""
    conversation = await _conversation(request, channel)
    limit(request, TYPING_LIMIT, "webchat-typing", conversation.public_id)
    on = read_body(request, Typing).typing
    services_of(request).presence.customer_writes(conversation.id, on=on)
    return empty()


async def _conversation(request: Request, channel: str) -> Conversation:
    token = take_token(request)
    conversation = None
    if token:
        async with services_of(request).database.reading() as session:
            conversation = await conversation_of_session(session, channel, token)
    if conversation is None:
        if request.stream is not None:  # read what came, so that the client hears the answer
            await read_bounded(request, services_of(request).settings.max_upload_bytes)
        raise Problem(401, "Esta sessão de conversa não vale mais. Abra outra.")
    return conversation


async def _read_message(
    request: Request, services: Services
) -> tuple[NewMessage, list[StoredFile]]:
    files: list[StoredFile] = []
    if is_multipart(request):
        form = await read_form(request, services.settings)
        message = check_shape(dict(form.fields), NewMessage)
        files = await keep_files(services.settings, form.files)
    else:
        message = check_shape(await read_json(request), NewMessage)
    _check_length(message.text, services)
    return message, files


def _check_length(text: str, services: Services) -> None:
    most = services.settings.max_text_chars
    if len(text) > most:
        raise Problem(
            413,
            f"A mensagem tem {len(text)} caracteres; o limite é {most}. "
            "Divida em partes ou envie como arquivo.",
            field="text",
        )


async def _one(services: Services, conversation: Conversation, message_id: int) -> dict[str, Any]:
    async with services.database.reading() as session:
        views = await messages_by_id(session, conversation, [message_id], "contact")
        shown = await messages_json(session, services, conversation, views)
    return dict(shown["messages"][0])
