"""First contact: name, e-mail and company make the contact and its portal account."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact, ContactCompany, PortalAccount
from desk.errors import NotFound
from desk.events.log import by_contact, record_event

Outcome = Literal["registered", "already_registered", "email_taken"]


@dataclass(frozen=True)
class Registration:
    """What came of it.

    ``email_taken``: the address has an account of somebody else. A typed address proves
    nothing, so the contact is linked to the company but gets no account on that address.
    """

    contact: Contact
    outcome: Outcome


async def register_contact(
    session: AsyncSession, contact_id: int, company_id: int, name: str, email: str
) -> Registration:
    """Completes a contact, links it to the company and makes its portal account.

    Raises:
        NotFound: there is no such contact.
    """
    contact = await session.get(Contact, contact_id)
    if contact is None:
        raise NotFound("Contato não encontrado.")
    now = datetime.now(UTC)
    contact.name, contact.email = name.strip()[:200], email.strip().lower()
    if await session.get(ContactCompany, (contact_id, company_id)) is None:
        session.add(ContactCompany(contact_id=contact_id, company_id=company_id, created_at=now))
    await session.flush()
    outcome = await _give_account(session, contact, now)
    await record_event(
        session,
        "contact.registered",
        by_contact(contact_id),
        contact_id=contact_id,
        company_id=company_id,
        outcome=outcome,
    )
    return Registration(contact, outcome)


async def correct_email(session: AsyncSession, contact_id: int, email: str) -> bool:
    """Changes a contact's address, and the user name of its portal account with it.

    Returns:
        False, with nothing changed, when the address is another's account.

    Raises:
        NotFound: there is no such contact.
    """
    contact = await session.get(Contact, contact_id)
    if contact is None:
        raise NotFound("Contato não encontrado.")
    address = email.strip().lower()
    taken = select(PortalAccount.id).where(
        PortalAccount.username == address, PortalAccount.contact_id != contact_id
    )
    if (await session.execute(taken)).first() is not None:
        return False
    contact.email = address
    await session.execute(
        update(PortalAccount)
        .where(PortalAccount.contact_id == contact_id)
        .values(username=address)
        .execution_options(synchronize_session=False)
    )
    await session.flush()
    await record_event(
        session, "contact.email_corrected", by_contact(contact_id), contact_id=contact_id
    )
    return True


async def _give_account(session: AsyncSession, contact: Contact, now: datetime) -> Outcome:
    own = select(PortalAccount).where(PortalAccount.contact_id == contact.id)
    if (await session.execute(own)).scalar_one_or_none() is not None:
        return "already_registered"
    taken = select(PortalAccount.id).where(PortalAccount.username == contact.email)
    if (await session.execute(taken)).first() is not None:
        return "email_taken"
    session.add(PortalAccount(contact_id=contact.id, username=contact.email or "", created_at=now))
    await session.flush()
    return "registered"
