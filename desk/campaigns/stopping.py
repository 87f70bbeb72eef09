"""An answer to a campaign that says: no more of these."""

import re
import unicodedata

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.tables import CampaignRecipient
from desk.channels.directory import sent_state
from desk.channels.tables import Channel
from desk.contacts.opt_out import Source, opt_out
from desk.conversations.append import append_message
from desk.conversations.delivery import CAMPAIGN
from desk.conversations.find import lock_conversation
from desk.conversations.leases import Lease, check_lease
from desk.conversations.tables import Message
from desk.conversations.turns import Turn, mark_done, more_or_done
from desk.events.log import SYSTEM, Actor, by_contact

# A campaign further back than this many of our messages is not what is answered.
_OUR_LAST = 10
_PLEASE = r"(?: por favor| pfv| pf| obrigad[oa])?"
_WHAT = (
    r"(?: (?:mais|de|essas?|estas?|esse|este|suas?|tipo|qualquer|nenhuma?|nada|"
    r"mensage(?:m|ns)|msgs?|propagandas?|promoc(?:ao|oes)|campanhas?|avisos?))"
)
_WANT_NOT = r"(?:eu )?(?:nao|n) (?:quero|desejo|gostaria de)"
_STOP = re.compile(
    r"(?:pare|parem|parar|para|quero parar|stop|(?:me |quero me )?descadastr(?:ar|e|a)|"
    rf"(?:pare|parar|para|quero parar)(?: de)?(?: me)? (?:receber|enviar|mandar){_WHAT}*|"
    r"(?:quero )?(?:sair|me tir[ae]|me remov[ae]|tir[ae] me|remov[ae] me|tirar|remover)"
    r"(?: meu (?:numero|nome|contato))? (?:da|dessa|desta|de) lista"
    r"(?: de (?:mensagens|envio|transmissao))?|"
    rf"{_WANT_NOT}(?: mais)? receber{_WHAT}*|{_WANT_NOT} mais{_WHAT}+){_PLEASE}"
)


def says_stop(text: str) -> bool:
    """Whether a message says so and nothing else; "sair" alone ends a chat, not more."""
    folded = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    words = " ".join(re.findall(r"[a-z]+", plain))
    return _STOP.fullmatch(words) is not None


async def answered_campaign(
    session: AsyncSession, conversation_id: int, before_seq: int
) -> int | None:
    """The campaign among our last words before a message of the customer's; None without one."""
    query = (
        select(Message.data)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "out",
            Message.kind == "message",
            Message.state != "suppressed",
            Message.seq < before_seq,
        )
        .order_by(Message.seq.desc())
        .limit(_OUR_LAST)
    )
    for data in (await session.execute(query)).scalars():
        if CAMPAIGN in data:
            return int(data[CAMPAIGN])
    return None


async def stop_by_answer(
    session: AsyncSession, lease: Lease, turn: Turn, campaign_id: int, said: str
) -> bool:
    """Ends a turn that says so: no more campaigns on any channel, and a word that it is done.

    The conversation goes on as it was: nobody is called, its status stays.

    Returns:
        Whether another message waits.

    Raises:
        LeaseLost: another worker took over; nothing is written.
    """
    conversation = await lock_conversation(session, turn.conversation_id)
    check_lease(conversation, lease)
    contact_id = conversation.contact_id
    await stop_campaigns(session, contact_id, by_contact(contact_id), "campaign", campaign_id)
    channel = await session.get_one(Channel, conversation.channel_id)
    await append_message(
        session,
        conversation,
        SYSTEM,
        direction="out",
        state=sent_state(channel.kind),
        author_kind="system",
        text=said,
        epoch=conversation.epoch,
    )
    await mark_done(session, turn.message_id)
    return await more_or_done(session, conversation)


async def stop_campaigns(
    session: AsyncSession,
    contact_id: int,
    actor: Actor,
    source: Source,
    campaign_id: int | None = None,
) -> None:
    """No more campaigns to a contact, nor what already waits in the outbox."""
    await opt_out(session, contact_id, actor, source, campaign_id)
    written = select(CampaignRecipient.message_id).where(CampaignRecipient.contact_id == contact_id)
    await session.execute(
        update(Message)
        .where(Message.id.in_(written), Message.state == "pending")
        .values(state="suppressed", due_at=None)
        .execution_options(synchronize_session=False)
    )
