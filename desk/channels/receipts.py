"""Webhook bodies: stored first, parsed afterwards, never dropped."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Receipt


async def store_receipt(session: AsyncSession, channel_id: int, body: bytes) -> int:
    """Keeps a body as it came."""
    receipt = Receipt(channel_id=channel_id, body=body, received_at=datetime.now(UTC))
    session.add(receipt)
    await session.flush()
    return receipt.id


async def unread_receipts(session: AsyncSession, limit: int = 100) -> Sequence[Receipt]:
    """Bodies not parsed yet, oldest first."""
    # In plain SQL: a bound value would not meet the condition of the index.
    query = select(Receipt).where(text("receipts.state = 'received'")).order_by(Receipt.id)
    query = query.limit(limit)
    return (await session.execute(query)).scalars().all()


async def settle_receipt(session: AsyncSession, receipt_id: int, error: str = "") -> None:
    """Marks a body as done, or as failed with its error."""
    await session.execute(
        update(Receipt)
        .where(Receipt.id == receipt_id)
        .values(state="failed" if error else "done", error=error[:500])
    )
