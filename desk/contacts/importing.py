"""Contacts from a table: found again by their address, linked to the company of the CNPJ."""

import re
from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.cnpj import is_valid_cnpj
from desk.companies.settings import plain_cnpj
from desk.companies.tables import Company
from desk.contacts.settings import (
    ContactValues,
    change_contact,
    companies_by_contact,
    create_contacts,
)
from desk.contacts.tables import Contact, PortalAccount
from desk.csv_tables import Line, Plan, first_error
from desk.events.log import Actor
from desk.text import fold

COLUMNS = {
    "name": ("nome", "nome completo", "contato", "name", "full name"),
    "email": ("e-mail", "email", "e mail", "correio eletronico"),
    "cnpj": ("cnpj", "cnpj da empresa", "empresa (cnpj)", "company cnpj"),
    "phone": ("telefone", "celular", "fone", "whatsapp", "phone"),
}
REQUIRED = ("name", "email")
_PHONE = re.compile(r"[+\d\s().-]{8,30}")


async def plan_contacts(session: AsyncSession, lines: Sequence[Line]) -> list[Plan]:
    """What each line would do; nothing is changed. Several companies: their CNPJs with a ``|``."""
    addresses = {line.values.get("email", "").lower() for line in lines}
    query = (
        select(PortalAccount.username, Contact)
        .join(Contact, Contact.id == PortalAccount.contact_id)
        .where(PortalAccount.username.in_(addresses))
    )
    known = dict((await session.execute(query)).all())
    wanted = {cnpj for line in lines for cnpj in _cnpjs(line)}
    found = await session.execute(select(Company.cnpj).where(Company.cnpj.in_(wanted)))
    registered = set(found.scalars())
    companies = await companies_by_contact(session, [each.id for each in known.values()])
    had = {key: [company.cnpj for company in each] for key, each in companies.items()}
    return [_plan(line, known, registered, had) for line in lines]


async def import_contacts(session: AsyncSession, plans: Sequence[Plan], actor: Actor) -> None:
    """Does what a plan made in this transaction says."""
    await create_contacts(
        session, [plan.values for plan in plans if plan.action == "create"], actor
    )
    for plan in plans:
        if plan.action == "change":
            await change_contact(session, plan.row, plan.values, actor)


def key_of(line: Line) -> str:
    """What two lines of one file must not share."""
    return line.values.get("email", "").lower()


def header_words() -> dict[str, str]:
    """Which column each folded header means."""
    return {fold(word): name for name, words in COLUMNS.items() for word in words}


def _cnpjs(line: Line) -> list[str]:
    return [plain_cnpj(each) for each in line.values.get("cnpj", "").split("|") if each.strip()]


def _plan(
    line: Line, known: dict[str, Contact], registered: set[str], had: dict[int, list[str]]
) -> Plan:
    label = line.values.get("name", "")
    if not label:
        return Plan.wrong(line, line.values.get("email", ""), "name", "Falta o nome.")
    if not line.values.get("email"):
        return Plan.wrong(line, label, "email", "Falta o e-mail.")
    for cnpj in _cnpjs(line):
        if not is_valid_cnpj(cnpj):
            return Plan.wrong(line, label, "cnpj", "O CNPJ não é válido.")
        if cnpj not in registered:
            return Plan.wrong(
                line, label, "cnpj", "Este CNPJ não está cadastrado. Importe as empresas antes."
            )
    phone = line.values.get("phone", "")
    if phone and not _PHONE.fullmatch(phone):
        return Plan.wrong(line, label, "phone", "O telefone não é válido: (11) 91234-5678.")
    contact = known.get(line.values["email"].lower())
    linked = had.get(contact.id, []) if contact else []
    try:
        values = ContactValues(
            name=label,
            email=line.values["email"],
            phone=phone or (contact.phone if contact else None) or "",
            # A table adds companies; taking one away is a matter of the contact's own page.
            companies=list(dict.fromkeys([*linked, *_cnpjs(line)])),
        )
    except ValidationError as error:
        return Plan.wrong(line, label, *first_error(error))
    if contact is None:
        return Plan(line, "create", label, values)
    same = (
        contact.name == values.name
        and (contact.phone or "") == values.phone
        and set(linked) == set(values.companies)
    )
    return Plan(line, "skip" if same else "change", label, values, row=contact)
