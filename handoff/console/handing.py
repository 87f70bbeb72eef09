"""Who gets an open conversation, how urgent it is and how it is tagged."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.access import visible_conversation
from desk.conversations.history import conversation_history
from desk.conversations.ownership import set_priority, take_over
from desk.conversations.priority import PRIORITY_LABELS
from desk.conversations.routing.teaching import sentences_to_teach, use_as_example
from desk.conversations.tables import Conversation
from desk.conversations.tagging import find_tag, tag_conversation, untag_conversation
from desk.conversations.team_messages import add_note
from desk.conversations.transfer import targets_for, transfer_to_agent, transfer_to_queue
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid
from desk.events.log import by_agent
from desk.team.presence import Standing
from desk.team.tables import Queue, User
from desk.team.users import list_users
from desk.text import clean_text
from handoff.console.conversation import MAX_DIGITS, TEAM, change_conversation, field_of
from handoff.console.history import history_lines
from handoff.i18n import N_, _
from handoff.pages import render
from handoff.security import current_user, signed_in
from handoff.services import services_of

SUPERVISORS = ("supervisor", "admin")
MAX_NOTE_CHARS = 4000
STANDING_LABELS: Mapping[Standing, str] = {
    Standing.AVAILABLE: N_("disponível"),
    Standing.AWAY: N_("ausente"),
    Standing.OFFLINE: N_("desconectado"),
}

blueprint = Blueprint("console_handing", url_prefix="/conversations/<public_id:str>")


@blueprint.get("/transfer")
@signed_in(*TEAM)
async def show_transfer(request: Request, public_id: str) -> HTTPResponse:
    """The people and queues that may get the conversation, as they stand now."""
    async with services_of(request).database.reading() as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        targets = await targets_for(session, current_user(request), conversation)
    labels = {standing: _(label) for standing, label in STANDING_LABELS.items()}
    return render(
        request,
        "console/transfer.html",
        public_id=public_id,
        targets=targets,
        standing_labels=labels,
    )


@blueprint.post("/transfer")
@signed_in(*TEAM)
async def transfer(request: Request, public_id: str) -> HTTPResponse:
    """Gives the conversation to somebody else; a note tells them why."""
    user = current_user(request)
    note = clean_text(field_of(request, "note", MAX_NOTE_CHARS))
    kind, _colon, number = field_of(request, "to").partition(":")
    target_id = min(int(number), MAX_SMALL_KEY) if number.isdecimal() else 0

    async def hand_on(session: AsyncSession, conversation: Conversation) -> None:
        agent = await session.get(User, target_id) if kind == "agent" else None
        queue = await session.get(Queue, target_id) if kind == "queue" else None
        if agent is None and queue is None:
            raise Invalid("to", _("Escolha para quem a conversa vai."))
        if note:
            await add_note(session, conversation.id, user, note)
        if agent is not None:
            await transfer_to_agent(session, conversation, user, agent)
        elif queue is not None:
            await transfer_to_queue(session, conversation, user, queue)

    return await change_conversation(request, public_id, hand_on)


@blueprint.get("/history")
@signed_in(*TEAM)
async def show_history(request: Request, public_id: str) -> HTTPResponse:
    """Who changed what, and how long it stayed so; fetched when somebody looks at it."""
    services = services_of(request)
    async with services.database.reading() as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        entries = await conversation_history(session, conversation)
        names = {user.id: user.name for user in await list_users(session)}
    lines = history_lines(entries, names, zone=services.settings.zone, now=datetime.now(UTC))
    return render(request, "console/history.html", lines=lines)


@blueprint.get("/finish")
@signed_in(*TEAM)
async def show_finish(request: Request, public_id: str) -> HTTPResponse:
    """How a service may end, with words for the bot."""
    async with services_of(request).database.reading() as session:
        await visible_conversation(session, current_user(request), public_id)
    return render(request, "console/finish.html", public_id=public_id)


@blueprint.post("/take-over")
@signed_in(*SUPERVISORS)
async def take_conversation_over(request: Request, public_id: str) -> HTTPResponse:
    """A supervisor takes the conversation from whoever has it."""
    user = current_user(request)

    async def take(session: AsyncSession, conversation: Conversation) -> None:
        await take_over(session, conversation.id, user)

    return await change_conversation(request, public_id, take)


@blueprint.post("/priority")
@signed_in(*SUPERVISORS)
async def change_priority(request: Request, public_id: str) -> HTTPResponse:
    """Sets how urgent the conversation is."""
    levels = {str(level): level for level in PRIORITY_LABELS}
    level = levels.get(field_of(request, "priority"))
    if level is None:
        raise Invalid("priority", _("Esta prioridade não existe."))
    actor = by_agent(current_user(request).id)

    async def change(session: AsyncSession, conversation: Conversation) -> None:
        await set_priority(session, conversation.id, level, actor)

    return await change_conversation(request, public_id, change)


@blueprint.get("/example")
@signed_in(*SUPERVISORS)
async def show_teaching(request: Request, public_id: str) -> HTTPResponse:
    """The sentences of the customer that may become an example, the most telling first."""
    async with services_of(request).database.reading() as session:
        conversation = await visible_conversation(session, current_user(request), public_id)
        sentences = await sentences_to_teach(session, conversation)
        queue = await session.get(Queue, conversation.queue_id or 0)
    return render(
        request,
        "console/teach.html",
        public_id=public_id,
        sentences=sentences,
        queue=queue.name if queue else "",
    )


@blueprint.post("/example")
@signed_in(*SUPERVISORS)
async def teach(request: Request, public_id: str) -> HTTPResponse:
    """Makes a sentence of the customer an example of the queue that the conversation is in."""
    actor, number = by_agent(current_user(request).id), field_of(request, "message_id")
    message_id = int(number) if number.isdecimal() and len(number) <= MAX_DIGITS else None

    async def use(session: AsyncSession, conversation: Conversation) -> None:
        await use_as_example(session, conversation, actor, message_id)

    return await change_conversation(request, public_id, use)


@blueprint.post("/tag")
@signed_in(*TEAM)
async def add_tag(request: Request, public_id: str) -> HTTPResponse:
    """Puts a tag on the conversation."""
    name, actor = field_of(request, "tag"), by_agent(current_user(request).id)

    async def tag(session: AsyncSession, conversation: Conversation) -> None:
        await tag_conversation(session, conversation, await find_tag(session, name), actor)

    return await change_conversation(request, public_id, tag)


@blueprint.post("/untag")
@signed_in(*TEAM)
async def remove_tag(request: Request, public_id: str) -> HTTPResponse:
    """Takes a tag off the conversation."""
    name, actor = field_of(request, "tag"), by_agent(current_user(request).id)

    async def untag(session: AsyncSession, conversation: Conversation) -> None:
        await untag_conversation(session, conversation, await find_tag(session, name), actor)

    return await change_conversation(request, public_id, untag)
