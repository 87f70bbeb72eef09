"""Status of a service: every change is kept with who, when, from and to."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.automation import happens_by_itself
from desk.conversations.tables import Conversation
from desk.events.log import Actor, record_event
from desk.states import CONVERSATION_STATUS_AFTER, ENDED, Status

_BY_CUSTOMER = frozenset({"contact_wrote", "handed_off"})


async def apply_status(
    session: AsyncSession, conversation: Conversation, status: Status, actor: Actor
) -> None:
    """Sets the status of a held conversation; the same status is no change."""
    if conversation.status == status:
        return
    now = datetime.now(UTC)
    if status in ENDED:
        conversation.reopened_at = None
    before, since = conversation.status, conversation.status_since
    conversation.status, conversation.status_since = status, now
    await session.flush()
    await record_event(
        session,
        "conversation.status_changed",
        actor,
        conversation_id=conversation.id,
        before=before.value,
        after=status.value,
        seconds_before=round((now - since).total_seconds(), 3),
    )


async def status_after(
    session: AsyncSession, conversation: Conversation, happening: str, actor: Actor
) -> None:
    """Sets the status that a happening brings by itself, as the table of states says.

    A service that the customer reopens stays marked until an agent answers or it ends again.
    """
    if happening == "agent_replied":
        conversation.reopened_at = None
    status = CONVERSATION_STATUS_AFTER.get((happening, conversation.status))
    if status is None or not await happens_by_itself(session, happening):
        return
    if conversation.status in ENDED and happening in _BY_CUSTOMER:
        conversation.reopened_at = datetime.now(UTC)
    await apply_status(session, conversation, status, actor)
