"""What in the event log calls one person of the team: a new arrival, an answer, a mention."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact
from desk.conversations.tables import Conversation, Message
from desk.events.log import events_after, latest_seq
from desk.events.tables import Event
from desk.states import Owner
from desk.team.preferences import Preferences, preferences_of
from desk.team.tables import QueueMember, User

QUEUE, MESSAGE, MENTION, ASSIGNED = "queue", "message", "mention", "assigned"
MOST_EVENTS = 500
_KINDS = ("conversation.owner_changed", "message.created", "note.mentioned")
_EXCERPT_CHARS = 140


@dataclass(frozen=True)
class Notice:
    """Somebody is called. ``text`` is empty unless the person lets it be shown."""

    seq: int
    kind: str
    conversation: str
    name: str
    text: str = ""


async def notices_after(
    session: AsyncSession, user: User, after: int | None
) -> tuple[int, list[Notice]]:
    """What called this person after event number ``after``, oldest first, and the number reached.

    Without a number nothing is told but where the log stands. What has meanwhile been settled
    (another has claimed what waited) calls nobody.
    """
    if after is None:
        return await latest_seq(session), []
    events = await events_after(session, after, MOST_EVENTS, _KINDS)
    if not events:
        return max(after, await latest_seq(session)), []
    wanted = preferences_of(user)
    query = select(QueueMember.queue_id).where(QueueMember.user_id == user.id)
    served = set((await session.execute(query)).scalars())
    conversations = await _conversations_of(session, events)
    calls: dict[tuple[str, int], Event] = {}
    for event in events:
        found = conversations.get(event.conversation_id or 0)
        kind = _kind_for(event, found[0], user, served) if found else ""
        if found and kind and _is_wanted(kind, wanted):
            calls[kind, found[0].id] = event  # Of several alike, the last.
    return events[-1].seq, await _in_words(session, calls, conversations, wanted)


async def _conversations_of(
    session: AsyncSession, events: Sequence[Event]
) -> dict[int, tuple[Conversation, str]]:
    ids = {event.conversation_id for event in events if event.conversation_id is not None}
    rows = await session.execute(
        select(Conversation, Contact.name)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(Conversation.id.in_(ids))
    )
    return {conversation.id: (conversation, name or "") for conversation, name in rows}


def _kind_for(event: Event, conversation: Conversation, user: User, served: set[int]) -> str:
    own = event.actor_kind == "agent" and event.actor_id == user.id
    if event.kind == "note.mentioned":
        return MENTION if user.id in event.data.get("user_ids", ()) and not own else ""
    mine = conversation.owner is Owner.AGENT and conversation.assignee_id == user.id
    if event.kind == "message.created":
        heard = event.data.get("direction") == "in" and event.data.get("message_kind") == "message"
        return MESSAGE if mine and heard else ""
    if own:
        return ""
    if event.data.get("after") == Owner.AGENT.value:
        return ASSIGNED if mine and event.data.get("assignee_id") == user.id else ""
    waits = conversation.owner is Owner.QUEUE and conversation.queue_id in served
    return QUEUE if waits and event.data.get("after") == Owner.QUEUE.value else ""


def _is_wanted(kind: str, wanted: Preferences) -> bool:
    return bool(getattr(wanted, f"notify_{kind}"))


async def _in_words(
    session: AsyncSession,
    calls: dict[tuple[str, int], Event],
    conversations: dict[int, tuple[Conversation, str]],
    wanted: Preferences,
) -> list[Notice]:
    texts: dict[int, str] = {}
    if wanted.notify_text:
        ids = [event.data["message_id"] for (kind, _), event in calls.items() if kind == MESSAGE]
        rows = await session.execute(
            select(Message.id, Message.text).where(Message.id.in_(ids), Message.kind == "message")
        )
        texts = {id_: " ".join(text.split())[:_EXCERPT_CHARS] for id_, text in rows}
    return [
        Notice(
            event.seq,
            kind,
            conversations[conversation_id][0].public_id,
            conversations[conversation_id][1],
            texts.get(event.data.get("message_id", 0), "") if kind == MESSAGE else "",
        )
        for (kind, conversation_id), event in sorted(calls.items(), key=lambda item: item[1].seq)
    ]
