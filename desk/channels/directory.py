"""Find channels."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.errors import NotFound

PULL_KINDS = frozenset({"webchat", "local"})
"""Kinds whose client fetches its messages: a reply is delivered by being readable."""

TEMPLATE_KINDS: frozenset[str] = frozenset({"whatsapp_cloud"})
"""Kinds whose connector sends approved templates to a closed window."""


def sent_state(kind: str) -> str:
    """State of a reply that may go out: a client that fetches has it as soon as it is stored."""
    return "sent" if kind in PULL_KINDS else "pending"


async def channel_by_slug(session: AsyncSession, kind: str, slug: str) -> Channel:
    """An enabled channel.

    Raises:
        NotFound: there is none of that kind and name.
    """
    query = select(Channel).where(Channel.kind == kind, Channel.slug == slug, Channel.enabled)
    channel = (await session.execute(query)).scalar_one_or_none()
    if channel is None:
        raise NotFound("Este canal de atendimento não existe.")
    return channel


async def channel_of_number(
    session: AsyncSession, channel: Channel, number_id: str
) -> Channel | None:
    """The channel of a number to which a webhook at this channel's address is addressed.

    WhatsApp sends what concerns any number of an account to one address: who may speak for an
    account here may speak for its other numbers, and for no other account's.
    """
    if number_id in ("", channel.number_id):
        return channel
    if not channel.business_id:
        return None
    query = select(Channel).where(
        Channel.kind == channel.kind,
        Channel.number_id == number_id,
        Channel.business_id == channel.business_id,
        Channel.enabled,
    )
    return (await session.execute(query.limit(1))).scalar_one_or_none()
