"""Prove that an address is one's own: a code by e-mail, few tries, a short life.

A typed e-mail proves nothing. Whoever types a known one from a chat that is not known to be that
person's gets a code at that address and, until it is repeated in the chat, sees nothing of theirs.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact, EmailCode, PortalAccount
from desk.events.log import by_contact, record_event

CODE_MINUTES = 10
MAX_TRIES = 5
MAX_CODES_AN_HOUR = 3

CheckOutcome = Literal["right", "wrong", "expired", "none"]


@dataclass(frozen=True)
class CodeCheck:
    """What came of a typed code. ``owner_id``: whose address it was, when it was right."""

    outcome: CheckOutcome
    tries_left: int = 0
    owner_id: int | None = None


async def owner_of_email(session: AsyncSession, email: str) -> Contact | None:
    """The contact that has the portal account of an address."""
    query = (
        select(Contact)
        .join(PortalAccount, PortalAccount.contact_id == Contact.id)
        .where(PortalAccount.username == email.strip().lower())
    )
    return (await session.execute(query)).scalar_one_or_none()


async def draw_code(session: AsyncSession, contact_id: int, email: str) -> str | None:
    """A new code for this contact and address, voiding an earlier one; None after too many.

    Bounded by address as by contact: neither can be used to flood the other.
    """
    now = datetime.now(UTC)
    address = email.strip().lower()
    recent = select(func.count(EmailCode.id)).where(
        or_(EmailCode.email == address, EmailCode.contact_id == contact_id),
        EmailCode.created_at > now - timedelta(hours=1),
    )
    if (await session.execute(recent)).scalar_one() >= MAX_CODES_AN_HOUR:
        return None
    code = f"{secrets.randbelow(1_000_000):06d}"
    salt = secrets.token_hex(16)
    session.add(
        EmailCode(
            contact_id=contact_id,
            email=address,
            salt=salt,
            code_hash=_digest(salt, code),
            tries_left=MAX_TRIES,
            expires_at=now + timedelta(minutes=CODE_MINUTES),
            created_at=now,
        )
    )
    await session.flush()
    await record_event(session, "contact.code_sent", by_contact(contact_id), contact_id=contact_id)
    return code


async def check_code(session: AsyncSession, contact_id: int, typed: str) -> CodeCheck:
    """Compares a typed code with the newest one of this contact; a code works once."""
    query = (
        select(EmailCode)
        .where(EmailCode.contact_id == contact_id)
        .order_by(EmailCode.id.desc())
        .limit(1)
        .with_for_update()
    )
    code = (await session.execute(query)).scalar_one_or_none()
    if code is None or code.used:
        return CodeCheck("none")
    if code.tries_left <= 0 or code.expires_at < datetime.now(UTC):
        return CodeCheck("expired")
    code.tries_left -= 1
    digits = "".join(char for char in typed if char.isdecimal() and char.isascii())
    if not hmac.compare_digest(code.code_hash, _digest(code.salt, digits)):
        await session.flush()
        return CodeCheck("wrong", code.tries_left)
    code.used = True
    await session.flush()
    owner = await owner_of_email(session, code.email)
    await record_event(
        session, "contact.email_proved", by_contact(contact_id), contact_id=contact_id
    )
    return CodeCheck("right", code.tries_left, owner.id if owner else None)


def masked(email: str) -> str:
    """An address that its owner recognises and nobody else learns: ``m•••@empresa.com.br``."""
    name, _, host = email.partition("@")
    return f"{name[:1]}•••@{host}"


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}:{code}".encode()).hexdigest()
