"""Canned replies: those a person may use, filled for a conversation, and their upkeep."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import empty, json
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.fill import fill_text
from desk.canned.find import (
    ReplyFile,
    files_of_replies,
    list_replies,
    usable_replies,
    visible_reply,
)
from desk.canned.macros import macros_of
from desk.canned.save import (
    ReplyDraft,
    add_reply,
    change_reply,
    count_use,
    remove_reply,
    writable_reply,
)
from desk.canned.tables import CannedReply, Scope
from desk.conversations.access import visible_conversation
from desk.conversations.canned import reply_values
from desk.conversations.tables import Conversation
from desk.db import MAX_KEY
from desk.errors import Invalid
from desk.media.store import StoredFile
from desk.team.queues import find_queue
from desk.team.tables import Queue
from handoff.api.answers import CannedReplies, CannedReplyShown
from handoff.api.endpoints import Endpoint, Shape
from handoff.media import media_url
from handoff.problems import check_shape, read_body
from handoff.security import api_user, current_user
from handoff.services import Services, services_of
from handoff.uploads import is_multipart, keep_files, read_form, read_json

Body = TypeVar("Body", bound=Shape)
TEAM = ("agent", "supervisor", "admin")
SHOWN_TO_PICK = 30


class NewReply(Shape):
    """A canned reply; ``queue`` is the slug of a team's. Files come as multipart."""

    scope: Literal["personal", "team", "global"] = "personal"
    queue: str | None = None
    shortcut: str
    title: str
    text: str = ""


class ReplyChange(Shape):
    """What to change; what is not named stays. Files that come as multipart are added."""

    scope: Literal["personal", "team", "global"] | None = None
    queue: str | None = None
    shortcut: str | None = None
    title: str | None = None
    text: str | None = None
    remove_files: list[Annotated[int, Field(ge=1, le=MAX_KEY)]] = Field(default_factory=list)


class ReplyUse(Shape):
    """The conversation into which a reply is inserted."""

    conversation: str


def reply_json(
    services: Services,
    reply: CannedReply,
    files: list[ReplyFile],
    queue: Queue | None,
    *,
    is_macro: bool,
) -> dict[str, Any]:
    """A canned reply as programs read it, its variables unfilled."""
    return {
        "id": reply.id,
        "scope": reply.scope.value,
        "queue": queue.slug if queue else None,
        "queue_name": queue.name if queue else None,
        "shortcut": reply.shortcut,
        "title": reply.title,
        "text": reply.text,
        "uses": reply.uses,
        "is_macro": is_macro,
        "files": [
            {
                "id": file.id,
                "name": file.name,
                "mime": file.mime,
                "size": file.size_bytes,
                "url": media_url(services, file.id, file.name),
            }
            for file in files
        ],
    }


@api_user(*TEAM)
async def show_replies(request: Request) -> HTTPResponse:
    """What the user sees; with ``conversation`` what may be inserted there, filled."""
    services, user = services_of(request), current_user(request)
    words, public_id = request.args.get("q", ""), request.args.get("conversation")
    async with services.database.reading() as session:
        if public_id:
            conversation = await visible_conversation(session, user, public_id)
            found = await usable_replies(session, user, words, conversation.queue_id)
            shown = await _shown(session, services, found[:SHOWN_TO_PICK])
            await _fill(request, session, conversation, shown)
        else:
            scope = _scope(request.args.get("scope", ""))
            shown = await _shown(session, services, await list_replies(session, user, words, scope))
    return json({"canned_replies": shown})


@api_user(*TEAM)
async def show_reply(request: Request, reply_id: int) -> HTTPResponse:
    """One canned reply."""
    services = services_of(request)
    async with services.database.reading() as session:
        reply = await visible_reply(session, current_user(request), reply_id)
        (shown,) = await _shown(session, services, [reply])
    return json(shown)


@api_user(*TEAM)
async def create_reply(request: Request) -> HTTPResponse:
    """Adds a canned reply."""
    services, user = services_of(request), current_user(request)
    body, files = await _read(request, NewReply)
    async with services.database.transaction() as session:
        draft = ReplyDraft(
            Scope(body.scope),
            body.shortcut,
            body.title,
            body.text,
            await _queue_id(session, body.queue),
        )
        reply = await add_reply(session, user, draft, files)
        (shown,) = await _shown(session, services, [reply])
    return json(shown, status=201)


@api_user(*TEAM)
async def update_reply(request: Request, reply_id: int) -> HTTPResponse:
    """Changes a canned reply."""
    services, user = services_of(request), current_user(request)
    body, files = await _read(request, ReplyChange)
    async with services.database.transaction() as session:
        reply = await writable_reply(session, user, reply_id)
        queue_id = await _queue_id(session, body.queue) if body.queue else reply.queue_id
        draft = ReplyDraft(
            Scope(body.scope) if body.scope else reply.scope,
            reply.shortcut if body.shortcut is None else body.shortcut,
            reply.title if body.title is None else body.title,
            reply.text if body.text is None else body.text,
            queue_id,
        )
        await change_reply(
            session, user, reply_id, draft, files=files, removed_media=body.remove_files
        )
        (shown,) = await _shown(session, services, [reply])
    return json(shown)


@api_user(*TEAM)
async def delete_reply(request: Request, reply_id: int) -> HTTPResponse:
    """Deletes a canned reply."""
    async with services_of(request).database.transaction() as session:
        await remove_reply(session, current_user(request), reply_id)
    return empty()


@api_user(*TEAM)
async def use_reply(request: Request, reply_id: int) -> HTTPResponse:
    """The reply filled for a conversation, and counted as used; nothing is sent."""
    services, user = services_of(request), current_user(request)
    body = read_body(request, ReplyUse)
    async with services.database.transaction() as session:
        conversation = await visible_conversation(session, user, body.conversation)
        reply = await visible_reply(session, user, reply_id)
        await count_use(session, reply.id)
        (shown,) = shown_alone = await _shown(session, services, [reply])
        await _fill(request, session, conversation, shown_alone)
    return json(shown)


async def _shown(
    session: AsyncSession, services: Services, replies: list[CannedReply]
) -> list[dict[str, Any]]:
    files = await files_of_replies(session, [reply.id for reply in replies])
    macros = await macros_of(session, [reply.id for reply in replies])
    queues = {
        queue_id: await session.get(Queue, queue_id)
        for queue_id in {reply.queue_id for reply in replies if reply.queue_id}
    }
    return [
        reply_json(
            services,
            reply,
            files.get(reply.id, []),
            queues.get(reply.queue_id or 0),
            is_macro=reply.id in macros,
        )
        for reply in replies
    ]


async def _fill(
    request: Request,
    session: AsyncSession,
    conversation: Conversation,
    shown: list[dict[str, Any]],
) -> None:
    """Adds to each the words as they would be sent, and where something was not known."""
    values = await reply_values(
        session,
        conversation,
        current_user(request),
        now=datetime.now(UTC),
        zone=services_of(request).settings.zone,
    )
    for reply in shown:
        filled = fill_text(reply["text"], values)
        reply["filled"] = {"text": filled.text, "gaps": [asdict(gap) for gap in filled.gaps]}


async def _read(request: Request, shape: type[Body]) -> tuple[Body, list[StoredFile]]:
    if not is_multipart(request):
        return check_shape(await read_json(request), shape), []
    settings = services_of(request).settings
    form = await read_form(request, settings)
    fields: dict[str, Any] = dict(form.fields)
    if "remove_files" in fields:
        fields["remove_files"] = [part for part in fields["remove_files"].split(",") if part]
    return check_shape(fields, shape), await keep_files(settings, form.files)


async def _queue_id(session: AsyncSession, slug: str | None) -> int | None:
    if not slug:
        return None
    queue = await find_queue(session, slug)
    if queue is None:
        raise Invalid("queue", "Esta fila não existe.")
    return queue.id


def _scope(value: str) -> Scope | None:
    if not value:
        return None
    try:
        return Scope(value)
    except ValueError as error:
        raise Invalid("scope", "Use personal, team ou global.") from error


_ALL = "/canned-replies"
_ONE = _ALL + "/<reply_id:int>"

ENDPOINTS = [
    Endpoint(
        "GET",
        _ALL,
        show_replies,
        "Canned replies.",
        query={
            "q": "Words of shortcut, title or text, without accents.",
            "scope": "personal, team or global.",
            "conversation": "Only what may be inserted there (at most 30), filled.",
        },
        answers={200: "The replies.", 404: "No such conversation that this user may see."},
        returns=CannedReplies,
    ),
    Endpoint("GET", _ONE, show_reply, "One canned reply.", returns=CannedReplyShown),
    Endpoint(
        "POST",
        _ALL,
        create_reply,
        "Add a canned reply.",
        NewReply,
        answers={201: "Added.", 413: "Too large."},
        takes_files=True,
        returns=CannedReplyShown,
    ),
    Endpoint(
        "PATCH",
        _ONE,
        update_reply,
        "Change a canned reply.",
        ReplyChange,
        answers={200: "Changed.", 413: "Too large."},
        takes_files=True,
        returns=CannedReplyShown,
    ),
    Endpoint("DELETE", _ONE, delete_reply, "Delete it.", answers={204: "Deleted."}),
    Endpoint(
        "POST",
        _ONE + "/use",
        use_reply,
        "Fill it for a conversation.",
        ReplyUse,
        returns=CannedReplyShown,
    ),
]
