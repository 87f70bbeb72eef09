"""Sends e-mail: by SMTP, or as readable files where no server is set.

Source: RFC 5321, RFC 5322; aiosmtplib speaks it.
"""

import asyncio
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from desk.db import Database
from desk.mail.queue import Letter, mail_waits, settle_letter, take_letter
from desk.settings import Settings
from desk.vault import Vault
from handoff.pulse import Pulse, wait_for

_SMTP_TIMEOUT_SECONDS = 20

logger = structlog.get_logger(__name__)


class Mailer:
    """The loop of one process; the rows decide who sends what."""

    def __init__(self, settings: Settings, database: Database, vault: Vault, pulse: Pulse) -> None:
        self._settings = settings
        self._database = database
        self._vault = vault
        self._pulse = pulse

    async def run(self) -> None:
        """Sends until cancelled."""
        waiter = self._pulse.waiter("mail")
        try:
            while True:
                try:
                    while await self._send_next():
                        pass
                except Exception:
                    # The rows stay as they are and are looked at again in a second.
                    logger.exception("mailer.look_failed")
                await wait_for(waiter)
        finally:
            self._pulse.forget(waiter)

    async def _send_next(self) -> bool:
        async with self._database.reading() as session:
            if not await mail_waits(session):
                return False
        async with self._database.transaction() as session:
            letter = await take_letter(session, self._vault)
        if letter is None:
            return False
        failure = await self._send(letter)
        async with self._database.transaction() as session:
            await settle_letter(session, letter, failure)
        return True

    async def _send(self, letter: Letter) -> str:
        message = self._message(letter)
        try:
            if self._settings.smtp_url:
                await send_by_smtp(self._settings.smtp_url, message)
            else:
                await asyncio.to_thread(self._write, letter, message)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            # Never the error's own text: servers repeat addresses in it.
            logger.warning("mailer.failed", email_id=letter.id, error=type(error).__name__)
            return type(error).__name__
        return ""

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.mail_from
        message["To"] = letter.recipient
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.queued_at)
        domain = self._settings.mail_from.rpartition("@")[2]
        # The same at each try, so that a repeated one can be recognised.
        message["Message-ID"] = f"<ponte.{letter.id}.{letter.queued_at:%Y%m%d%H%M%S%f}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        return message

    def _write(self, letter: Letter, message: EmailMessage) -> None:
        folder = self._settings.mail_dir
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{letter.id:06d}.eml"
        path.touch(mode=0o600)
        head = "\n".join(f"{name}: {value}" for name, value in message.items())
        path.write_text(f"{head}\n\n{letter.body}\n", "utf-8")


async def send_by_smtp(url: str, message: EmailMessage) -> None:
    """Sends one message through ``smtp://user:password@host:port`` or ``smtps://``.

    Raises:
        SMTPException, OSError, TimeoutError: the server cannot be reached or refuses.
    """
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    await aiosmtplib.send(
        message,
        hostname=parts.hostname,
        port=parts.port or (465 if tls else 25),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=tls,
        timeout=_SMTP_TIMEOUT_SECONDS,
    )
