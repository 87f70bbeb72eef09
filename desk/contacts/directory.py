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
    known: dict[Alias, Contact] = {}
    for each in (alias, *alias.also):
        if (found := await _known_as(session, each)) is not None:
            known[found[0]] = found[1]
    now = datetime.now(UTC)
    contact = next(iter(known.values()), None)
    is_new = contact is None
    if contact is None:
        contact = Contact(name=clean_text(name or "")[:200] or None, created_at=now)
        session.add(contact)
        await session.flush()
    insert = upsert(session)
    for each in (alias, *alias.also):
        if Alias(each.kind, each.value) in known:
            continue
        row = insert(ContactAlias).values(
            kind=each.kind, value=each.value, contact_id=contact.id, created_at=now
        )
        made = await session.execute(
            row.on_conflict_do_nothing().returning(ContactAlias.contact_id)
        )
        if is_new and each is alias and made.scalar_one_or_none() is None:
            # Their first messages came at once.
            await session.delete(contact)
            await session.flush()
            return await contact_by_alias(session, alias, name)
    return contact


async def _known_as(session: AsyncSession, alias: Alias) -> tuple[Alias, Contact] | None:
    """The contact with this identity as it is written, else in another writing; and in which."""
    values = (alias.value, *alias.equals)
    query = (
        select(Contact, ContactAlias.value)
        .join(ContactAlias, ContactAlias.contact_id == Contact.id)
        .where(ContactAlias.kind == alias.kind, ContactAlias.value.in_(values))
    )
    found = {value: contact for contact, value in await session.execute(query)}
    return next(((Alias(alias.kind, each), found[each]) for each in values if each in found), None)


async def companies_of(session: AsyncSession, contact_id: int) -> Sequence[Company]:
    """The companies a contact speaks for, in the order in which they were linked."""
    query = (
        select(Company)
        .join(ContactCompany, ContactCompany.company_id == Company.id)
        .where(ContactCompany.contact_id == contact_id)
        .order_by(ContactCompany.created_at, Company.id)
    )
    return (await session.execute(query)).scalars().all()
