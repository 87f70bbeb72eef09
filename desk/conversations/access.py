"""What of the conversations a member of the team may see, and what was seen."""

from collections.abc import Collection
from typing import Protocol

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation
from desk.errors import NotFound
from desk.states import Owner
from desk.team.queues import queue_ids_of
from desk.team.tables import User


class Viewer(Protocol):
    """Somebody of the team, as far as what they may see goes."""

    @property
    def id(self) -> int:
        """The user's number."""

    @property
    def sees_all_queues(self) -> bool:
        """Whether every queue is theirs to see."""


async def visible_to(session: AsyncSession, viewer: User) -> ColumnElement[bool]:
    """The condition under which a viewer may see a conversation.

    Supervisors and admins see all; an agent those of its queues and its own.
    """
    queue_ids = () if viewer.sees_all_queues else await queue_ids_of(session, viewer)
    return visible_with(viewer, queue_ids)


def visible_with(viewer: Viewer, queue_ids: Collection[int]) -> ColumnElement[bool]:
    """The same when the viewer's queues are known."""
    if viewer.sees_all_queues:
        return Conversation.id.is_not(None)
    return or_(Conversation.queue_id.in_(queue_ids), Conversation.assignee_id == viewer.id)


async def visible_conversation(session: AsyncSession, viewer: User, public_id: str) -> Conversation:
    """One conversation that the viewer may see.

    Raises:
        NotFound: there is none, or the viewer may not see it; which of both is not told.
    """
    query = select(Conversation).where(
        Conversation.public_id == public_id, await visible_to(session, viewer)
    )
    conversation = (await session.execute(query)).scalar_one_or_none()
    if conversation is None:
        raise NotFound("Conversa não encontrada.")
    return conversation


async def mark_seen_by_team(session: AsyncSession, conversation: Conversation, seq: int) -> None:
    """Notes that somebody of the team has seen the messages up to this number."""
    if seq > conversation.agent_seen_seq:
        conversation.agent_seen_seq = min(seq, conversation.last_seq)
        await session.flush()


async def mark_seen_by(
    session: AsyncSession, conversation: Conversation, viewer: User, seq: int
) -> None:
    """The same as this person reads; who only watches leaves it unread for the colleague."""
    if conversation.owner is Owner.AGENT and conversation.assignee_id != viewer.id:
        return
    await mark_seen_by_team(session, conversation, seq)
