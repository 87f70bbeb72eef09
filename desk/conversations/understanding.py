"""What the bot understood of a message: kept with it, and whether a designer should look at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Understanding

FALLBACK = "nlu_fallback"
RANKED = 3
"""So many guesses of the bot are kept."""
REPHRASE = "action_rephrase"
UNSURE_BELOW = 0.6
NOT_UNDERSTOOD, REPEATED, UNSURE, PERSON = "fallback", "repeated", "unsure", "handoff"
REASONS = (NOT_UNDERSTOOD, REPEATED, UNSURE, PERSON)
# A person asked for so soon after an answer tells that the answer did not help.
_SOON = timedelta(minutes=10)
# Nothing was asked with these, so no answer to them can have missed the point.
_SMALL_TALK = frozenset(
    {"greet", "thanks", "affirm", "deny", "goodbye", "menu_option", "rate", "talk_to_human"}
)

Before = Row[int, datetime, str, str, bool, bool, str]
"""Message, moment, intent, form, rephrased, handed off, reason: of the message before."""


@dataclass(frozen=True)
class Understood:
    """What the bot tells of a turn.

    ``confidence``: 0 to 1, of the best guess. ``ranking``: at most three (intent, confidence), best
    first, without the fallback. ``entities``: their kinds. ``form``: the slot that was asked for.
    """

    intent: str
    confidence: float
    ranking: Sequence[tuple[str, float]] = ()
    entities: Sequence[str] = ()
    actions: Sequence[str] = ()
    responses: Sequence[str] = ()
    form: str = ""

    @property
    def rephrased(self) -> bool:
        """Whether the bot asked to say it in other words."""
        return REPHRASE in self.actions


async def keep_understanding(
    session: AsyncSession,
    conversation_id: int,
    message_id: int,
    understood: Understood,
    unsure_below: float,
    *,
    handed_off: bool,
) -> None:
    """Stores it when the turn ends, and what it says of the answer before."""
    now = datetime.now(UTC)
    before = await _before(session, conversation_id, message_id)
    reason = reason_for(understood, before, unsure_below)
    await session.execute(
        insert(Understanding).values(
            message_id=message_id,
            conversation_id=conversation_id,
            at=now,
            intent=understood.intent[:120],
            confidence=understood.confidence,
            ranking=[list(each) for each in understood.ranking],
            entities=list(understood.entities),
            actions=list(understood.actions),
            responses=list(understood.responses),
            form=understood.form[:120],
            rephrased=understood.rephrased,
            handed_off=handed_off,
            reason=reason,
            review_due=bool(reason),
        )
    )
    if before is not None and handed_off and _answer_missed(before, now):
        await session.execute(
            update(Understanding)
            .where(Understanding.message_id == before.message_id)
            .values(reason=PERSON, review_due=True)
            .execution_options(synchronize_session=False)
        )


def reason_for(understood: Understood, before: Before | None, unsure_below: float) -> str:
    """Why a designer should look at it; empty when nobody need.

    What a form took as its answer (a name, a subject) was no matter of understanding.
    """
    if understood.rephrased:
        return REPEATED if before is not None and before.rephrased else NOT_UNDERSTOOD
    if understood.form:
        return ""
    if understood.intent == FALLBACK:
        return NOT_UNDERSTOOD
    return UNSURE if understood.confidence < unsure_below else ""


def _answer_missed(before: Before, now: datetime) -> bool:
    return (
        not before.reason
        and not before.handed_off
        and not before.form
        and before.intent not in _SMALL_TALK
        and now - before.at <= _SOON
    )


async def _before(session: AsyncSession, conversation_id: int, message_id: int) -> Before | None:
    """What was understood of the customer's message before this one."""
    query = (
        select(
            Understanding.message_id,
            Understanding.at,
            Understanding.intent,
            Understanding.form,
            Understanding.rephrased,
            Understanding.handed_off,
            Understanding.reason,
        )
        .where(
            Understanding.conversation_id == conversation_id,
            Understanding.message_id < message_id,
        )
        .order_by(Understanding.message_id.desc())
        .limit(1)
    )
    return (await session.execute(query)).one_or_none()
