"""What the customer has read, where the customer's client tells."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Conversation, Message
from desk.events.log import by_contact, record_event


async def mark_read_by_contact(session: AsyncSession, conversation: Conversation, seq: int) -> bool:
    """Notes that the customer has seen our messages up to this number.

    Returns:
        Whether that is news.
    """
    ours = (Message.conversation_id == conversation.id, Message.direction == "out")
    known = (
        await session.execute(select(func.max(Message.seq)).where(*ours, Message.state == "read"))
    ).scalar_one_or_none()
    changed = await session.execute(
        update(Message)
        .where(
            *ours,
            Message.seq > (known or 0),
            Message.seq <= min(seq, conversation.last_seq),
            Message.kind == "message",
            Message.state.in_(["sent", "delivered"]),
        )
        .values(state="read")
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    if not changed.scalars().all():
        return False
    await record_event(
        session,
        "delivery.changed",
        by_contact(conversation.contact_id),
        conversation_id=conversation.id,
        state="read",
    )
    return True
