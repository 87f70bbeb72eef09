"""Contacts as the team keeps them: lists, new ones, corrections, their companies."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import Field
from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.settings import plain_cnpj
from desk.companies.tables import Company
from desk.contacts.portal_password import account_of_contact, move_account
from desk.contacts.tables import Contact, ContactCompany, PortalAccount
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotFound
from desk.events.changes import Changes, apply_changes, record_changes, record_many
from desk.events.log import Actor, record_event
from desk.folding import contains
from desk.keyset import read_cursor, write_cursor
from desk.shapes import Email, Line, Values
from desk.text import fold

MAX_PAGE = 100
PERSONAL = ("name", "email", "phone")


class ContactValues(Values):
    """A contact as somebody fills it in. ``companies``: the CNPJs of those they speak for."""

    name: Line = Field(min_length=1, max_length=200)
    email: Email | None = Field(default=None, max_length=254)
    phone: Line = Field(default="", max_length=30)
    companies: list[Line] = Field(default=[], max_length=200)


@dataclass(frozen=True)
class ContactPage:
    """Contacts with their companies, and the cursor of the next page; None at the end."""

    rows: Sequence[Contact]
    companies: dict[int, list[Company]] = field(default_factory=dict)
    next_cursor: str | None = None


async def list_contacts(
    session: AsyncSession,
    q: str = "",
    company_id: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> ContactPage:
    """Contacts, newest first, by keyset; ``q`` is found in names, addresses and phones.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    query = select(Contact).order_by(Contact.id.desc()).limit(size + 1)
    # Visitors who never said who they are: nothing to list them by.
    query = query.where(or_(Contact.name.is_not(None), Contact.email.is_not(None)))
    if words := fold(q)[:200]:
        conditions = [contains(Contact.name, words), contains(Contact.email, words)]
        if not any(char.isalpha() for char in words):
            digits = "".join(char for char in words if char.isdigit())
            conditions += [_bare_phone().contains(digits)] if digits else []
        query = query.where(or_(*conditions))
    if company_id is not None:
        members = select(ContactCompany.contact_id).where(ContactCompany.company_id == company_id)
        query = query.where(Contact.id.in_(members))
    if cursor:
        query = query.where(Contact.id < read_cursor(cursor, (int,))[0])
    rows = (await session.execute(query)).scalars().all()
    more = rows[size - 1] if len(rows) > size else None
    shown = rows[:size]
    companies = await companies_by_contact(session, [contact.id for contact in shown])
    return ContactPage(shown, companies, write_cursor(more.id) if more else None)


def _bare_phone() -> ColumnElement[str]:
    """The phone's digits: numbers are kept as they were typed."""
    bare: ColumnElement[str] = func.coalesce(Contact.phone, "")
    for sign in " ()-.":
        bare = func.replace(bare, sign, "")
    return bare


async def companies_by_contact(
    session: AsyncSession, contact_ids: Collection[int]
) -> dict[int, list[Company]]:
    """The companies of several contacts, in the order in which they were linked."""
    query = (
        select(ContactCompany.contact_id, Company)
        .join(Company, Company.id == ContactCompany.company_id)
        .where(ContactCompany.contact_id.in_(contact_ids))
        .order_by(ContactCompany.created_at, Company.id)
    )
    companies: dict[int, list[Company]] = {}
    for contact_id, company in (await session.execute(query)).all():
        companies.setdefault(contact_id, []).append(company)
    return companies


async def contact_by_id(session: AsyncSession, contact_id: int) -> Contact:
    """One contact.

    Raises:
        NotFound: there is none.
    """
    contact = await session.get(Contact, max(0, min(contact_id, MAX_SMALL_KEY)))
    if contact is None:
        raise NotFound("Contato não encontrado.")
    return contact


async def contact_values(session: AsyncSession, contact: Contact) -> ContactValues:
    """A contact as it stands, valid or not."""
    companies = (await companies_by_contact(session, [contact.id])).get(contact.id, [])
    return ContactValues.model_construct(
        name=contact.name or "",
        email=contact.email,
        phone=contact.phone or "",
        companies=[company.cnpj for company in companies],
    )


async def create_contact(session: AsyncSession, values: ContactValues, actor: Actor) -> Contact:
    """Adds a contact, with a portal account (without password yet) on its address.

    Raises:
        Invalid: the address is another's account, or a company is not registered.
    """
    company_ids = await _company_ids(session, values.companies)
    contact = Contact(name=values.name, created_at=datetime.now(UTC))
    session.add(contact)
    await session.flush()
    await _set_email(session, contact, values.email)
    contact.phone = values.phone or None
    await _set_companies(session, contact.id, company_ids)
    await record_event(session, "contact.created", actor, id=contact.id, contact_id=contact.id)
    return contact


async def create_contacts(
    session: AsyncSession, several: Sequence[ContactValues], actor: Actor
) -> None:
    """Adds many contacts, each with an account on its address, in a few statements.

    Their addresses must be nobody's yet and their companies registered.
    """
    now = datetime.now(UTC)
    ids = await _ids_by_cnpj(session, {cnpj for each in several for cnpj in each.companies})
    new = [
        Contact(name=each.name, email=each.email, phone=each.phone or None, created_at=now)
        for each in several
    ]
    session.add_all(new)
    await session.flush()
    for contact, values in zip(new, several, strict=True):
        if values.email is not None:
            session.add(PortalAccount(contact_id=contact.id, username=values.email, created_at=now))
        session.add_all(
            ContactCompany(contact_id=contact.id, company_id=ids[plain_cnpj(cnpj)], created_at=now)
            for cnpj in dict.fromkeys(values.companies)
        )
    await session.flush()
    facts = [{"id": contact.id, "contact_id": contact.id} for contact in new]
    await record_many(session, "contact.created", actor, facts)


async def change_contact(
    session: AsyncSession, contact: Contact, values: ContactValues, actor: Actor
) -> Changes:
    """Corrects a contact; a new address is the user name of its portal account too.

    Raises:
        Invalid: the address is another's account, or a company is not registered.
    """
    company_ids = await _company_ids(session, values.companies)
    before = await contact_values(session, contact)
    changes = apply_changes(contact, {"name": values.name, "phone": values.phone or None})
    changes.note("email", contact.email, values.email)
    await _set_email(session, contact, values.email)
    await _set_companies(session, contact.id, company_ids)
    after = await contact_values(session, contact)
    changes.note("companies", sorted(before.companies), sorted(after.companies))
    await record_changes(
        session, "contact.changed", actor, contact.id, changes, personal=(*PERSONAL, "companies")
    )
    return changes


async def _company_ids(session: AsyncSession, cnpjs: Collection[str]) -> set[int]:
    found = await _ids_by_cnpj(session, cnpjs)
    if missing := sorted({plain_cnpj(cnpj) for cnpj in cnpjs} - set(found)):
        raise Invalid("companies", "Nenhuma empresa tem o CNPJ {value}.", value=missing[0])
    return set(found.values())


async def _ids_by_cnpj(session: AsyncSession, cnpjs: Collection[str]) -> dict[str, int]:
    wanted = {plain_cnpj(cnpj) for cnpj in cnpjs}
    query = select(Company.cnpj, Company.id).where(Company.cnpj.in_(wanted))
    return dict((await session.execute(query)).all())


async def _set_email(session: AsyncSession, contact: Contact, email: str | None) -> None:
    if email is not None:
        taken = select(PortalAccount.id).where(
            PortalAccount.username == email, PortalAccount.contact_id != contact.id
        )
        if (await session.execute(taken)).first() is not None:
            raise Invalid("email", "Este e-mail já é a conta do portal de outro contato.")
    contact.email = email
    account = await account_of_contact(session, contact.id)
    if account is not None and email is None:
        raise Invalid("email", "Este contato tem acesso ao portal: troque o e-mail, não o apague.")
    if account is not None and email is not None:
        await move_account(session, account, email)
    elif email is not None:
        session.add(
            PortalAccount(contact_id=contact.id, username=email, created_at=datetime.now(UTC))
        )
    await session.flush()


async def _set_companies(session: AsyncSession, contact_id: int, wanted: set[int]) -> None:
    query = select(ContactCompany.company_id).where(ContactCompany.contact_id == contact_id)
    had = set((await session.execute(query)).scalars())
    await session.execute(
        delete(ContactCompany).where(
            ContactCompany.contact_id == contact_id, ContactCompany.company_id.in_(had - wanted)
        )
    )
    now = datetime.now(UTC)
    session.add_all(
        ContactCompany(contact_id=contact_id, company_id=each, created_at=now)
        for each in sorted(wanted - had)
    )
    await session.flush()
