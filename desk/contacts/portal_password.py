"""Change a portal password, and get back in when it is forgotten."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.tables import (
    CredentialDelivery,
    PasswordReset,
    PortalAccount,
    PortalLogin,
)
from desk.errors import Invalid, NotFound
from desk.events.log import SYSTEM, by_contact, record_event
from desk.passwords import draw_token, hash_token

RESET_MINUTES = 30
MAX_RESETS_AN_HOUR = 3
MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_CHARS = 128


def check_new_password(password: str, again: str, username: str) -> None:
    """Refuses a password that is short, misspelt or the address itself.

    Length is what counts (NIST SP 800-63B); no rules on kinds of characters.

    Raises:
        Invalid: says what to do.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise Invalid(
            "password",
            "Use uma senha de {least} a {limit} caracteres.",
            least=MIN_PASSWORD_CHARS,
            limit=MAX_PASSWORD_CHARS,
        )
    if password != again:
        raise Invalid("again", "As duas senhas não são iguais. Digite de novo.")
    if password.lower() in {username.lower(), username.partition("@")[0].lower()}:
        raise Invalid("password", "A senha não pode ser o seu e-mail. Escolha outra.")


async def change_password(session: AsyncSession, account_id: int, password_hash: str) -> None:
    """Sets an own password: the provisional one and every other login end."""
    account = await session.get(PortalAccount, account_id)
    if account is None:
        raise NotFound("Este acesso não existe mais.")
    account.password_hash = password_hash
    account.must_change = False
    account.provisional_expires_at = None
    await session.execute(delete(PortalLogin).where(PortalLogin.account_id == account_id))
    await session.execute(
        update(PasswordReset)
        .where(PasswordReset.account_id == account_id)
        .values(used=True)
        .execution_options(synchronize_session=False)
    )
    await session.flush()
    await record_event(
        session, "portal.password_changed", by_contact(account.contact_id), account_id=account_id
    )


async def account_of_contact(session: AsyncSession, contact_id: int) -> PortalAccount | None:
    """A contact's login to the portal, if there is one."""
    query = select(PortalAccount).where(PortalAccount.contact_id == contact_id)
    return (await session.execute(query)).scalar_one_or_none()


async def move_account(session: AsyncSession, account: PortalAccount, username: str) -> None:
    """Gives an account to whoever reads a new address: nothing of the former holder's opens it.

    Logins, links and provisional passwords on their way end, and so does the password; a new one
    comes by e-mail to the new address, or in a chat that is known to be the contact's.
    """
    if account.username == username:
        return
    account.username, account.password_hash = username, ""
    account.provisional_expires_at = None
    for table in (PortalLogin, PasswordReset, CredentialDelivery):
        await session.execute(delete(table).where(table.account_id == account.id))
    await session.flush()
    await record_event(session, "portal.account_moved", SYSTEM, account_id=account.id)


async def draw_reset(session: AsyncSession, username: str) -> str | None:
    """A secret for a link by e-mail; None for an unknown address or after too many.

    The caller answers the same in every case: nobody learns who has an account.
    """
    query = select(PortalAccount).where(PortalAccount.username == username.strip().lower())
    account = (await session.execute(query)).scalar_one_or_none()
    if account is None:
        return None
    now = datetime.now(UTC)
    recent = select(func.count()).where(
        PasswordReset.account_id == account.id,
        PasswordReset.created_at > now - timedelta(hours=1),
    )
    if (await session.execute(recent)).scalar_one() >= MAX_RESETS_AN_HOUR:
        return None
    token = draw_token()
    session.add(
        PasswordReset(
            token_hash=hash_token(token),
            account_id=account.id,
            expires_at=now + timedelta(minutes=RESET_MINUTES),
            created_at=now,
        )
    )
    await session.flush()
    await record_event(session, "portal.reset_sent", SYSTEM, account_id=account.id)
    return token


async def account_of_reset(session: AsyncSession, token: str) -> PortalAccount | None:
    """Whose password a link may set; None when it was used or is too old."""
    query = (
        select(PortalAccount)
        .join(PasswordReset, PasswordReset.account_id == PortalAccount.id)
        .where(
            PasswordReset.token_hash == hash_token(token),
            ~PasswordReset.used,
            PasswordReset.expires_at > datetime.now(UTC),
        )
    )
    return (await session.execute(query)).scalar_one_or_none()
