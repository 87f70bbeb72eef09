"""What a running campaign does next: it finds its recipients once, then writes to one at a time.

Each step is one transaction that begins with taking the campaign's turn: ``next_at`` is compared
and set, so that of several processes one goes on, and a process that dies leaves the step undone.
A message, the row that remembers it and the next turn are committed together: nobody gets it twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.audience import BATCH, LeftOut, Reach, chosen_contacts, reach_of
from desk.campaigns.life import take_step
from desk.campaigns.preview import with_way_out
from desk.campaigns.settings import CampaignValues, campaign_values, hold_campaign
from desk.campaigns.tables import Campaign, CampaignRecipient
from desk.campaigns.template import campaign_templates, fill_for
from desk.canned.fill import fill_text
from desk.channels.directory import sent_state
from desk.channels.tables import Channel
from desk.conversations.append import append_message
from desk.conversations.canned import reply_values
from desk.conversations.delivery import CAMPAIGN, TEMPLATE
from desk.conversations.find import lock_conversation
from desk.db import upsert
from desk.errors import NotFound
from desk.events.log import SYSTEM
from desk.hours.clock import is_open, next_opening
from desk.hours.tables import BusinessCalendar
from desk.states import CampaignState

_MOST_AT_ONCE = 20
# A process that was away for a while does not make up for it in a burst.
_MOST_BEHIND = timedelta(seconds=2)
_LOOK_AGAIN = timedelta(days=1)


async def due_campaigns(session: AsyncSession) -> Sequence[int]:
    """Campaigns that have something to do now; an index holds only those that wait."""
    query = (
        select(Campaign.id)
        .where(Campaign.next_at <= datetime.now(UTC))
        .order_by(Campaign.next_at)
        .limit(_MOST_AT_ONCE)
    )
    return (await session.execute(query)).scalars().all()


async def next_step(
    session: AsyncSession, campaign_id: int, zone: ZoneInfo, how_to_stop: str
) -> bool:
    """Does what is due of a campaign, in the caller's transaction; False when nothing was."""
    now = datetime.now(UTC)
    try:
        campaign = await hold_campaign(session, campaign_id)
    except NotFound:
        return False
    if campaign.next_at is None or campaign.next_at > now:
        return False  # Another process was first, or somebody paused it.
    if campaign.state is CampaignState.SCHEDULED:
        await take_step(session, campaign, "start", SYSTEM)
    values = campaign_values(campaign)
    if campaign.frozen_at is None:
        await _freeze_batch(session, campaign, values, zone, now)
    elif (opens := await _closed_until(session, values, now)) is not None:
        campaign.next_at = opens
    else:
        await _write_to_next(session, campaign, values, zone, how_to_stop, now)
    await session.flush()
    return True


async def _freeze_batch(
    session: AsyncSession,
    campaign: Campaign,
    values: CampaignValues,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """The next of those who are chosen become recipients; who cannot be reached, with the reason.

    A campaign that was stopped in the middle goes on behind the last one.
    """
    ids = await chosen_contacts(session, values, zone, campaign.frozen_to, BATCH)
    reaches = await reach_of(session, values, ids)
    rows = [
        {
            "campaign_id": campaign.id,
            "contact_id": contact_id,
            "state": "waiting" if reaches[contact_id].reason is None else "left_out",
            "reason": reaches[contact_id].reason or "",
            "at": now,
        }
        for contact_id in ids
    ]
    if rows:
        insert = upsert(session)(CampaignRecipient)
        await session.execute(insert.on_conflict_do_nothing(), rows)
        campaign.frozen_to = ids[-1]
    if len(ids) < BATCH:
        campaign.frozen_at = now
    campaign.next_at = now


async def _closed_until(
    session: AsyncSession, values: CampaignValues, now: datetime
) -> datetime | None:
    """When its hours begin again; None while they last or where none were chosen."""
    if values.calendar_id is None:
        return None
    calendar = await session.get(BusinessCalendar, values.calendar_id)
    if calendar is None:  # Removed meanwhile: not at any hour, then; it may be paused, cancelled.
        return now + _LOOK_AGAIN
    if is_open(calendar, now):
        return None
    return next_opening(calendar, now) or now + _LOOK_AGAIN


async def _write_to_next(
    session: AsyncSession,
    campaign: Campaign,
    values: CampaignValues,
    zone: ZoneInfo,
    how_to_stop: str,
    now: datetime,
) -> None:
    query = (
        select(CampaignRecipient)
        .where(CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.state == "waiting")
        .order_by(CampaignRecipient.contact_id)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    recipient = (await session.execute(query)).scalar_one_or_none()
    if recipient is None:
        await take_step(session, campaign, "finish", SYSTEM)
        campaign.next_at, campaign.ended_at = None, now
        return
    reach = await _reach_held(session, values, recipient.contact_id)
    recipient.at = now
    if reach.conversation_id is None:
        # Much may have happened since the list was made: they said stop, or called a person.
        recipient.state = "left_out"
        recipient.reason = (reach.reason or LeftOut.NO_CHANNEL).value
        campaign.next_at = now
        return
    recipient.state, recipient.conversation_id = "written", reach.conversation_id
    recipient.message_id = await _write(session, campaign, values, reach, zone, how_to_stop, now)
    turn = campaign.next_at or now
    campaign.next_at = max(turn, now - _MOST_BEHIND) + timedelta(minutes=1) / values.per_minute


async def _reach_held(session: AsyncSession, values: CampaignValues, contact_id: int) -> Reach:
    """Where they get it, looked at once more with the conversation held: no person takes it now."""
    first = (await reach_of(session, values, [contact_id]))[contact_id]
    if first.conversation_id is None:
        return first
    await lock_conversation(session, first.conversation_id)
    again = (await reach_of(session, values, [contact_id]))[contact_id]
    if again.conversation_id not in (None, first.conversation_id):
        await lock_conversation(session, again.conversation_id or 0)
    return again


async def _write(
    session: AsyncSession,
    campaign: Campaign,
    values: CampaignValues,
    reach: Reach,
    zone: ZoneInfo,
    how_to_stop: str,
    now: datetime,
) -> int:
    conversation = await lock_conversation(session, reach.conversation_id or 0)
    channel = await session.get_one(Channel, conversation.channel_id)
    known = await reply_values(session, conversation, None, now=now, zone=zone)
    text = fill_text(with_way_out(values.message, how_to_stop), known).text
    data: dict[str, Any] = {CAMPAIGN: campaign.id}
    if reach.needs_template:
        template = (await campaign_templates(session, values))[conversation.channel_id]
        filled = fill_for(template, values, known)
        # What the customer reads stands in the conversation.
        text, data[TEMPLATE] = filled.words, dict(filled.content)
    message = await append_message(
        session,
        conversation,
        SYSTEM,
        direction="out",
        state=sent_state(channel.kind),
        author_kind="system",
        text=text,
        epoch=conversation.epoch,
        data=data,
    )
    return message.id
