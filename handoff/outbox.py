"""Sends what waits for a provider: per chat in order, paced by what the provider says.

Exactly once cannot be promised to a provider. A message is marked ``sending`` before the call;
after a crash it is sent once more and shown as perhaps repeated.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import structlog

from desk.channels.tables import Channel
from desk.contacts.portal_access import reveal_credentials
from desk.conversations.delivery import (
    Delivery,
    due_deliveries,
    settle_failed,
    settle_later,
    settle_sent,
    start_sending,
)
from desk.db import Database
from desk.vault import Vault
from handoff.pulse import Pulse, wait_for

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0

logger = structlog.get_logger(__name__)


class TryLater(Exception):
    """The provider is away or asks for patience; ``seconds`` when it said how long."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Undeliverable(Exception):
    """The provider will never take this message."""


class Sender(Protocol):
    """A channel's way out."""

    async def send(self, channel: Channel, delivery: Delivery) -> str | None:
        """Sends one message; returns the provider's id for it.

        Raises:
            TryLater: not now.
            Undeliverable: never.
        """


class Outbox:
    """The loop of one process; the rows decide who sends what."""

    def __init__(
        self, database: Database, pulse: Pulse, vault: Vault, senders: Mapping[str, Sender]
    ) -> None:
        self._database = database
        self._pulse = pulse
        self._vault = vault
        self._senders = senders

    async def run(self) -> None:
        """Sends until cancelled."""
        waiter = self._pulse.waiter("outbound")
        try:
            while True:
                try:
                    while await self._send_due():
                        pass
                except Exception:
                    # Rows stay as they are and are looked at again in a second.
                    logger.exception("outbox.look_failed")
                await wait_for(waiter)
        finally:
            self._pulse.forget(waiter)

    async def _send_due(self) -> bool:
        async with self._database.reading() as session:
            due = await due_deliveries(session)
        if due:
            await asyncio.gather(*(self._send(message_id) for message_id in due))
        return bool(due)

    async def _send(self, message_id: int) -> None:
        async with self._database.transaction() as session:
            delivery = await start_sending(session, message_id)
            if delivery is None:
                return
            channel = await session.get_one(Channel, delivery.channel_id)
            text = await reveal_credentials(session, self._vault, delivery.public_id, delivery.text)
        pause = min(_FIRST_PAUSE_SECONDS * 2**delivery.attempts, _LONGEST_PAUSE_SECONDS)
        try:
            provider_id = await self._sender(channel).send(channel, replace(delivery, text=text))
        except TryLater as error:
            async with self._database.transaction() as session:
                await settle_later(session, delivery, str(error), error.seconds or pause)
        except Undeliverable as error:
            async with self._database.transaction() as session:
                await settle_failed(session, delivery, str(error))
        except Exception as error:
            # A provider that answers what nobody foresaw: tried again, and given up in the end.
            logger.exception("outbox.send_failed", message_id=message_id)
            async with self._database.transaction() as session:
                await settle_later(session, delivery, type(error).__name__, pause)
        else:
            async with self._database.transaction() as session:
                await settle_sent(session, delivery, provider_id)
        self._pulse.beat("events")

    def _sender(self, channel: Channel) -> Sender:
        sender = self._senders.get(channel.kind)
        if sender is None:
            raise Undeliverable(f"não há como enviar pelo canal {channel.kind}")
        return sender
