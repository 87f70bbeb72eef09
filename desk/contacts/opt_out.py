"""Who wants no campaigns: kept on the contact, for every channel, until they ask otherwise."""

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import OptOut
from desk.db import upsert
from desk.events.log import Actor, record_event

Source = Literal["campaign", "team", "merge"]


async def opt_out_of(session: AsyncSession, contact_id: int) -> OptOut | None:
    """Since when a contact wants no campaigns; None when they may get them."""
    return await session.get(OptOut, contact_id)


async def opt_out(
    session: AsyncSession,
    contact_id: int,
    actor: Actor,
    source: Source,
    campaign_id: int | None = None,
) -> bool:
    """No more campaigns to this contact; False when that was so already."""
    row = upsert(session)(OptOut).values(
        contact_id=contact_id, at=datetime.now(UTC), source=source, campaign_id=campaign_id
    )
    made = await session.execute(row.on_conflict_do_nothing().returning(OptOut.contact_id))
    if made.scalar_one_or_none() is None:
        return False
    await record_event(
        session,
        "contact.opted_out",
        actor,
        contact_id=contact_id,
        source=source,
        campaign_id=campaign_id,
    )
    return True


async def opt_in(session: AsyncSession, contact_id: int, actor: Actor) -> bool:
    """Campaigns again, as the contact asked; False when nothing was to be taken back."""
    gone = await session.execute(
        delete(OptOut).where(OptOut.contact_id == contact_id).returning(OptOut.contact_id)
    )
    if gone.scalar_one_or_none() is None:
        return False
    await record_event(session, "contact.opted_in", actor, contact_id=contact_id)
    return True
