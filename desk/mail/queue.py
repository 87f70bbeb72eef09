"""Queue e-mail and keep what became of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.mail.tables import Email
from desk.vault import Vault

SENDING_SECONDS = 120
MAX_ATTEMPTS = 10
_FIRST_PAUSE_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 1800.0


@dataclass(frozen=True)
class Letter:
    """An e-mail that may leave now, with its plain text body."""

    id: int
    recipient: str
    subject: str
    body: str
    attempts: int
    queued_at: datetime


async def queue_email(
    session: AsyncSession, vault: Vault, recipient: str, subject: str, body: str
) -> None:
    """Stores an e-mail in the caller's transaction; it leaves when that is committed."""
    now = datetime.now(UTC)
    session.add(
        Email(
            recipient=recipient,
            subject=" ".join(subject.split())[:200],
            sealed_body=vault.seal(body),
            due_at=now,
            created_at=now,
        )
    )
    await session.flush()


async def mail_waits(session: AsyncSession) -> bool:
    """Whether an e-mail may leave now."""
    query = select(Email.id).where(
        Email.state.in_(["pending", "sending"]), Email.due_at <= datetime.now(UTC)
    )
    return (await session.execute(query.limit(1))).first() is not None


async def take_letter(session: AsyncSession, vault: Vault) -> Letter | None:
    """The next e-mail to send; marked so that nobody else takes it meanwhile."""
    now = datetime.now(UTC)
    query = (
        select(Email)
        .where(Email.state.in_(["pending", "sending"]), Email.due_at <= now)
        .order_by(Email.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    email = (await session.execute(query)).scalar_one_or_none()
    if email is None:
        return None
    body = vault.unseal(email.sealed_body)
    if body is None:
        email.state, email.failure = "failed", "the secret key has changed"
        return await take_letter(session, vault)
    email.state = "sending"
    email.attempts += 1
    email.due_at = now + timedelta(seconds=SENDING_SECONDS)
    await session.flush()
    return Letter(email.id, email.recipient, email.subject, body, email.attempts, email.created_at)


async def settle_letter(session: AsyncSession, letter: Letter, failure: str = "") -> None:
    """Keeps that it left; or, with a failure, when it is tried again."""
    if not failure:
        values: dict[str, object] = {"state": "sent", "sealed_body": "", "failure": ""}
    elif letter.attempts >= MAX_ATTEMPTS:
        values = {"state": "failed", "failure": failure[:300]}
    else:
        pause = min(_FIRST_PAUSE_SECONDS * 2**letter.attempts, _LONGEST_PAUSE_SECONDS)
        due_at = datetime.now(UTC) + timedelta(seconds=pause)
        values = {"state": "pending", "failure": failure[:300], "due_at": due_at}
    await session.execute(update(Email).where(Email.id == letter.id).values(**values))
