"""Decide what messages meant, or that they teach nothing, and take it back."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Message
from desk.errors import Conflict, Invalid, NotFound
from desk.events.log import by_agent, record_event
from desk.review.masking import Mark, People
from desk.review.people import people_of
from desk.review.sentences import ENTITY, merge_marks, sentence_of
from desk.review.tables import ReviewItem
from desk.review.writing import Lesson
from desk.team.tables import User

OPEN, DONE, DISCARDED = "open", "done", "discarded"
STATES = (OPEN, DONE, DISCARDED)
MOST_AT_ONCE = 500
MOST_MARKS = 20

Chosen = Mapping[int, Sequence[tuple[Mark, str]]]
"""What was marked in each message: the mark, and the words that the designer saw there."""


async def decide(
    session: AsyncSession,
    user: User,
    message_ids: Collection[int],
    intent: str | None,
    chosen: Chosen | None = None,
) -> str:
    """Gives messages their intent, or discards them when it is None; all of them or none.

    Returns:
        The number of the decision, with which it is undone.

    Raises:
        Conflict: somebody else decided on one of them first.
        Invalid: there is nothing to decide on, or too much; a mark does not fit its words.
        NotFound: one is not in the review.
    """
    items = await _locked(session, message_ids)
    if taken := [each for each in items if each.state != OPEN]:
        raise await _taken(session, user, taken)
    decision, now = uuid.uuid4().hex, datetime.now(UTC)
    texts = await _texts(session, items)
    people = await people_of(session, list(texts))
    for item in items:
        if intent is not None:
            _teach(item, texts[item.message_id], people[item.message_id], (chosen or {}))
        item.intent = intent
        item.state = DISCARDED if intent is None else DONE
        item.decision, item.decided_by, item.decided_at = decision, user.id, now
    await session.flush()
    await record_event(
        session,
        "review.discarded" if intent is None else "review.decided",
        by_agent(user.id),
        message_id=items[0].message_id,
        count=len(items),
        after=intent,
    )
    return decision


async def undo(session: AsyncSession, user: User, message_ids: Collection[int]) -> int:
    """Opens messages again; says how many.

    What was written to the file stays there until they are decided anew.

    Raises:
        Invalid: there is nothing to undo, or too much.
        NotFound: one is not in the review.
    """
    items = [each for each in await _locked(session, message_ids) if each.state != OPEN]
    for item in items:
        item.state, item.intent, item.sentence, item.entities = OPEN, None, "", []
        item.decision = item.decided_by = item.decided_at = item.written_at = None
    await session.flush()
    if items:
        await record_event(
            session,
            "review.undone",
            by_agent(user.id),
            message_id=items[0].message_id,
            count=len(items),
        )
    return len(items)


async def undo_decision(session: AsyncSession, user: User, decision: str) -> int:
    """The same for all that was decided together and still stands so."""
    query = select(ReviewItem.message_id).where(ReviewItem.decision == decision)
    ids = (await session.execute(query.limit(MOST_AT_ONCE))).scalars().all()
    return await undo(session, user, ids) if ids else 0


async def lessons_to_write(session: AsyncSession) -> list[Lesson]:
    """What was decided and is in no file yet, oldest first."""
    query = (
        select(ReviewItem.intent, ReviewItem.sentence, ReviewItem.entities, ReviewItem.message_id)
        .where(
            ReviewItem.state == DONE,
            ReviewItem.written_at.is_(None),
            ReviewItem.sentence != "",
            ReviewItem.intent.is_not(None),
        )
        .order_by(ReviewItem.decided_at, ReviewItem.message_id)
    )
    return [
        Lesson(
            row.intent or "", row.sentence, [_mark(each) for each in row.entities], row.message_id
        )
        for row in await session.execute(query)
    ]


async def mark_written(
    session: AsyncSession, user: User, message_ids: Sequence[int], count: int
) -> None:
    """Notes that these are in the training data; ``count`` of them were new there."""
    for start in range(0, len(message_ids), MOST_AT_ONCE):
        await session.execute(
            update(ReviewItem)
            .where(
                ReviewItem.message_id.in_(message_ids[start : start + MOST_AT_ONCE]),
                ReviewItem.state == DONE,
            )
            .values(written_at=datetime.now(UTC))
            .execution_options(synchronize_session=False)
        )
    await record_event(session, "review.written", by_agent(user.id), count=count)


def _teach(item: ReviewItem, text: str, people: People, chosen: Chosen) -> None:
    masked = sentence_of(text, people)
    marks = chosen.get(item.message_id, ())
    if len(marks) > MOST_MARKS:
        raise Invalid("entities", "São marcas demais numa mensagem.")
    for mark, words in marks:
        if not ENTITY.fullmatch(mark.entity):
            raise Invalid("entities", "Esta entidade não existe.")
        if not 0 <= mark.start < mark.end or masked.text[mark.start : mark.end] != words:
            raise Conflict("A mensagem mudou enquanto você a marcava. Recarregue a página.")
    item.sentence = masked.text
    merged = merge_marks(masked.marks, [mark for mark, _ in marks])
    item.entities = [each._asdict() for each in merged]


def _mark(entity: Mapping[str, object]) -> Mark:
    return Mark(int(str(entity["start"])), int(str(entity["end"])), str(entity["entity"]))


async def _locked(session: AsyncSession, message_ids: Collection[int]) -> list[ReviewItem]:
    ids = sorted(set(message_ids))
    if not ids or len(ids) > MOST_AT_ONCE:
        raise Invalid("messages", "Escolha de 1 a {most} mensagens.", most=MOST_AT_ONCE)
    query = (
        select(ReviewItem)
        .where(ReviewItem.message_id.in_(ids))
        .order_by(ReviewItem.message_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    items = list((await session.execute(query)).scalars())
    if len(items) < len(ids):
        raise NotFound("Uma das mensagens não está mais na revisão. Recarregue a página.")
    return items


async def _taken(session: AsyncSession, user: User, taken: Sequence[ReviewItem]) -> Conflict:
    first = taken[0]
    name = await session.scalar(select(User.name).where(User.id == first.decided_by))
    if first.decided_by == user.id:
        return Conflict("Você já decidiu sobre estas mensagens. Desfaça para decidir de novo.")
    if first.state == DISCARDED:
        return Conflict(
            "{name} acabou de descartar {count} destas mensagens. Nada foi mudado.",
            name=name or "–",
            count=len(taken),
        )
    return Conflict(
        "{name} acabou de dar a intenção {intent} a {count} destas mensagens. Nada foi mudado.",
        name=name or "–",
        intent=first.intent,
        count=len(taken),
    )


async def _texts(session: AsyncSession, items: Sequence[ReviewItem]) -> dict[int, str]:
    ids = [each.message_id for each in items]
    rows = await session.execute(select(Message.id, Message.text).where(Message.id.in_(ids)))
    return {row.id: row.text for row in rows}
