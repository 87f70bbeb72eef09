"""What somebody of the company wrote to a customer elsewhere, on the phone itself."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.append import append_message
from desk.conversations.find import lock_conversation
from desk.conversations.ownership import hand_off
from desk.conversations.parts import message_at_provider
from desk.conversations.status import status_after
from desk.conversations.tables import Conversation
from desk.events.log import RULE
from desk.states import Owner
from desk.team.queues import default_queue
from desk.text import clean_text


async def note_echo(
    session: AsyncSession, conversation: Conversation, provider_id: str, text: str
) -> bool:
    """Records words that the customer has already, and keeps the bot from talking over them.

    The bot's conversation goes to the default queue: a person is there, but nobody here has it.

    Returns:
        Whether they are new here, and not a message of our own.
    """
    conversation = await lock_conversation(session, conversation.id)
    if await message_at_provider(session, conversation, provider_id, "out") is not None:
        return False
    if conversation.owner is Owner.BOT:
        queue = await default_queue(session)
        await hand_off(
            session,
            conversation,
            RULE,
            queue_id=queue.id if queue else None,
            reason="answered_on_phone",
        )
    await append_message(
        session,
        conversation,
        RULE,
        direction="out",
        state="sent",
        author_kind="agent",
        text=clean_text(text),
        provider_id=provider_id,
        epoch=conversation.epoch,
    )
    await status_after(session, conversation, "agent_replied", RULE)
    return True
