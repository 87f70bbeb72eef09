"""The list of conversations with its filters and search, and the tags that filter it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from sanic import HTTPResponse, Request
from sanic.response import json
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.access import visible_conversation
from desk.conversations.filters import Filters, Level, Sort, View
from desk.conversations.listing import list_conversations
from desk.conversations.rows import ConversationRow
from desk.conversations.tagging import find_tag, tag_conversation, tags_of, untag_conversation
from desk.errors import Invalid, NotFound
from desk.events.log import by_agent
from desk.states import Status
from desk.team.queues import find_queue
from desk.team.users import find_user
from handoff.api.answers import ConversationPage, TagsShown
from handoff.api.conversations import conversation_json
from handoff.api.endpoints import Endpoint
from handoff.i18n import _
from handoff.problems import read_number
from handoff.security import api_user, current_user
from handoff.services import services_of

SENTIMENTS = {"negative": -1, "neutral": 0, "positive": 1}
_DAY_CHARS = len("2026-01-31")


@api_user("agent", "supervisor", "admin")
async def list_all(request: Request) -> HTTPResponse:
    """Conversations that the user may see, newest message first."""
    # Whatever is not walked along an index of its own may take longer than a blink.
    may_be_slow = bool(set(request.args) - {"cursor", "sort", "view"})
    async with services_of(request).database.reading(may_be_slow=may_be_slow) as session:
        filters = await _filters(session, request)
        page = await list_conversations(
            session, current_user(request), filters, request.args.get("cursor")
        )
    rows = [_listed(row) for row in page.rows]
    return json({"conversations": rows, "next_cursor": page.next_cursor})


@api_user("agent", "supervisor", "admin")
async def put_tag(request: Request, conversation_id: str, tag: str) -> HTTPResponse:
    """Puts a tag on the conversation; again is no change."""
    return await _change_tag(request, conversation_id, tag, tag_conversation)


@api_user("agent", "supervisor", "admin")
async def delete_tag(request: Request, conversation_id: str, tag: str) -> HTTPResponse:
    """Takes a tag off the conversation; again is no change."""
    return await _change_tag(request, conversation_id, tag, untag_conversation)


async def _change_tag(request: Request, public_id: str, name: str, change: Any) -> HTTPResponse:
    services = services_of(request)
    user = current_user(request)
    async with services.database.transaction() as session:
        found = await visible_conversation(session, user, public_id)
        await change(session, found, await find_tag(session, unquote(name)), by_agent(user.id))
        tags = [tag.name for tag in await tags_of(session, found)]
    services.pulse.beat("events")
    return json({"tags": tags})


def _listed(row: ConversationRow) -> dict[str, Any]:
    found = "".join(piece.text for piece in row.found)
    return {**conversation_json(row), "excerpt": found or row.last_text}


async def _filters(session: AsyncSession, request: Request) -> Filters:
    args = request.args
    zone = services_of(request).settings.zone
    return Filters(
        view=_one_of(request, "view", get_args(View), ""),
        statuses=_statuses(request),
        queue_id=await _queue_id(session, args.get("queue")),
        assignee_id=await _agent_id(session, args.get("assignee")),
        company_id=_id(request, "company"),
        channel_id=_id(request, "channel"),
        priority=_id(request, "priority"),
        sentiment=_sentiment(args.get("sentiment")),
        tag_id=await _tag_id(session, args.get("tag")),
        since=_moment("since", args.get("since"), zone),
        until=_moment("until", args.get("until"), zone, whole_day=True),
        opened=_one_of(request, "dates", ("last", "opened"), "last") == "opened",
        unread=_flag(request, "unread"),
        mentioned=_flag(request, "mentioned"),
        level=_one_of(request, "service_level", get_args(Level), ""),
        q=args.get("q", ""),
        sort=_one_of(request, "sort", get_args(Sort), "recent"),
    )


def _statuses(request: Request) -> tuple[Status, ...]:
    given = request.args.getlist("status", [])
    names = [part for value in given for part in value.split(",") if part]
    try:
        return tuple(dict.fromkeys(Status(name) for name in names))
    except ValueError as error:
        raise Invalid("status", _("Este status não existe.")) from error


async def _queue_id(session: AsyncSession, slug: str | None) -> int | None:
    if not slug:
        return None
    queue = await find_queue(session, slug)
    if queue is None:
        raise Invalid("queue", _("Esta fila não existe."))
    return queue.id


async def _agent_id(session: AsyncSession, email: str | None) -> int | None:
    if not email:
        return None
    agent = await find_user(session, email)
    if agent is None:
        raise Invalid("assignee", _("Não há agente com este e-mail."))
    return agent.id


async def _tag_id(session: AsyncSession, name: str | None) -> int | None:
    if not name:
        return None
    try:
        return (await find_tag(session, name)).id
    except NotFound as error:
        raise Invalid("tag", _("Esta etiqueta não existe.")) from error


def _sentiment(value: str | None) -> int | None:
    if not value:
        return None
    if value not in SENTIMENTS:
        raise Invalid("sentiment", _("O valor não é um dos aceitos."))
    return SENTIMENTS[value]


def _moment(
    name: str, value: str | None, zone: ZoneInfo, *, whole_day: bool = False
) -> datetime | None:
    """A day of the service's time zone, or a time with or without a zone of its own."""
    if not value:
        return None
    try:
        if len(value) == _DAY_CHARS:
            day = date.fromisoformat(value) + timedelta(days=1 if whole_day else 0)
            return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        moment = datetime.fromisoformat(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(name, _("A data ou a hora não é válida.")) from error


def _one_of(request: Request, name: str, values: tuple[str, ...], default: str) -> Any:
    value = request.args.get(name, default)
    if value not in values:
        raise Invalid(name, _("O valor não é um dos aceitos."))
    return value


def _flag(request: Request, name: str) -> bool:
    return bool(_one_of(request, name, ("", "0", "1", "false", "true"), "") in ("1", "true"))


def _id(request: Request, name: str) -> int | None:
    return read_number(request, name, 0) if request.args.get(name) else None


_TAG = "/conversations/<conversation_id:str>/tags/<tag:str>"
_TAGS = {200: "The conversation's tags."}

ENDPOINTS = [
    Endpoint(
        "GET",
        "/conversations",
        list_all,
        "List conversations.",
        query={
            "view": "queue (waits), mine, team (other agents'), bot; without it all.",
            "status": "One or more statuses, separated by commas.",
            "queue": "A queue's slug.",
            "assignee": "An agent's e-mail.",
            "company": "A company's id.",
            "channel": "A channel's id.",
            "priority": "0 normal, 1 high, 2 urgent.",
            "sentiment": "negative, neutral or positive.",
            "tag": "A tag's name.",
            "since": "A day or a time: the newest message is not older.",
            "until": "A day or a time: the newest message is not newer; a day counts as a whole.",
            "dates": "last (default), or opened: since and until speak of the first contact.",
            "unread": "1: only where the customer's words wait for a person's eyes.",
            "mentioned": "1: only where a note names this user.",
            "q": "People, companies, messages or ticket numbers; people come first.",
            "service_level": "any: a promise runs; late: one is past its time.",
            "sort": "recent (default), waiting (longest first), priority (order of the queue)"
            " or deadline (due first).",
            "cursor": "Where the previous page ended.",
        },
        returns=ConversationPage,
    ),
    Endpoint("PUT", _TAG, put_tag, "Put a tag, by name, on it.", answers=_TAGS, returns=TagsShown),
    Endpoint("DELETE", _TAG, delete_tag, "Take a tag off it.", answers=_TAGS, returns=TagsShown),
]
