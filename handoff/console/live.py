"""The console's live stream: which conversations changed, ids only."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlsplit

import structlog
from sanic import Blueprint, Request, Websocket
from sanic.exceptions import WebsocketClosed

from desk.team.presence import mark_seen
from desk.team.queues import queue_ids_of
from desk.team.tables import User
from desk.team.users import user_of_login
from handoff.console.looking import Looking
from handoff.live import Subscriber
from handoff.security import CONSOLE_COOKIE, read_cookie
from handoff.services import Services, services_of

HEARTBEAT_SECONDS = 20.0
SIGNED_OUT = 4401

logger = structlog.get_logger(__name__)
blueprint = Blueprint("console_live")


@blueprint.websocket("/live")
async def stream_changes(request: Request, socket: Websocket) -> None:
    """Says what changed until the browser leaves.

    The page fetches everything anew at the first word after each connection, so what happened
    while it was away needs no replay; the first word comes once nothing can be missed.
    """
    services = services_of(request)
    user = await _user_of(request) if _same_origin(request) else None
    if user is None:
        await socket.close(SIGNED_OUT)
        return
    async with services.database.reading() as session:
        queue_ids = await queue_ids_of(session, user)
    subscriber = Subscriber(sees_all=user.sees_all_queues, queue_ids=queue_ids, user_id=user.id)
    services.live.subscribe(subscriber)
    looking = Looking(services, user, subscriber)
    listening = asyncio.create_task(_listen(socket, looking))
    try:
        await _tell(socket, services.live.seq, [])
        await _follow(request, services, socket, subscriber, user, looking)
    finally:
        listening.cancel()
        looking.leave()
        services.live.unsubscribe(subscriber)


async def _listen(socket: Websocket, looking: Looking) -> None:
    """Hears what the page says of itself until it is gone."""
    try:
        async for words in socket:
            await looking.hear(words)
    except WebsocketClosed:
        return
    except Exception:
        # The screen is no longer shown to colleagues; what it is told goes on.
        logger.exception("console.listening_failed")


async def _follow(
    request: Request,
    services: Services,
    socket: Websocket,
    subscriber: Subscriber,
    user: User,
    looking: Looking,
) -> None:
    """A word at each change, and now and then an empty one, as long as the login is good."""
    due = 0.0
    while not subscriber.closed:
        if (now := time.monotonic()) >= due:
            if await _user_of(request) is None:
                await socket.close(SIGNED_OUT)
                return
            async with services.database.transaction() as session:
                await mark_seen(session, user.id)
            await looking.stay()
            due = now + HEARTBEAT_SECONDS
        seq, changed = await subscriber.next(HEARTBEAT_SECONDS)
        await _tell(
            socket,
            seq or services.live.seq,
            list(changed),
            around=await looking.news(),
            team=subscriber.take_team_change(),
        )


async def _tell(
    socket: Websocket,
    seq: int,
    conversations: list[str],
    *,
    around: dict[str, Any] | None = None,
    team: bool = False,
) -> None:
    word: dict[str, Any] = {"seq": seq, "conversations": conversations}
    word |= {"around": around} if around else {}
    await socket.send(json.dumps(word | ({"team": True} if team else {})))


async def _user_of(request: Request) -> User | None:
    token = read_cookie(request, CONSOLE_COOKIE)
    if not token:
        return None
    async with services_of(request).database.reading() as session:
        return await user_of_login(session, token)


def _same_origin(request: Request) -> bool:
    """A page of another site must not read along with the agent's cookie."""
    origin = request.headers.get("origin", "")
    return urlsplit(origin).netloc == request.host
