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
