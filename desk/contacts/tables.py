"""Tables of contacts, their aliases, companies and portal accounts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.companies.tables import Company
from desk.db import Base


class Contact(Base):
    """A person. What was typed (name, e-mail) proves nothing; aliases do."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    phone: Mapped[str | None] = mapped_column(String(30))
    created_at: Mapped[datetime]

    @property
    def first_name(self) -> str:
        """What we call this person; empty when the name is not known."""
        return self.name.split()[0] if self.name and self.name.strip() else ""


class ContactAlias(Base):
    """A channel's own identity of a contact (number, Telegram id, hashed visitor secret)."""

    __tablename__ = "contact_aliases"

    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    value: Mapped[str] = mapped_column(String(254), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]


class ContactCompany(Base):
    """A contact speaks for a company."""

    __tablename__ = "contact_companies"

    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    company_id: Mapped[int] = mapped_column(ForeignKey(Company.id), primary_key=True, index=True)
    created_at: Mapped[datetime]


class OptOut(Base):
    """A contact wants no campaigns, on whatever channel, since ``at``.

    ``source``: campaign (they answered one so; ``campaign_id`` tells which), team (somebody
    noted it on their request), merge (it was said under another identity of theirs).
    """

    __tablename__ = "contact_opt_outs"

    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(10))
    campaign_id: Mapped[int | None]


class PortalAccount(Base):
    """A contact's login to the portal. One address has one account.

    ``locked_until``: too many wrong passwords came from one place, which may not try before then.
    """

    __tablename__ = "portal_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), unique=True
    )
    username: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    must_change: Mapped[bool] = mapped_column(default=True)
    provisional_expires_at: Mapped[datetime | None]
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PortalLogin(Base):
    """A contact signed in to the portal."""

    __tablename__ = "portal_logins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("portal_accounts.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class CredentialDelivery(Base):
    """A provisional password on its way to one chat.

    The bot asks for it (``sealed`` empty), delivery draws it and keeps it sealed until
    ``expires_at``; a newer request voids it.
    """

    __tablename__ = "credential_deliveries"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("portal_accounts.id", ondelete="CASCADE"), index=True
    )
    conversation_public_id: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[str] = mapped_column(String(400), default="")
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class EmailCode(Base):
    """A code sent to an address, for the chat of one contact; kept as a salted hash."""

    __tablename__ = "email_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254))
    salt: Mapped[str] = mapped_column(String(32))
    code_hash: Mapped[str] = mapped_column(String(64))
    tries_left: Mapped[int]
    used: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_email_codes_contact_id_id", "contact_id", "id"),
        Index("ix_email_codes_email_created_at", "email", "created_at"),
    )


class ContactMerge(Base):
    """One contact's identity was found to be another's; ``moved`` lets it be taken back."""

    __tablename__ = "contact_merges"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    moved: Mapped[dict[str, Any]] = mapped_column(JSON)
    reverted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PasswordReset(Base):
    """A link by e-mail that sets a new portal password, once."""

    __tablename__ = "password_resets"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("portal_accounts.id", ondelete="CASCADE"), index=True
    )
    used: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
