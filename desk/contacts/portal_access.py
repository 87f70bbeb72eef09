"""Portal accounts: how a provisional password reaches one chat and nobody else.

The bot only asks: its text carries a placeholder. Delivery draws the password, keeps it
sealed for at most fifteen minutes, and puts it where the placeholder stands, in that chat
alone. Rasa, its tracker, the transcript and the logs see the placeholder.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import Contact, CredentialDelivery, PortalAccount, PortalLogin
from desk.errors import NotFound
from desk.events.log import BOT, record_event
from desk.passwords import draw_password, draw_token, hash_password, hash_token
from desk.vault import Vault

SHOWN_MINUTES = 15
PROVISIONAL_DAYS = 3
PLACEHOLDER = re.compile(r"⟦senha:([0-9a-f-]{36})⟧")
HIDDEN = "••••••••"


@dataclass(frozen=True)
class Credentials:
    """The login to tell; ``placeholder`` goes where the password belongs."""

    username: str
    placeholder: str


@dataclass(frozen=True)
class DrawnPassword:
    """A fresh provisional password for one delivery."""

    delivery_id: str
    password_hash: str
    sealed: str


async def has_portal_account(session: AsyncSession, contact_id: int) -> bool:
    """Whether the contact can sign in to the portal."""
    query = select(PortalAccount.id).where(PortalAccount.contact_id == contact_id)
    return (await session.execute(query)).first() is not None


async def request_credentials(
    session: AsyncSession, contact_id: int, conversation_public_id: str
) -> Credentials:
    """Asks for a new provisional password for this chat; voids any earlier one.

    Raises:
        NotFound: the contact has no portal account.
    """
    query = select(PortalAccount).where(PortalAccount.contact_id == contact_id)
    account = (await session.execute(query)).scalar_one_or_none()
    if account is None:
        raise NotFound("Este contato não tem acesso ao portal.")
    await session.execute(
        delete(CredentialDelivery).where(CredentialDelivery.account_id == account.id)
    )
    delivery = CredentialDelivery(
        id=str(uuid.uuid4()),
        account_id=account.id,
        conversation_public_id=conversation_public_id,
        created_at=datetime.now(UTC),
    )
    session.add(delivery)
    await session.flush()
    await record_event(session, "portal.credentials_requested", BOT, account_id=account.id)
    return Credentials(account.username, f"⟦senha:{delivery.id}⟧")


async def draw_credentials(vault: Vault, texts: list[str]) -> list[DrawnPassword]:
    """Draws a password for each placeholder in the texts; slow, so outside any transaction."""
    drawn = []
    for delivery_id in {match for text in texts for match in PLACEHOLDER.findall(text)}:
        password = draw_password()
        drawn.append(
            DrawnPassword(delivery_id, await hash_password(password), vault.seal(password))
        )
    return drawn


async def issue_credentials(
    session: AsyncSession, conversation_public_id: str, drawn: list[DrawnPassword]
) -> None:
    """Makes drawn passwords count, once each, and only for the chat that asked."""
    now = datetime.now(UTC)
    for each in drawn:
        delivery = await session.get(CredentialDelivery, each.delivery_id)
        if (
            delivery is None
            or delivery.sealed
            or delivery.conversation_public_id != conversation_public_id
        ):
            continue
        account = await session.get_one(PortalAccount, delivery.account_id)
        delivery.sealed = each.sealed
        delivery.expires_at = now + timedelta(minutes=SHOWN_MINUTES)
        account.password_hash = each.password_hash
        account.must_change = True
        # Whoever was signed in must come with the new one: it was asked for to get back in.
        await session.execute(delete(PortalLogin).where(PortalLogin.account_id == account.id))
        account.provisional_expires_at = now + timedelta(days=PROVISIONAL_DAYS)
    await session.flush()


async def reveal_credentials(
    session: AsyncSession, vault: Vault, conversation_public_id: str, text: str
) -> str:
    """The text as the chat that asked may read it: with the password while it may be shown."""
    if "⟦senha:" not in text:
        return text
    for delivery_id in PLACEHOLDER.findall(text):
        delivery = await session.get(CredentialDelivery, delivery_id)
        password = None
        if (
            delivery is not None
            and delivery.sealed
            and delivery.conversation_public_id == conversation_public_id
            and delivery.expires_at is not None
            and delivery.expires_at > datetime.now(UTC)
        ):
            password = vault.unseal(delivery.sealed)
        text = text.replace(f"⟦senha:{delivery_id}⟧", password or HIDDEN)
    return text


def hide_credentials(text: str) -> str:
    """The text as anybody else may read it."""
    return PLACEHOLDER.sub(HIDDEN, text)


async def forget_expired_credentials(session: AsyncSession) -> None:
    """Deletes sealed passwords whose minutes are over."""
    await session.execute(
        delete(CredentialDelivery).where(CredentialDelivery.expires_at < datetime.now(UTC))
    )


async def find_account(session: AsyncSession, username: str) -> PortalAccount | None:
    """An account whose password, if provisional, has not expired."""
    query = select(PortalAccount).where(PortalAccount.username == username.strip().lower())
    account = (await session.execute(query)).scalar_one_or_none()
    if account is None or not account.password_hash:
        return None
    if account.must_change and (
        account.provisional_expires_at is None or account.provisional_expires_at < datetime.now(UTC)
    ):
        return None
    return account


async def open_portal_login(session: AsyncSession, account_id: int, days: int) -> str:
    """Signs a contact in; returns the token, stored hashed only."""
    token, now = draw_token(), datetime.now(UTC)
    session.add(
        PortalLogin(
            token_hash=hash_token(token),
            account_id=account_id,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    await session.flush()
    return token


async def contact_of_portal_login(session: AsyncSession, token: str) -> Contact | None:
    """Who is signed in to the portal with this token."""
    query = (
        select(Contact)
        .join(PortalAccount, PortalAccount.contact_id == Contact.id)
        .join(PortalLogin, PortalLogin.account_id == PortalAccount.id)
        .where(
            PortalLogin.token_hash == hash_token(token),
            PortalLogin.expires_at > datetime.now(UTC),
        )
    )
    return (await session.execute(query)).scalar_one_or_none()


async def account_of_portal_login(session: AsyncSession, token: str) -> PortalAccount | None:
    """The account that is signed in with this token."""
    query = (
        select(PortalAccount)
        .join(PortalLogin, PortalLogin.account_id == PortalAccount.id)
        .where(
            PortalLogin.token_hash == hash_token(token),
            PortalLogin.expires_at > datetime.now(UTC),
        )
    )
    return (await session.execute(query)).scalar_one_or_none()


async def close_portal_login(session: AsyncSession, token: str) -> None:
    """Signs a contact out."""
    await session.execute(delete(PortalLogin).where(PortalLogin.token_hash == hash_token(token)))
