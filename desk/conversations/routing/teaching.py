"""Sentences of a conversation become examples: chosen by a supervisor, or shown by a transfer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.routing.classifier import count_telling, says_something
from desk.conversations.routing.examples import (
    owners_of_sentences,
    record_example,
    take_from_others,
)
from desk.conversations.routing.tables import RoutingExample
from desk.conversations.routing.telling import Telling, told_here, without_people
from desk.conversations.tables import Conversation, Message
from desk.db import upsert
from desk.errors import Conflict
from desk.events.log import Actor
from desk.team.tables import Queue

MOST_OFFERED = 5
"""So many sentences are offered to whoever teaches."""
_LOOKED_AT = 40


@dataclass(frozen=True)
class Sentence:
    """What would be learned of a message; ``elsewhere``: the queues that it is taken from then."""

    message_id: int
    text: str
    elsewhere: Sequence[str]


async def sentences_to_teach(session: AsyncSession, conversation: Conversation) -> list[Sentence]:
    """What the customer wrote that a matter can be told from: most telling first, at most five."""
    told = (await _by_telling(session, conversation))[:MOST_OFFERED]
    owned = await owners_of_sentences(session, [each.text for each in told])
    queues = await session.execute(select(Queue.id, Queue.name))
    names = {queue_id: name for queue_id, name in queues if queue_id != conversation.queue_id}
    return [
        Sentence(
            each.message_id,
            each.text,
            sorted({names[owner] for _example, owner in owned[each.text] if owner in names}),
        )
        for each in told
    ]


async def use_as_example(
    session: AsyncSession, conversation: Conversation, actor: Actor, message_id: int | None = None
) -> None:
    """Makes a sentence of the customer an example of the queue that the conversation is in.

    Args:
        session: the caller's transaction.
        conversation: in a queue.
        actor: who teaches.
        message_id: one of ``sentences_to_teach``; the most telling where none is named.

    Raises:
        Conflict: it is in no queue, or the customer wrote nothing that tells what it is about.
    """
    if conversation.queue_id is None:
        raise Conflict("A conversa não está em nenhuma fila.")
    told = await _by_telling(session, conversation)
    chosen = [each for each in told if message_id in (None, each.message_id)]
    if not chosen:
        raise Conflict("O cliente ainda não escreveu nada que sirva de exemplo.")
    await take_from_others(session, chosen[0].text, conversation.queue_id, actor)
    await _keep(session, chosen[0].message_id, conversation.queue_id, actor, chosen=True)


async def taught_here(session: AsyncSession, conversation: Conversation) -> list[str]:
    """What was written here and is an example of the queue that it is in, as it was learned."""
    query = (
        select(Message.text)
        .join(RoutingExample, Message.id == RoutingExample.message_id)
        .where(
            RoutingExample.queue_id == conversation.queue_id,
            Message.conversation_id == conversation.id,
            Message.hidden_from_team.is_(False),
        )
        .order_by(Message.id.desc())
        .limit(MOST_OFFERED)
    )
    return [without_people(text) for text in (await session.execute(query)).scalars()]


async def learn_from_move(
    session: AsyncSession, conversation: Conversation, queue: Queue, actor: Actor
) -> None:
    """Before a person moves a conversation: that it was in the wrong queue, and what is right.

    Only before anybody answered: what was answered may move because the matter went on. Moved to
    and fro, the last word counts. What somebody chose or typed for a queue is not taken from it.
    """
    if conversation.waiting_since is None or conversation.queue_id in (None, queue.id):
        return
    for told in (await _by_telling(session, conversation))[:1]:
        others = [
            example
            for example, _owner in (await owners_of_sentences(session, [told.text]))[told.text]
            if example.message_id != told.message_id
        ]
        if not any(example.chosen for example in others):
            await take_from_others(session, told.text, queue.id, actor)
            await _keep(session, told.message_id, queue.id, actor, chosen=False)


async def _by_telling(session: AsyncSession, conversation: Conversation) -> list[Telling]:
    """What it was routed by, then the sentences of the present service by how much they tell."""
    told = await told_here(session, conversation.id, looked_at=_LOOKED_AT)
    told.sort(key=lambda each: -count_telling(each.text))
    routed_by = (conversation.routing or {}).get("message_id")
    message = await session.get(Message, routed_by) if routed_by is not None else None
    if message is None or message.hidden_from_team or not says_something(message.text):
        return told
    first = Telling(message.id, without_people(message.text))
    return [first, *(each for each in told if each.message_id != message.id)]


async def _keep(
    session: AsyncSession, message_id: int, queue_id: int, actor: Actor, *, chosen: bool
) -> None:
    insert = upsert(session)
    row = insert(RoutingExample).values(
        message_id=message_id,
        queue_id=queue_id,
        text="",
        chosen=chosen,
        created_by=actor.id,
        created_at=datetime.now(UTC),
    )
    changed: dict[str, Any] = {
        "queue_id": queue_id,
        "request_type_id": None,
        "created_by": actor.id,
    }
    changed |= {"chosen": True} if chosen else {}
    kept = await session.execute(
        row.on_conflict_do_update(index_elements=["message_id"], set_=changed).returning(
            RoutingExample
        ),
        execution_options={"populate_existing": True},
    )
    await record_example(session, "routing.example_added", kept.scalar_one(), actor)
