"""A message that failed, tried once more because somebody of the team asks for it."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.delivery import CAMPAIGN
from desk.conversations.find import lock_conversation
from desk.conversations.tables import Message
from desk.conversations.team_messages import state_when_sent
from desk.db import MAX_KEY
from desk.errors import Conflict, NotFound
from desk.events.log import Actor, record_event
from desk.states import Owner


async def resend_message(
    session: AsyncSession, conversation_id: int, message_id: int, actor: Actor
) -> Message:
    """Tries a failed message again; what the provider has of it already is not repeated.

    Raises:
        NotFound: there is no such message to the customer.
        Conflict: it has not failed, it is a campaign's (the customer may have said stop since),
            or it is the bot's and a person has the conversation.
    """
    conversation = await lock_conversation(session, conversation_id)
    message = await session.get(Message, message_id) if 0 < message_id <= MAX_KEY else None
    if (
        message is None
        or message.conversation_id != conversation_id
        or (message.direction, message.kind) != ("out", "message")
    ):
        raise NotFound("Mensagem não encontrada.")
    if message.state != "failed":
        raise Conflict("Só uma mensagem que falhou pode ser reenviada.")
    if message.author_kind == "bot" and conversation.owner is Owner.AGENT:
        raise Conflict("Esta resposta é da assistente virtual e uma pessoa já está atendendo.")
    if CAMPAIGN in message.data:
        raise Conflict("Uma mensagem de campanha não é reenviada à mão.")
    message.state, message.failure = await state_when_sent(session, conversation), ""
    message.attempts, message.due_at = 0, None
    await session.flush()
    await record_event(
        session,
        "message.resent",
        actor,
        conversation_id=message.conversation_id,
        message_id=message.id,
        seq=message.seq,
    )
    return message
