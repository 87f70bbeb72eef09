"""Live messages for a customer: long polling and an event stream, from the same source."""

import json
import time
from typing import Any

from sanic import Request

from desk.channels.tables import Channel
from desk.conversations.tables import Conversation
from desk.conversations.thread import (
    MessageView,
    messages_after,
    messages_by_id,
    name_for_contact,
)
from desk.states import Owner
from desk.team.tables import User
from handoff.channels.webchat.shapes import messages_json
from handoff.live import OneConversation
from handoff.services import Services

_COMMENT_SECONDS = 10.0
_PAGE = 100


async def wait_for_messages(
    services: Services, conversation: Conversation, after: int, wait_seconds: float
) -> dict[str, Any]:
    """Messages with a higher number, at the latest after ``wait_seconds``."""
    deadline = time.monotonic() + wait_seconds
    subscriber = OneConversation(conversation.id)
    services.live.subscribe(subscriber)
    try:
        while True:
            content, views = await _after(services, conversation, after)
            left = deadline - time.monotonic()
            if views or left <= 0 or subscriber.closed:
                return content
            await subscriber.next(left)
    finally:
        services.live.unsubscribe(subscriber)


async def stream_events(
    request: Request, services: Services, conversation: Conversation, after: int
) -> None:
    """Sends what is there after a number, then each new or changed message, until cut."""
    subscriber = OneConversation(conversation.id)
    services.live.subscribe(subscriber)
    services.presence.watch(conversation.id, subscriber.wake)
    try:
        typing = await _who_types(services, conversation)
        response = await request.respond(
            content_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )
        if response is None:
            return
        content, views = await _after(services, conversation, after)
        await response.send(_event(content | {"typing": typing}))
        while not subscriber.closed:
            if views:
                after = max(after, views[-1].seq)
                if len(views) == _PAGE:
                    content, views = await _after(services, conversation, after)
                    await response.send(_event(content))
                    continue
            _, changed = await subscriber.next(_COMMENT_SECONDS)
            ids = changed.get(conversation.public_id)
            was_typing, typing = typing, await _who_types(services, conversation)
            if ids is None and typing == was_typing:
                await response.send(": ok\n\n")
                views = []
                continue
            content, views = await _changed(services, conversation, after, ids or set())
            await response.send(_event(content | {"typing": typing}))
        await response.eof()
    finally:
        services.presence.unwatch(conversation.id, subscriber.wake)
        services.live.unsubscribe(subscriber)


async def _after(
    services: Services, conversation: Conversation, after: int
) -> tuple[dict[str, Any], list[MessageView]]:
    async with services.database.reading() as session:
        current = await session.get_one(Conversation, conversation.id)
        views = await messages_after(session, current, after, "contact", _PAGE)
        content = await messages_json(session, services, current, views)
    services.delivered.note(views)
    return content, views


async def _changed(
    services: Services, conversation: Conversation, after: int, ids: set[int]
) -> tuple[dict[str, Any], list[MessageView]]:
    """New messages, and known ones (edited, deleted) once more."""
    async with services.database.reading() as session:
        current = await session.get_one(Conversation, conversation.id)
        views = await messages_after(session, current, after, "contact", _PAGE)
        fresh = {view.id for view in views}
        again = [
            view
            for view in await messages_by_id(session, current, list(ids - fresh), "contact")
            if view.seq <= after
        ]
        content = await messages_json(session, services, current, [*again, *views])
    services.delivered.note(views)
    return content, views


async def _who_types(services: Services, conversation: Conversation) -> dict[str, str] | None:
    """Somebody of the team writes to the customer; who only looks or takes notes is not told."""
    user_id = services.presence.who_replies(conversation.id)
    if user_id is None:
        return None
    async with services.database.reading() as session:
        current = await session.get_one(Conversation, conversation.id)
        if current.owner is not Owner.AGENT:
            return None
        channel = await session.get_one(Channel, current.channel_id)
        user = await session.get_one(User, user_id)
        return {"name": await name_for_contact(session, channel, user)}


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"
