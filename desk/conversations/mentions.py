"""Colleagues whom a note names: only those who may see the conversation."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, exists, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation, Mention, Message
from desk.errors import Invalid
from desk.events.log import Actor, by_agent, record_event
from desk.team.tables import QueueMember, Role, User

MOST_MENTIONS = 20


async def mentionable_users(
    session: AsyncSession, conversation: Conversation, *, but: User | None = None
) -> Sequence[User]:
    """Who may be named in this conversation's notes, by name."""
    query = select(User).where(User.active, _may_see(conversation)).order_by(User.name, User.id)
    if but is not None:
        query = query.where(User.id != but.id)
    return (await session.execute(query)).scalars().all()


async def others_of_the_team(session: AsyncSession, conversation: Conversation) -> Sequence[User]:
    """Agents, supervisors and admins who may not be named here, by name: they do not see it."""
    query = (
        select(User)
        .where(User.active, User.role != Role.DESIGNER, not_(_may_see(conversation)))
        .order_by(User.name, User.id)
    )
    return (await session.execute(query)).scalars().all()


async def add_mentions(
    session: AsyncSession,
    conversation: Conversation,
    note: Message,
    user_ids: Sequence[int],
    actor: Actor | None = None,
) -> None:
    """Names these colleagues in a note, and has them told; ``actor``: who, if not its author.

    Raises:
        Invalid: one of them may not see the conversation, or they are too many.
    """
    wanted = sorted(set(user_ids) - {note.author_user_id})
    if len(wanted) > MOST_MENTIONS:
        raise Invalid(
            "mentions", "Mencione no máximo {limit} colegas por nota.", limit=MOST_MENTIONS
        )
    if not wanted:
        return
    found = await session.execute(select(User).where(User.id.in_(wanted), User.active))
    known = {user.id: user for user in found.scalars()}
    allowed = {user.id for user in await mentionable_users(session, conversation)}
    for user_id in wanted:
        if user_id not in known:
            raise Invalid("mentions", "Uma das pessoas mencionadas não existe.")
        if user_id not in allowed:
            name = known[user_id].first_name
            raise Invalid(
                "mentions", "{name} não tem acesso a esta conversa e não seria avisada.", name=name
            )
    session.add_all(
        Mention(message_id=note.id, user_id=user_id, conversation_id=conversation.id)
        for user_id in wanted
    )
    await session.flush()
    await record_event(
        session,
        "note.mentioned",
        actor or by_agent(note.author_user_id or 0),
        conversation_id=conversation.id,
        message_id=note.id,
        user_ids=wanted,
    )


async def has_unseen_mention(session: AsyncSession, conversation: Conversation, user: User) -> bool:
    """Whether a note here names this person, who has not seen it yet."""
    query = select(Mention.message_id).where(
        Mention.conversation_id == conversation.id,
        Mention.user_id == user.id,
        Mention.seen_at.is_(None),
    )
    return (await session.execute(query.limit(1))).first() is not None


async def mark_mentions_seen(session: AsyncSession, conversation: Conversation, user: User) -> None:
    """This person has the conversation open: nothing in it is news any more."""
    seen = await session.execute(
        update(Mention)
        .where(
            Mention.conversation_id == conversation.id,
            Mention.user_id == user.id,
            Mention.seen_at.is_(None),
        )
        .values(seen_at=datetime.now(UTC))
        .returning(Mention.message_id)
        .execution_options(synchronize_session=False)
    )
    if seen.scalars().all():
        await record_event(
            session, "note.mention_seen", by_agent(user.id), conversation_id=conversation.id
        )


async def mentioned_names(
    session: AsyncSession, message_ids: Sequence[int]
) -> dict[int, list[str]]:
    """Names of those whom these notes name, by note."""
    names: dict[int, list[str]] = {}
    if message_ids:
        query = (
            select(Mention.message_id, User.name)
            .join(User, User.id == Mention.user_id)
            .where(Mention.message_id.in_(message_ids))
            .order_by(User.name)
        )
        for message_id, name in await session.execute(query):
            names.setdefault(message_id, []).append(name)
    return names


def _may_see(conversation: Conversation) -> ColumnElement[bool]:
    """As ``access.visible_to``, seen from the conversation."""
    serves_queue = exists().where(
        QueueMember.user_id == User.id, QueueMember.queue_id == conversation.queue_id
    )
    return or_(
        User.role.in_([Role.SUPERVISOR, Role.ADMIN]),
        (User.role == Role.AGENT) & (serves_queue | (User.id == conversation.assignee_id)),
    )
