"""Sends what waits for other software: one endpoint at a time each, many endpoints at once."""

import ssl
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import Database
from desk.mail.queue import queue_email
from desk.settings import Settings
from desk.team.tables import Role
from desk.team.users import list_users
from desk.vault import Vault
from desk.webhooks.sending import (
    Outcome,
    Outgoing,
    due_endpoints,
    give_lease_back,
    settle,
    take_delivery,
    take_lease,
)
from desk.webhooks.settings import Reach, endpoint_by_id
from handoff.due_work import DueWork
from handoff.i18n import _, set_locale
from handoff.pulse import Pulse
from handoff.webhook_client import WebhookClient

_ENDPOINTS_AT_ONCE = 10
_SENT_IN_A_ROW = 100

logger = structlog.get_logger(__name__)


class WebhookSender(DueWork):
    """The loop that sends; what is on its way at the end has a moment to arrive."""

    name = "webhooks"
    topic = "webhooks"
    last_words_seconds = 3.0

    def __init__(self, settings: Settings, database: Database, vault: Vault, pulse: Pulse) -> None:
        super().__init__(pulse, _ENDPOINTS_AT_ONCE)
        self._database = database
        self._vault = vault
        self._console_url = settings.public_url.rstrip("/") + "/console/settings/webhooks"
        self._reach = Reach.of(settings)
        self._context = ssl.create_default_context()

    async def look(self) -> None:
        """Begins with the endpoints for which something waits."""
        async with self._database.reading() as session:
            due = await due_endpoints(session)
        for endpoint_id in due:
            if self.can_begin(endpoint_id):
                self.begin(endpoint_id, partial(self._send_in_turn, endpoint_id))

    async def _send_in_turn(self, endpoint_id: int) -> None:
        async with self._database.transaction() as session:
            token = await take_lease(session, endpoint_id)
        if token is None:
            return
        try:
            async with WebhookClient(self._reach, self._context) as client:
                for _turn in range(_SENT_IN_A_ROW):
                    if not await self._send_next(client, endpoint_id, token):
                        break
        finally:
            async with self._database.transaction() as session:
                await give_lease_back(session, endpoint_id, token)

    async def _send_next(self, client: WebhookClient, endpoint_id: int, token: str) -> bool:
        async with self._database.transaction() as session:
            outgoing = await take_delivery(session, self._vault, endpoint_id, token)
        if outgoing is None:
            return False
        try:
            outcome = await client.send(outgoing)
        except Exception:
            # What nobody foresaw counts as a try, so that one delivery never holds up the others.
            logger.exception("webhooks.try_failed", delivery_id=outgoing.id)
            outcome = Outcome(None, 0, "broken_off")
        async with self._database.transaction() as session:
            if await settle(session, outgoing, outcome):
                endpoint = await endpoint_by_id(session, endpoint_id)
                await self._tell_admins(session, endpoint.name)
                self._pulse.beat("mail")
        _log(outgoing, outcome)
        return True

    async def _tell_admins(self, session: AsyncSession, name: str) -> None:
        """The notice reaches those who can change it, in their language."""
        for admin in await list_users(session):
            if admin.role is not Role.ADMIN:
                continue
            # Each endpoint is served in a task of its own, so nobody else's language changes.
            set_locale(admin.locale)
            subject = _("Webhook pausado: {name}").format(name=name)
            body = _(
                "O webhook “{name}” parou de receber os eventos e foi pausado.\n\n"
                "Confira o endereço e ligue de novo em {url}. Lá também se reenvia o que faltou."
            )
            text = body.format(name=name, url=self._console_url)
            await queue_email(session, self._vault, admin.email, subject, text)


def _log(outgoing: Outgoing, outcome: Outcome) -> None:
    # Never the address: a path may hold a token.
    logger.info(
        "webhooks.tried",
        endpoint_id=outgoing.endpoint_id,
        delivery_id=outgoing.id,
        tries=outgoing.tries,
        status=outcome.status,
        error=outcome.error,
        duration_ms=outcome.duration_ms,
    )
