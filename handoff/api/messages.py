"""Messages and notes of a conversation."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.channels.templates import MAX_VALUE_CHARS
from desk.contacts.portal_access import hide_credentials
from desk.conversations.access import visible_conversation
from desk.conversations.mentions import mentionable_users, others_of_the_team
from desk.conversations.resending import resend_message
from desk.conversations.revisions import revisions_of
from desk.conversations.team_messages import (
    add_note,
    delete_message,
    edit_message,
    post_agent_message,
)
from desk.conversations.templates import post_template, templates_for, window_of
from desk.conversations.thread import MessageView, QuoteView, latest_messages, messages_after
from desk.db import MAX_SMALL_KEY
from desk.events.log import by_agent
from desk.media.store import StoredFile
from desk.team.tables import User
from handoff.api.answers import Mentionable, MessageId, MessagesShown, Revisions, Stored
from handoff.api.channels import TemplateJson, template_json
from handoff.api.endpoints import Endpoint, Shape
from handoff.media import media_url
from handoff.problems import Problem, check_shape, read_body, read_number
from handoff.security import api_user, current_user
from handoff.services import Services, services_of
from handoff.uploads import is_multipart, keep_files, read_form, read_json

UserId = Annotated[int, Field(ge=1, le=MAX_SMALL_KEY)]


class NewMessage(Shape):
    """A person's words to the customer. Files come as multipart with the same fields."""

    client_id: UUID
    text: str = ""
    reply_to: int | None = None


class NewNote(Shape):
    """Words that only the team sees; with a client_id they are added once."""

    text: str
    client_id: UUID | None = None
    mentions: list[UserId] = Field(default_factory=list, max_length=100)


class EditedMessage(Shape):
    """New words for a message."""

    text: str


class WindowJson(Shape):
    """``closes_at``: until when free words may go, or since when not; null without a bound."""

    open: bool
    closes_at: str | None


class TemplatesHere(Shape):
    """What may be sent in a conversation now."""

    window: WindowJson
    templates: list[TemplateJson]


class NewTemplate(Shape):
    """An approved template of the conversation's channel, with its variables filled."""

    client_id: UUID
    template: UserId
    values: dict[
        Annotated[str, Field(max_length=80)], Annotated[str, Field(max_length=MAX_VALUE_CHARS)]
    ] = Field(default_factory=dict, max_length=30)


def message_json(services: Services, view: MessageView) -> dict[str, Any]:
    """A message as programs of the team read it."""
    shown = asdict(view) | {
        "author": {"kind": view.author_kind, "name": view.author_name},
        "text": hide_credentials(view.text),
        "created_at": view.created_at.isoformat(),
        "edited_at": view.edited_at.isoformat() if view.edited_at else None,
        "attachments": [
            asdict(file) | {"url": media_url(services, file.id, file.name)}
            for file in view.attachments
        ],
        "quote": _quote_json(view.quote) if view.quote else None,
    }
    return {name: value for name, value in shown.items() if not name.startswith("author_")}


def _quote_json(quote: QuoteView) -> dict[str, Any]:
    return {
        "id": quote.id,
        "seq": quote.seq,
        "author": {"kind": quote.author_kind, "name": quote.author_name},
        "text": hide_credentials(quote.text),
        "deleted": quote.deleted,
    }


@api_user("agent", "supervisor", "admin")
async def list_messages(request: Request, conversation_id: str) -> HTTPResponse:
    """The newest messages, or those after ``after``, in order."""
    services = services_of(request)
    after = read_number(request, "after", 0) if request.args.get("after") else None
    async with services.database.reading() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        if after is not None:
            views = await messages_after(session, found, after, "team")
        else:
            views = await latest_messages(session, found, "team")
    return json({"messages": [message_json(services, view) for view in views]})


@api_user("agent", "supervisor", "admin")
async def send_message(request: Request, conversation_id: str) -> HTTPResponse:
    """Sends a person's words; the same client_id sends once."""
    services = services_of(request)
    files: list[StoredFile] = []
    if is_multipart(request):
        form = await read_form(request, services.settings)
        message = check_shape(dict(form.fields), NewMessage)
        files = await keep_files(services.settings, form.files)
    else:
        message = check_shape(await read_json(request), NewMessage)
    _check_length(services, message.text)
    async with services.database.transaction() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        posted = await post_agent_message(
            session,
            found.id,
            current_user(request),
            text=message.text,
            client_id=str(message.client_id),
            reply_to_id=message.reply_to,
            files=files,
        )
    services.pulse.beat("outbound")
    return json({"id": posted.id, "seq": posted.seq}, status=202)


@api_user("agent", "supervisor", "admin")
async def list_templates(request: Request, conversation_id: str) -> HTTPResponse:
    """Whether free words may go now, and the approved templates that may."""
    async with services_of(request).database.reading() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        window = await window_of(session, found)
        templates = await templates_for(session, found)
    closes_at = window.closes_at.isoformat() if window.closes_at else None
    return json(
        {
            "window": {"open": window.is_open, "closes_at": closes_at},
            "templates": [template_json(each) for each in templates],
        }
    )


@api_user("agent", "supervisor", "admin")
async def send_template(request: Request, conversation_id: str) -> HTTPResponse:
    """Sends an approved template; the same client_id sends once."""
    services, user = services_of(request), current_user(request)
    body = read_body(request, NewTemplate)
    async with services.database.transaction() as session:
        found = await visible_conversation(session, user, conversation_id)
        posted = await post_template(
            session, found, user, body.template, body.values, str(body.client_id)
        )
    services.pulse.beat("outbound")
    return json({"id": posted.id, "seq": posted.seq}, status=202)


@api_user("agent", "supervisor", "admin")
async def send_note(request: Request, conversation_id: str) -> HTTPResponse:
    """Adds a note for the team."""
    services = services_of(request)
    user, body = current_user(request), read_body(request, NewNote)
    _check_length(services_of(request), body.text)
    client_id = str(body.client_id) if body.client_id else None
    async with services.database.transaction() as session:
        found = await visible_conversation(session, user, conversation_id)
        note = await add_note(session, found.id, user, body.text, client_id, body.mentions)
    services.pulse.beat("outbound")
    return json({"id": note.id, "seq": note.seq}, status=201)


@api_user("agent", "supervisor", "admin")
async def change_message(request: Request, conversation_id: str, message_id: int) -> HTTPResponse:
    """Edits one's own message."""
    services = services_of(request)
    text = read_body(request, EditedMessage).text
    _check_length(services_of(request), text)
    actor = by_agent(current_user(request).id)
    async with services.database.transaction() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        await edit_message(session, found.id, message_id, text, actor)
    services.pulse.beat("outbound")
    return json({"id": message_id})


@api_user("agent", "supervisor", "admin")
async def remove_message(request: Request, conversation_id: str, message_id: int) -> HTTPResponse:
    """Hides one's own message on the team's side; the customer keeps it."""
    services = services_of(request)
    actor = by_agent(current_user(request).id)
    async with services.database.transaction() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        await delete_message(session, found.id, message_id, actor)
    services.pulse.beat("outbound")
    return json({"id": message_id, "deleted": True})


@api_user("agent", "supervisor", "admin")
async def resend_failed(request: Request, conversation_id: str, message_id: int) -> HTTPResponse:
    """Tries a failed message again."""
    services = services_of(request)
    actor = by_agent(current_user(request).id)
    async with services.database.transaction() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        await resend_message(session, found.id, message_id, actor)
    services.pulse.beat("outbound")
    return json({"id": message_id}, status=202)


@api_user("agent", "supervisor", "admin")
async def list_revisions(request: Request, conversation_id: str, message_id: int) -> HTTPResponse:
    """What a message said before it was edited."""
    async with services_of(request).database.reading() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        earlier = await revisions_of(session, found.id, message_id)
    return json(
        {
            "revisions": [
                {"text": hide_credentials(each.text), "replaced_at": each.replaced_at.isoformat()}
                for each in earlier
            ]
        }
    )


@api_user("agent", "supervisor", "admin")
async def list_mentionable(request: Request, conversation_id: str) -> HTTPResponse:
    """Colleagues whom a note here may name, and those who do not see the conversation."""
    async with services_of(request).database.reading() as session:
        found = await visible_conversation(session, current_user(request), conversation_id)
        users = await mentionable_users(session, found, but=current_user(request))
        others = await others_of_the_team(session, found)
    return json({"users": _names_json(users), "without_access": _names_json(others)})


def _names_json(users: Sequence[User]) -> list[dict[str, Any]]:
    return [{"id": user.id, "name": user.name} for user in users]


_ALL = "/conversations/<conversation_id:str>/messages"
_ONE = _ALL + "/<message_id:int>"


def _check_length(services: Services, text: str) -> None:
    if len(text) > services.settings.max_text_chars:
        raise Problem(413, field="text")


ENDPOINTS = [
    Endpoint(
        "GET",
        _ALL,
        list_messages,
        "Messages.",
        query={"after": "A message's seq."},
        returns=MessagesShown,
    ),
    Endpoint(
        "POST",
        _ALL,
        send_message,
        "Write to the customer.",
        NewMessage,
        answers={
            202: "Stored.",
            409: "No person has the conversation, or the window is closed.",
            413: "Too large.",
        },
        takes_files=True,
        returns=Stored,
    ),
    Endpoint(
        "GET",
        "/conversations/<conversation_id:str>/templates",
        list_templates,
        "The 24-hour window, and templates that may be sent.",
        returns=TemplatesHere,
    ),
    Endpoint(
        "POST",
        "/conversations/<conversation_id:str>/templates",
        send_template,
        "Send an approved template.",
        NewTemplate,
        answers={202: "Stored.", 409: "No person has it, or the channel has no templates."},
        returns=Stored,
    ),
    Endpoint(
        "POST",
        "/conversations/<conversation_id:str>/notes",
        send_note,
        "Write a note for the team.",
        NewNote,
        answers={201: "Stored."},
        returns=Stored,
    ),
    Endpoint(
        "PATCH", _ONE, change_message, "Edit one's own message.", EditedMessage, returns=MessageId
    ),
    Endpoint(
        "DELETE", _ONE, remove_message, "Hide one's own message from the team.", returns=MessageId
    ),
    Endpoint(
        "POST",
        _ONE + "/resend",
        resend_failed,
        "Try a failed message again.",
        answers={202: "It waits for its turn.", 409: "It has not failed."},
        returns=MessageId,
    ),
    Endpoint(
        "GET", _ONE + "/revisions", list_revisions, "What a message said before.", returns=Revisions
    ),
    Endpoint(
        "GET",
        "/conversations/<conversation_id:str>/mentionable",
        list_mentionable,
        "Colleagues whom a note may name.",
        returns=Mentionable,
    ),
]
