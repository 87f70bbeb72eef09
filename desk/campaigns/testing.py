"""A campaign's message to its own writer, by e-mail: no customer is involved."""

from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.preview import sample_message, sample_template
from desk.campaigns.settings import campaign_values
from desk.campaigns.tables import Campaign
from desk.events.log import by_agent, record_event
from desk.mail.queue import queue_email
from desk.team.tables import User
from desk.vault import Vault


async def send_test(
    session: AsyncSession,
    vault: Vault,
    campaign: Campaign,
    user: User,
    zone: ZoneInfo,
    *,
    subject: str,
    how_to_stop: str,
) -> None:
    """Sends the message, filled as its first reader would get it, to the writer's own address."""
    values = campaign_values(campaign)
    filled = await sample_message(session, values, zone, how_to_stop)
    template = await sample_template(session, values, zone)
    text = "\n\n---\n\n".join(filter(None, [filled.text, template]))
    await queue_email(session, vault, user.email, subject, text)
    await record_event(session, "campaign.tested", by_agent(user.id), id=campaign.id)
