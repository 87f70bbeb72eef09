"""Names of what reports are cut by."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.companies.tables import Company
from desk.tags.tables import Tag
from desk.team.tables import Queue, User
from desk.tickets.tables import RequestType

Named = type[Queue] | type[User] | type[Company] | type[RequestType] | type[Tag]
_TABLES: Mapping[str, Named] = {
    "queue": Queue,
    "agent": User,
    "company": Company,
    "type": RequestType,
    "tag": Tag,
}
MOST_CHOICES = 300
_NAMES_AT_ONCE = 1000


async def names_of(
    session: AsyncSession, dimension: str, ids: Collection[int]
) -> Mapping[int, str]:
    """The names of these; what was removed meanwhile is missing."""
    if dimension == "channel":
        query = select(Channel).where(Channel.id.in_(ids))
        return {each.id: channel_name(each) for each in (await session.execute(query)).scalars()}
    table = _TABLES.get(dimension)
    if table is None:
        return {}
    names: dict[int, str] = {}
    wanted = list(ids)
    for first in range(0, len(wanted), _NAMES_AT_ONCE):
        some = wanted[first : first + _NAMES_AT_ONCE]
        found = await session.execute(select(table.id, table.name).where(table.id.in_(some)))
        names |= {row[0]: row[1] for row in found}
    return names


async def choices_of(session: AsyncSession, dimension: str) -> list[tuple[int, str]]:
    """What one may choose to look at, by name; of very many the first ones."""
    if dimension == "channel":
        channels = (await session.execute(select(Channel))).scalars()
        return sorted(((each.id, channel_name(each)) for each in channels), key=lambda c: c[1])
    table = _TABLES[dimension]
    query = select(table.id, table.name).order_by(table.name).limit(MOST_CHOICES)
    return [(row[0], row[1]) for row in await session.execute(query)]


def channel_name(channel: Channel) -> str:
    """What the team calls a channel."""
    return channel.name or f"{channel.brand} ({channel.slug})"
