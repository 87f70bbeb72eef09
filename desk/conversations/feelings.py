"""What was felt in a customer's messages: kept with them, and moving who waits up the queue."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.portal_access import hide_credentials
from desk.conversations.find import lock_conversation
from desk.conversations.ownership import set_priority
from desk.conversations.priority import HIGH, NORMAL, URGENT
from desk.conversations.tables import Conversation, Message
from desk.errors import NotFound
from desk.events.log import RULE, events_of_conversation, record_event
from desk.events.tables import Event
from desk.sentiment.model import Feeling
from desk.states import Owner

REMEMBERED_MESSAGES = 5
"""So many of a customer's newest messages make the mood of the conversation."""
SURE = 0.6
"""Below, a feeling counts as none."""
NEUTRAL, DISSATISFIED = 0, -1


@dataclass(frozen=True)
class Unfelt:
    """A customer's message that nobody has felt yet."""

    message_id: int
    conversation_id: int
    text: str


async def unfelt_messages(session: AsyncSession, events: Sequence[Event]) -> list[Unfelt]:
    """The customers' messages with words among these ``message.created`` events, in order."""
    ids = [event.data["message_id"] for event in events if event.data.get("direction") == "in"]
    if not ids:
        return []
    query = (
        select(Message.id, Message.conversation_id, Message.text)
        .where(
            Message.id.in_(ids),
            Message.kind == "message",
            Message.author_kind == "contact",
            Message.text != "",
            Message.sentiment.is_(None),
        )
        .order_by(Message.id)
    )
    rows = (await session.execute(query)).all()
    return [Unfelt(row.id, row.conversation_id, hide_credentials(row.text)) for row in rows]


async def keep_feelings(session: AsyncSession, felt: Mapping[Unfelt, Feeling]) -> None:
    """Stores what was felt, and what it means for the conversations and their place."""
    # Conversations first, as everybody does: a turn holds its conversation and marks its message.
    ids = sorted({unfelt.conversation_id for unfelt in felt})
    conversations = []
    for conversation_id in ids:
        with suppress(NotFound):  # Erased meanwhile.
            conversations.append(await lock_conversation(session, conversation_id))
    for unfelt, feeling in felt.items():
        await session.execute(
            update(Message)
            .where(Message.id == unfelt.message_id)
            .values(
                sentiment=feeling.sentiment if feeling.sure >= SURE else 0, urgent=feeling.urgent
            )
            .execution_options(synchronize_session=False)
        )
    for conversation in conversations:
        mood, urgent = await _mood_of(session, conversation)
        await _set_mood(session, conversation, mood)
        await _move_up(session, conversation, dissatisfied=mood == DISSATISFIED, urgent=urgent)


@dataclass(frozen=True)
class Mood:
    """How a customer feels now: -1 dissatisfied, 0 neutral, 1 satisfied; and whether it hurries."""

    sentiment: int
    urgent: bool


async def current_mood(
    session: AsyncSession, conversation: Conversation, newest: Feeling | None = None
) -> Mood:
    """How this customer feels, for whoever is about to answer.

    ``newest``: what the message shows that is being answered (``SentimentModel.feel`` in a
    thread). Messages are felt after their turn, so that it is not among the remembered ones yet;
    a sure feeling in it outweighs what was before.
    """
    sentiment, urgent = await _mood_of(session, conversation)
    if newest is not None:
        urgent = urgent or newest.urgent
        if newest.sure >= SURE and newest.sentiment != NEUTRAL:
            sentiment = newest.sentiment
    return Mood(sentiment, urgent)


async def _mood_of(session: AsyncSession, conversation: Conversation) -> tuple[int, bool]:
    """Of the last few messages: the newest feeling that is one, and whether any cannot wait."""
    query = (
        select(Message.sentiment, Message.urgent)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == "in",
            Message.sentiment.is_not(None),
        )
        .order_by(Message.seq.desc())
        .limit(REMEMBERED_MESSAGES)
    )
    newest = (await session.execute(query)).all()
    mood = next((row.sentiment for row in newest if row.sentiment), NEUTRAL)
    return mood, any(row.urgent for row in newest)


async def _set_mood(session: AsyncSession, conversation: Conversation, mood: int) -> None:
    if mood == conversation.sentiment:
        return
    before, conversation.sentiment = conversation.sentiment, mood
    await record_event(
        session,
        "conversation.mood_changed",
        RULE,
        conversation_id=conversation.id,
        before=before,
        after=mood,
    )


async def _move_up(
    session: AsyncSession, conversation: Conversation, *, dissatisfied: bool, urgent: bool
) -> None:
    """Who is dissatisfied or cannot wait goes first; what a person decided stays."""
    wanted = URGENT if urgent and dissatisfied else HIGH if urgent or dissatisfied else NORMAL
    if conversation.owner is Owner.BOT or wanted <= conversation.priority:
        return
    if not await _chosen_by_a_person(session, conversation):
        await set_priority(session, conversation.id, wanted, RULE)


async def _chosen_by_a_person(session: AsyncSession, conversation: Conversation) -> bool:
    changes = await events_of_conversation(
        session, conversation.id, ("conversation.priority_changed",), limit=1
    )
    return bool(changes) and changes[-1].actor_kind == "agent"
