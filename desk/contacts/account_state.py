"""In what state somebody's portal account is, as far as it explains that they cannot get in."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import PortalAccount


class AccountState(StrEnum):
    """What is to be seen of an account."""

    ACTIVE = "active"
    LOCKED = "locked"
    EXPIRED = "expired"
    PROVISIONAL = "provisional"
    NONE = "none"


async def account_state(session: AsyncSession, contact_id: int, now: datetime) -> AccountState:
    """The state of a contact's account; ask only for a contact whose identity is known."""
    query = select(PortalAccount).where(PortalAccount.contact_id == contact_id)
    account = (await session.execute(query)).scalar_one_or_none()
    if account is None:
        return AccountState.NONE
    if account.locked_until is not None and account.locked_until > now:
        return AccountState.LOCKED
    if not account.must_change:
        return AccountState.ACTIVE
    expires = account.provisional_expires_at
    return AccountState.PROVISIONAL if expires and expires > now else AccountState.EXPIRED


async def may_be_locked(session: AsyncSession, username: str, now: datetime) -> bool:
    """Whether there is such an account, and it is not known to be locked."""
    query = select(PortalAccount.locked_until).where(
        PortalAccount.username == username.strip().lower()
    )
    row = (await session.execute(query)).first()
    return row is not None and (row.locked_until is None or row.locked_until <= now)


async def note_locked(session: AsyncSession, username: str, seconds: float) -> None:
    """Notes that an account's passwords are refused for a while; an unknown address is no news."""
    await session.execute(
        update(PortalAccount)
        .where(PortalAccount.username == username.strip().lower())
        .values(locked_until=datetime.now(UTC) + timedelta(seconds=seconds))
    )


async def note_unlocked(session: AsyncSession, account_id: int) -> None:
    """Notes that the right password came."""
    await session.execute(
        update(PortalAccount).where(PortalAccount.id == account_id).values(locked_until=None)
    )
