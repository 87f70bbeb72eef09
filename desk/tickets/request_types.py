"""Request types: what a ticket may be about."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tickets.tables import RequestType


async def offered_in_chat(session: AsyncSession) -> Sequence[RequestType]:
    """Synthetic types that take part in WhatsApp, in menu order."""
    query = (
        select(RequestType)
        .where(RequestType.synthetic, RequestType.takes_part_in_chat)
        .order_by(RequestType.position, RequestType.id)
    )
    return (await session.execute(query)).scalars().all()


async def list_request_types(session: AsyncSession) -> Sequence[RequestType]:
    """All types in menu order."""
    query = select(RequestType).order_by(RequestType.position, RequestType.id)
    return (await session.execute(query)).scalars().all()
