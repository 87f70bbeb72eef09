"""Find contacts by what proves them, and what belongs to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactAlias, ContactCompany
from desk.db import upsert
from desk.text import clean_text


@dataclass(frozen=True)
class Alias:
    """A channel's own identity, e.g. ``telegram`` and the user's id."""

    kind: str
    value: str


async def contact_by_alias(session: AsyncSession, alias: Alias, name: str | None = None) -> Contact:
    """The contact behind an identity; a new one (with the profile's name) when unknown."""
    query = (
        select(Contact)
        .join(ContactAlias, ContactAlias.contact_id == Contact.id)
        .where(ContactAlias.kind == alias.kind, ContactAlias.value == alias.value)
    )
    contact = (await session.execute(query)).scalar_one_or_none()
    if contact is not None:
        return contact
    now = datetime.now(UTC)
    contact = Contact(name=clean_text(name or "")[:200] or None, created_at=now)
    session.add(contact)
    await session.flush()
    insert = upsert(session)
    row = insert(ContactAlias).values(
        kind=alias.kind, value=alias.value, contact_id=contact.id, created_at=now
    )
    made = await session.execute(row.on_conflict_do_nothing().returning(ContactAlias.contact_id))
    if made.scalar_one_or_none() is None:  # their first messages came at once
        await session.delete(contact)
        await session.flush()
        contact = (await session.execute(query)).scalar_one()
    return contact


async def companies_of(session: AsyncSession, contact_id: int) -> Sequence[Company]:
    """The companies a contact speaks for, in the order in which they were linked."""
    query = (
        select(Company)
        .join(ContactCompany, ContactCompany.company_id == Company.id)
        .where(ContactCompany.contact_id == contact_id)
        .order_by(ContactCompany.created_at, Company.id)
    )
    return (await session.execute(query)).scalars().all()
