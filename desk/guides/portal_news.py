"""Who asked to be told when the portal works again: how many wait, and telling them.

They wait from the moment that the bot promised it (a run that ended with the portal's note and its
ticket) until the note is over, or until somebody of the team ends the ticket and so tells them.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.configuration.groups import PortalNote
from desk.configuration.values import read_configuration
from desk.conversations.find import lock_conversation
from desk.conversations.ticket_news import chat_for_news
from desk.events.log import BOT
from desk.guides.tables import WAITS_FOR_PORTAL, GuideRun
from desk.states import ACTIVE, Owner, Status
from desk.tickets.posting import post_ticket_action, set_ticket_status
from desk.tickets.tables import Ticket

_AT_ONCE = 50


async def count_waiting(session: AsyncSession) -> int:
    """How many customers wait for news of the portal."""
    query = _waiting(func.count(func.distinct(Ticket.contact_id)))
    return int((await session.execute(query)).scalar_one())


async def contacts_to_tell(session: AsyncSession) -> list[int]:
    """The contacts who are to be told now, those who wait longest first; none while the note is up.

    Who is with a person hears it from them, or from the bot once it has the conversation again.
    """
    note = await read_configuration(session, PortalNote)
    if note.is_shown(datetime.now(UTC)):
        return []
    query = _waiting(Ticket.contact_id).group_by(Ticket.contact_id)
    ids = (await session.execute(query.order_by(func.min(GuideRun.id)))).scalars().all()
    free: list[int] = []
    for contact_id in ids:
        chat = await chat_for_news(session, contact_id)
        if chat is None or chat.owner is Owner.BOT:
            free.append(contact_id)
        if len(free) == _AT_ONCE:
            break
    return free


async def tell_portal_is_back(session: AsyncSession, contact_id: int, text: str) -> Ticket | None:
    """Puts the news on all tickets of a contact that wait for it, and ends those nobody took up.

    Returns:
        The newest of them, of which the chat is told; None when another process did it before, or
        a person has the chat by now.
    """
    chat = await chat_for_news(session, contact_id)
    if chat is not None and (await lock_conversation(session, chat.id)).owner is not Owner.BOT:
        return None
    query = _waiting(GuideRun, Ticket).where(Ticket.contact_id == contact_id)
    rows = (await session.execute(query.order_by(Ticket.id).with_for_update())).all()
    newest: Ticket | None = None
    for run, newest in rows:
        run.told_at = datetime.now(UTC)
        await post_ticket_action(session, newest.id, author_kind="bot", text=text)
        if newest.status is Status.OPEN:
            await set_ticket_status(session, newest.id, Status.RESOLVED, BOT, told_otherwise=True)
    return newest


def _waiting(*what: Any) -> Select[Any]:
    found: Select[Any] = select(*what)
    return (
        found.select_from(GuideRun)
        .join(Ticket, Ticket.id == GuideRun.ticket_id)
        .where(WAITS_FOR_PORTAL, Ticket.status.in_(ACTIVE))
    )
