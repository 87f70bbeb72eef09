"""What a provider tells later of a message of ours: taken, delivered, read, or failed after all.

Reports come more than once, out of order, and before the answer to the call that they are about:
a message only ever goes forward.
"""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.parts import Part, keep_part, parts_of
from desk.conversations.tables import Message, MessagePart
from desk.db import MAX_KEY
from desk.events.log import SYSTEM, record_event

# From where a report may take a message. Sent late, or failed after it was delivered, says nothing.
_BEFORE = {
    "sent": ("pending", "sending"),
    "delivered": ("pending", "sending", "sent"),
    "read": ("pending", "sending", "sent", "delivered"),
    "failed": ("pending", "sending", "sent"),
}


@dataclass(frozen=True)
class Report:
    """One provider's word on one piece of a message.

    ``state``: sent, delivered, read, failed (``reason``, in pt-BR, to the team). ``chats``: how the
    chat may be written. Where the provider repeats what we gave it, ``message_id`` is our own id
    and ``part`` the piece; ``several``: there is more than one.
    """

    state: str
    chats: tuple[str, ...]
    part: Part
    reason: str = ""
    message_id: int | None = None
    several: bool = False


async def note_report(session: AsyncSession, channel_id: int, report: Report) -> None:
    """Takes a report; one about nothing that we know, or that is overtaken, changes nothing."""
    message = await _message_of(session, channel_id, report)
    if message is None or report.state not in _BEFORE:
        return
    if not await _holds_for_all(session, message, report):
        return
    values: dict[str, object] = {
        "state": report.state,
        "due_at": None,
        "failure": report.reason[:300] if report.state == "failed" else "",
    }
    if not message.provider_id:
        values["provider_id"] = report.part.provider_id
    changed = await session.execute(
        update(Message)
        .where(Message.id == message.id, Message.state.in_(_BEFORE[report.state]))
        .values(values)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    if changed.first() is None:
        return
    await record_event(
        session,
        "delivery.changed",
        SYSTEM,
        conversation_id=message.conversation_id,
        message_id=message.id,
        state=report.state,
    )


async def _message_of(session: AsyncSession, channel_id: int, report: Report) -> Message | None:
    provider_id = report.part.provider_id
    if report.message_id is not None and 0 < report.message_id <= MAX_KEY:
        message = await session.get(
            Message, report.message_id, populate_existing=True, with_for_update=True
        )
        if message is None or message.channel_id != channel_id or message.direction != "out":
            return None
        # Somebody had it sent again since: this is about the first try.
        another = message.provider_id not in (None, provider_id)
        return None if another and not report.several else message
    whole = select(Message).where(
        Message.channel_id == channel_id,
        Message.external_chat.in_(report.chats),
        Message.provider_id == provider_id,
        Message.direction == "out",
    )
    in_part = (
        select(Message)
        .join(MessagePart, MessagePart.message_id == Message.id)
        .where(
            MessagePart.channel_id == channel_id,
            MessagePart.external_chat.in_(report.chats),
            MessagePart.provider_id == provider_id,
            Message.direction == "out",
        )
    )
    # Two looks, each into its index.
    for query in (whole, in_part):
        found: Message | None = (await session.execute(query.limit(1))).scalar_one_or_none()
        if found is not None:
            return found
    return None


async def _holds_for_all(session: AsyncSession, message: Message, report: Report) -> bool:
    """Whether a piece's report is the message's: any that failed, else that of the last piece.

    A piece whose answer was lost is remembered by its report, so that it does not go again; one
    that failed is forgotten, so that it does when the team asks for it.
    """
    if report.several and report.state != "failed":
        await keep_part(session, message, report.part)
    parts = await parts_of(session, message.id)
    if not parts and not report.several:
        return True
    ids = {part.position: part.provider_id for part in parts}
    if report.several and ids.get(report.part.position) not in (None, report.part.provider_id):
        return False  # The piece went again since: this is about the first try.
    if report.state == "failed":
        await session.execute(
            delete(MessagePart).where(
                MessagePart.message_id == message.id,
                MessagePart.provider_id == report.part.provider_id,
            )
        )
        return True
    # What is still on its way has more pieces before it, and is settled by who sends it.
    last = parts[-1].provider_id == report.part.provider_id
    return last and message.state not in ("pending", "sending")
