"""Correct what is known of a person."""

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.email import parse_email
from desk.contacts.portal_password import account_of_contact, move_account
from desk.contacts.tables import Contact, PortalAccount
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotAllowed, NotFound
from desk.events.changes import Changes, record_changes
from desk.events.log import by_agent
from desk.team.tables import User
from desk.text import clean_text

MAX_NAME_CHARS = 200
_PHONE = re.compile(r"\+?[\d\s().-]{8,30}")


@dataclass(frozen=True)
class ContactDraft:
    """What a person of the team typed; None leaves a value as it is, empty takes it away."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


async def correct_contact(
    session: AsyncSession, contact_id: int, draft: ContactDraft, user: User
) -> Contact:
    """Changes a contact; with the address the user name of its portal account changes too.

    Agents correct names and phones, supervisors and admins addresses as well: an address opens
    the portal.

    Raises:
        NotFound: there is no such contact.
        NotAllowed: an agent changes the address.
        Invalid: a value is wrong, or the address is another's account.
    """
    query = (
        select(Contact)
        .where(Contact.id == max(0, min(contact_id, MAX_SMALL_KEY)))
        .with_for_update()
    )
    contact = (await session.execute(query)).scalar_one_or_none()
    if contact is None:
        raise NotFound("Contato não encontrado.")
    changes = Changes()
    for name, value in _checked(draft).items():
        before = getattr(contact, name)
        if value == before:
            continue
        if name == "email":
            await _check_address(session, contact, value, user)
        changes.note(name, before, value)
        setattr(contact, name, value)
    if "email" in changes.after:
        account = await account_of_contact(session, contact.id)
        if account is not None and contact.email:
            await move_account(session, account, contact.email)
    await session.flush()
    await record_changes(
        session,
        "contact.changed",
        by_agent(user.id),
        contact.id,
        changes,
        personal=("name", "email", "phone"),
    )
    return contact


def _checked(draft: ContactDraft) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    if draft.name is not None:
        name = " ".join(clean_text(draft.name).split())
        if len(name) > MAX_NAME_CHARS:
            raise Invalid("name", "O nome passa de {limit} caracteres.", limit=MAX_NAME_CHARS)
        values["name"] = name or None
    if draft.email is not None:
        typed = clean_text(draft.email)
        address = parse_email(typed)
        if typed and (address is None or " " in typed):
            raise Invalid("email", "O e-mail não é válido. Exemplo: maria@empresa.com.br")
        values["email"] = address
    if draft.phone is not None:
        phone = clean_text(draft.phone)
        digits = sum(char.isdecimal() for char in phone)
        if phone and not (_PHONE.fullmatch(phone) and 8 <= digits <= 15):
            raise Invalid("phone", "O telefone não é válido. Exemplo: +55 11 91234-5678")
        values["phone"] = phone or None
    return values


async def _check_address(
    session: AsyncSession, contact: Contact, address: str | None, user: User
) -> None:
    if not user.sees_all_queues:
        raise NotAllowed("O e-mail é alterado por quem supervisiona: ele abre o portal.")
    own = select(PortalAccount.id).where(PortalAccount.contact_id == contact.id)
    if address is None:
        if (await session.execute(own)).first() is not None:
            raise Invalid("email", "Este contato entra no portal com o e-mail: informe outro.")
        return
    taken = select(PortalAccount.id).where(
        PortalAccount.username == address, PortalAccount.contact_id != contact.id
    )
    if (await session.execute(taken)).first() is not None:
        raise Invalid("email", "Este e-mail já é o acesso de outra pessoa ao portal.")
