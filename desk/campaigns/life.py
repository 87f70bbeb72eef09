"""A campaign's way from draft to its end; what is allowed stands in ``states.py`` alone."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.audience import LeftOut
from desk.campaigns.preview import count_audience
from desk.campaigns.settings import campaign_values, check_campaign, hold_campaign
from desk.campaigns.tables import Campaign, CampaignRecipient
from desk.campaigns.template import check_template
from desk.conversations.tables import Message
from desk.errors import Conflict, Invalid
from desk.events.log import Actor, record_event
from desk.states import CAMPAIGN_STATE_AFTER, CampaignState

_LONGEST_AHEAD = timedelta(days=366)
_REFUSED: Mapping[str, Callable[[], Conflict]] = {
    "schedule": lambda: Conflict("Só um rascunho pode ser agendado."),
    "unschedule": lambda: Conflict("Só uma campanha agendada pode voltar a rascunho."),
    "pause": lambda: Conflict("Só uma campanha em andamento pode ser pausada."),
    "resume": lambda: Conflict("Só uma campanha pausada pode continuar."),
    "cancel": lambda: Conflict("Esta campanha já terminou."),
}


async def schedule(
    session: AsyncSession,
    campaign_id: int,
    starts_at: datetime | None,
    zone: ZoneInfo,
    actor: Actor,
) -> Campaign:
    """Lets a draft begin at a moment, or at once; who gets it is found out then.

    Raises:
        NotFound: there is none.
        Conflict: it is no draft, or it chooses too many.
        Invalid: nobody would get it, the moment has passed, or something it names is gone.
    """
    campaign = await hold_campaign(session, campaign_id)
    now = datetime.now(UTC)
    values = campaign_values(campaign)
    check_step(campaign, "schedule")
    if starts_at is not None and not now - timedelta(minutes=1) <= starts_at < now + _LONGEST_AHEAD:
        raise Invalid("starts_at", "Escolha um momento de agora até daqui a um ano.")
    await check_campaign(session, values)
    await check_template(session, values)
    if not (await count_audience(session, values, zone)).reachable:
        raise Invalid("form", "Ninguém receberia esta campanha: reveja os critérios.")
    campaign.starts_at = campaign.next_at = starts_at or now
    await take_step(session, campaign, "schedule", actor)
    return campaign


async def unschedule(session: AsyncSession, campaign_id: int, actor: Actor) -> Campaign:
    """Back to a draft, before it began.

    Raises:
        NotFound: there is none.
        Conflict: it is not scheduled.
    """
    campaign = await hold_campaign(session, campaign_id)
    await take_step(session, campaign, "unschedule", actor)
    campaign.starts_at = campaign.next_at = None
    return campaign


async def pause(session: AsyncSession, campaign_id: int, actor: Actor) -> Campaign:
    """Nothing more goes out until it is resumed.

    Raises:
        NotFound: there is none.
        Conflict: it is not running.
    """
    campaign = await hold_campaign(session, campaign_id)
    await take_step(session, campaign, "pause", actor)
    campaign.next_at = None
    return campaign


async def resume(session: AsyncSession, campaign_id: int, actor: Actor) -> Campaign:
    """It goes on with those who still wait.

    Raises:
        NotFound: there is none.
        Conflict: it is not paused.
    """
    campaign = await hold_campaign(session, campaign_id)
    await take_step(session, campaign, "resume", actor)
    campaign.next_at = datetime.now(UTC)
    return campaign


async def cancel(session: AsyncSession, campaign_id: int, actor: Actor) -> Campaign:
    """The end: who waits gets nothing, nor does who has it only in the outbox.

    Raises:
        NotFound: there is none.
        Conflict: it ended already.
    """
    campaign = await hold_campaign(session, campaign_id)
    await take_step(session, campaign, "cancel", actor)
    now = datetime.now(UTC)
    campaign.next_at, campaign.ended_at = None, now
    await session.execute(
        update(CampaignRecipient)
        .where(CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.state == "waiting")
        .values(state="left_out", reason=LeftOut.CANCELLED.value, at=now)
        .execution_options(synchronize_session=False)
    )
    in_outbox = select(CampaignRecipient.message_id).where(
        CampaignRecipient.campaign_id == campaign.id
    )
    await session.execute(
        update(Message)
        .where(Message.id.in_(in_outbox), Message.state == "pending")
        .values(state="suppressed", due_at=None)
        .execution_options(synchronize_session=False)
    )
    return campaign


def check_step(campaign: Campaign, step: str) -> CampaignState:
    """How the campaign stands after a step.

    Raises:
        Conflict: the step may not be taken now.
    """
    after = CAMPAIGN_STATE_AFTER.get((step, campaign.state))
    if after is None:
        raise _REFUSED[step]()
    return after


async def take_step(session: AsyncSession, campaign: Campaign, step: str, actor: Actor) -> None:
    """Takes a step of a held campaign and records it.

    Raises:
        Conflict: the step may not be taken now.
    """
    before, after = campaign.state, check_step(campaign, step)
    campaign.state, campaign.updated_at = after, datetime.now(UTC)
    await session.flush()
    await record_event(
        session,
        "campaign.state_changed",
        actor,
        id=campaign.id,
        before=before.value,
        after=after.value,
    )
