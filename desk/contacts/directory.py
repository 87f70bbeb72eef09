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
    """A channel's own identity, e.g. ``telegram`` and the user's id.

    ``equals``: other writings of the same value, by which somebody may be known already. ``also``:
    what else the channel proves of the same person, remembered with it.
    """

    kind: str
    value: str
    equals: tuple[str, ...] = ()
    also: tuple["Alias", ...] = ()


async def contact_by_alias(session: AsyncSession, alias: Alias, name: str | None = None) -> Contact:
    """The contact behind an identity; a new one (with the profile's name) when unknown."""
    known = await _known_as(session, alias)
    if known is None:
        for other in alias.also:
            known = known or await _known_as(session, other)
    now = datetime.now(UTC)
    contact = known
    if contact is None:
        contact = Contact(name=clean_text(name or "")[:200] or None, created_at=now)
        session.add(contact)
        await session.flush()
    elif not (alias.equals or alias.also):
        return contact
    insert = upsert(session)
    for each in (alias, *alias.also):
        row = insert(ContactAlias).values(
            kind=each.kind, value=each.value, contact_id=contact.id, created_at=now
        )
        made = await session.execute(
            row.on_conflict_do_nothing().returning(ContactAlias.contact_id)
        )
        if made.scalar_one_or_none() is None and known is None and each is alias:
            # Their first messages came at once.
            await session.delete(contact)
            await session.flush()
            return await contact_by_alias(session, alias, name)
    return contact


async def _known_as(session: AsyncSession, alias: Alias) -> Contact | None:
    """The contact with this identity, as it is written first, else in another writing."""
    query = (
        select(Contact, ContactAlias.value)
        .join(ContactAlias, ContactAlias.contact_id == Contact.id)
        .where(
            ContactAlias.kind == alias.kind, ContactAlias.value.in_([alias.value, *alias.equals])
        )
    )
    found = {value: contact for contact, value in await session.execute(query)}
    return next((found[each] for each in (alias.value, *alias.equals) if each in found), None)


async def companies_of(session: AsyncSession, contact_id: int) -> Sequence[Company]:
    """The companies a contact speaks for, in the order in which they were linked."""
    query = (
        select(Company)
        .join(ContactCompany, ContactCompany.company_id == Company.id)
        .where(ContactCompany.contact_id == contact_id)
        .order_by(ContactCompany.created_at, Company.id)
    )
    return (await session.execute(query)).scalars().all()
