"""The examples that routing learns from: kept, typed, forgotten, and given to who learns."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.routing.classifier import MAX_CHARS, Example, words_of
from desk.conversations.routing.tables import RoutingExample, RoutingVersion
from desk.conversations.routing.telling import without_people
from desk.conversations.tables import Message
from desk.db import MAX_KEY, MAX_SMALL_KEY, upsert
from desk.errors import Invalid, NotFound
from desk.events.log import Actor, record_event
from desk.shapes import Line, Values
from desk.team.tables import Queue
from desk.tickets.tables import RequestType

MOST_TYPED = 200
"""So many examples may be typed for one queue or type."""
MOST_LEARNED = 300
"""So many of a queue's newest examples are learned from."""
_ONLY_ROW = 1


class ExampleValues(Values):
    """An example as somebody types it, for a queue or for a request type."""

    text: Line = Field(min_length=3, max_length=MAX_CHARS)
    queue_id: int | None = Field(default=None, ge=1, le=MAX_SMALL_KEY)
    request_type_id: int | None = Field(default=None, ge=1, le=MAX_SMALL_KEY)

    @model_validator(mode="after")
    def _is_of_one(self) -> "ExampleValues":
        if (self.queue_id is None) == (self.request_type_id is None):
            raise ValueError("Escolha uma fila ou um tipo de solicitação.")
        return self


@dataclass(frozen=True)
class ShownExample:
    """An example with its words as they read now; ``from_chat``: they are a customer's."""

    id: int
    queue_id: int | None
    request_type_id: int | None
    text: str
    from_chat: bool
    chosen: bool


@dataclass(frozen=True)
class AddedExample:
    """A new example; ``was_elsewhere``: another queue had the same words until now."""

    example: RoutingExample
    was_elsewhere: bool


async def list_examples(session: AsyncSession) -> list[ShownExample]:
    """All that are learned from, oldest first within each queue or type; for supervisors."""
    rows = await session.execute(
        select(RoutingExample, Message.text.label("said"))
        .outerjoin(Message, Message.id == RoutingExample.message_id)
        .where(_readable())
        .order_by(RoutingExample.id.desc())
        .limit(_most(await _count_places(session)))
    )
    shown = [
        ShownExample(
            row.RoutingExample.id,
            row.RoutingExample.queue_id,
            row.RoutingExample.request_type_id,
            _words(row.RoutingExample, row.said),
            row.RoutingExample.message_id is not None,
            row.RoutingExample.chosen,
        )
        for row in rows
    ]
    return shown[::-1]


async def add_example(session: AsyncSession, values: ExampleValues, actor: Actor) -> AddedExample:
    """Adds a typed example; what another queue had of the same words goes (``take_from_others``).

    Raises:
        Invalid: there is no such queue or type, it has too many, or has this one already.
    """
    owner = await _check_owner(session, values)
    own = (await session.execute(select(RoutingExample.text).where(*owner))).scalars().all()
    if len(own) >= MOST_TYPED:
        raise Invalid("text", "São no máximo {most} exemplos. Exclua algum antes.", most=MOST_TYPED)
    if values.text.casefold() in {text.casefold() for text in own}:
        raise Invalid("text", "Este exemplo já está aqui.")
    queue_id = await _queue_of(session, values)
    taken = await take_from_others(session, values.text, queue_id, actor)
    example = RoutingExample(
        **values.model_dump(), created_by=actor.id, created_at=datetime.now(UTC)
    )
    session.add(example)
    await session.flush()
    await record_example(session, "routing.example_added", example, actor)
    return AddedExample(example, taken)


async def remove_example(session: AsyncSession, example_id: int, actor: Actor) -> None:
    """Forgets an example.

    Raises:
        NotFound: there is none.
    """
    example = await session.get(RoutingExample, max(0, min(example_id, MAX_KEY)))
    if example is None:
        raise NotFound("Exemplo não encontrado.")
    await record_example(session, "routing.example_removed", example, actor)
    await session.delete(example)
    await session.flush()


async def examples_to_learn(session: AsyncSession) -> list[Example]:
    """The examples of active queues, at most the newest 300 of each; the names of what has any."""
    queue_id = func.coalesce(RoutingExample.queue_id, RequestType.queue_id)
    rows = await session.execute(
        select(RoutingExample, Message.text.label("said"), Queue.id.label("queue_id"))
        .outerjoin(RequestType, RequestType.id == RoutingExample.request_type_id)
        .outerjoin(Message, Message.id == RoutingExample.message_id)
        .join(Queue, Queue.id == queue_id)
        .where(Queue.active, _readable())
        .order_by(RoutingExample.id.desc())
        .limit(_most(await _count_places(session)))
    )
    by_queue: dict[int, list[Example]] = {}
    for row in rows:
        own = by_queue.setdefault(row.queue_id, [])
        if len(own) < MOST_LEARNED and (text := _words(row.RoutingExample, row.said)):
            own.append(Example(row.RoutingExample.id, row.queue_id, text))
    names = [each for each in await _names(session) if each.queue_id in by_queue]
    return [*(each for own in by_queue.values() for each in own), *names]


async def routing_state(session: AsyncSession) -> tuple[Any, ...]:
    """Differs whenever another classifier is due: examples, queues or types changed."""
    version = select(func.coalesce(func.max(RoutingVersion.number), 0))
    counted = select(func.count(RoutingExample.id))
    queues = select(Queue.id, Queue.name, Queue.active).order_by(Queue.id)
    types = select(RequestType.id, RequestType.name, RequestType.active, RequestType.queue_id)
    return (
        (await session.execute(version)).scalar_one(),
        (await session.execute(counted)).scalar_one(),
        tuple(map(tuple, await session.execute(queues))),
        tuple(map(tuple, await session.execute(types.order_by(RequestType.id)))),
    )


async def owners_of_sentences(
    session: AsyncSession, texts: Collection[str]
) -> dict[str, list[tuple[RoutingExample, int]]]:
    """By text: the examples that read alike but for case, accents and signs, and their queues."""
    queue_id = func.coalesce(RoutingExample.queue_id, RequestType.queue_id)
    rows = await session.execute(
        select(RoutingExample, Message.text.label("said"), queue_id.label("queue_id"))
        .outerjoin(RequestType, RequestType.id == RoutingExample.request_type_id)
        .outerjoin(Message, Message.id == RoutingExample.message_id)
        .where(queue_id.is_not(None), _readable())
        .order_by(RoutingExample.id.desc())
        .limit(_most(await _count_places(session)))
    )
    known = [
        (words_of(_words(row.RoutingExample, row.said)), (row.RoutingExample, row.queue_id))
        for row in rows
    ]
    return {
        text: [owned for words, owned in known if words == same]
        for text, same in ((text, words_of(text)) for text in texts)
    }


async def take_from_others(
    session: AsyncSession, text: str, queue_id: int | None, actor: Actor
) -> bool:
    """A sentence belongs to one queue: forgets it in the others. Whether it was in any."""
    others = [
        example
        for example, owner in (await owners_of_sentences(session, [text]))[text]
        if queue_id is not None and owner != queue_id
    ]
    for example in others:
        await record_example(session, "routing.example_removed", example, actor)
        await session.delete(example)
    await session.flush()
    return bool(others)


async def record_example(
    session: AsyncSession, kind: str, example: RoutingExample, actor: Actor
) -> None:
    """Tells the log of an example that was added or removed, and every router to learn anew."""
    facts = {
        name: getattr(example, name)
        for name in ("queue_id", "request_type_id", "message_id")
        if getattr(example, name) is not None
    }
    await record_event(session, kind, actor, id=example.id, **facts)
    insert = upsert(session)
    row = insert(RoutingVersion).values(id=_ONLY_ROW, number=1)
    await session.execute(
        row.on_conflict_do_update(index_elements=["id"], set_={"number": RoutingVersion.number + 1})
    )


async def _names(session: AsyncSession) -> list[Example]:
    queues = await session.execute(select(Queue.id, Queue.name).where(Queue.active))
    types = await session.execute(
        select(RequestType.queue_id, RequestType.name)
        .join(Queue, Queue.id == RequestType.queue_id)
        .where(RequestType.active, Queue.active)
    )
    return [Example(0, *row) for row in (*queues, *types)]


async def _queue_of(session: AsyncSession, values: ExampleValues) -> int | None:
    if values.queue_id is not None:
        return values.queue_id
    return (await session.get_one(RequestType, values.request_type_id)).queue_id


async def _check_owner(session: AsyncSession, values: ExampleValues) -> list[Any]:
    if values.queue_id is not None:
        if await session.get(Queue, values.queue_id) is None:
            raise Invalid("queue_id", "Esta fila não existe.")
        return [RoutingExample.queue_id == values.queue_id]
    if await session.get(RequestType, values.request_type_id) is None:
        raise Invalid("request_type_id", "Este tipo não existe.")
    return [RoutingExample.request_type_id == values.request_type_id]


async def _count_places(session: AsyncSession) -> int:
    queues = select(func.count(Queue.id)).scalar_subquery()
    types = select(func.count(RequestType.id)).scalar_subquery()
    return int((await session.execute(select(queues + types))).scalar_one())


def _most(places: int) -> int:
    return max(1, places) * MOST_LEARNED


def _readable() -> Any:
    return or_(RoutingExample.message_id.is_(None), Message.hidden_from_team.is_(False))


def _words(example: RoutingExample, said: str | None) -> str:
    if example.message_id is not None:
        return without_people(said or "")
    return " ".join(example.text.split())[:MAX_CHARS]
