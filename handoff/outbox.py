"""Sends what waits for a provider: per chat in order, paced by what the provider says.

Exactly once cannot be promised to a provider. A message is marked ``sending`` before the call;
after a crash it is sent once more and shown as perhaps repeated. What the provider has taken of a
message in several pieces is remembered piece by piece.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

import structlog

from desk.channels.tables import Channel
from desk.contacts.portal_access import reveal_credentials
from desk.conversations.delivery import (
    SENDING_SECONDS,
    Delivery,
    due_deliveries,
    keep_sending,
    part_sent,
    settle_failed,
    settle_later,
    settle_sent,
    start_sending,
)
from desk.conversations.parts import Part
from desk.conversations.provider_edits import (
    EditDelivery,
    due_edits,
    edit_failed,
    edit_later,
    edit_told,
    start_edit,
)
from desk.db import Database
from desk.vault import Vault
from handoff.due_work import DueWork
from handoff.pulse import Pulse

_AT_ONCE = 20
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0

logger = structlog.get_logger(__name__)


class TryLater(Exception):
    """The provider is away or asks for patience; ``seconds`` when it said how long.

    ``uncertain``: it may have taken the message, and its answer was lost.
    """

    def __init__(
        self, reason: str, seconds: float | None = None, *, uncertain: bool = False
    ) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.uncertain = uncertain


class Undeliverable(Exception):
    """The provider will never take this message; the text says why, in pt-BR, to the team."""


KeepPart = Callable[[Part], Awaitable[None]]
"""Remembers durably that the provider has taken a piece."""


class Sender(Protocol):
    """A channel's way out."""

    async def send(self, channel: Channel, delivery: Delivery, keep: KeepPart) -> str | None:
        """Sends one message, without the pieces in ``delivery.parts``; returns its provider's id.

        Raises:
            TryLater: not now.
            Undeliverable: never.
        """

    async def edit(self, channel: Channel, edit: EditDelivery, keep: KeepPart) -> None:
        """Shows the new words of a message that was sent.

        Raises:
            TryLater: not now.
            Undeliverable: never.
        """


class Outbox(DueWork):
    """The loop that sends; what is on its way at the end has a moment to arrive."""

    name = "outbox"
    topic = "outbound"
    last_words_seconds = 3.0

    def __init__(
        self, database: Database, pulse: Pulse, vault: Vault, senders: Mapping[str, Sender]
    ) -> None:
        super().__init__(pulse, _AT_ONCE)
        self._database = database
        self._vault = vault
        self._senders = senders

    async def look(self) -> None:
        """Begins what is due; a slow upload to one chat holds up no other."""
        if not self.free:
            return
        async with self._database.reading() as session:
            messages = await due_deliveries(session)
            edits = await due_edits(session)
        due = [("send", each, self._send) for each in messages]
        due += [("edit", each, self._edit) for each in edits]
        for kind, message_id, work in due:
            if self.can_begin((kind, message_id)):
                self.begin((kind, message_id), partial(work, message_id))

    async def _send(self, message_id: int) -> None:
        async with self._database.transaction() as session:
            delivery = await start_sending(session, message_id)
            if delivery is None:
                return
            channel = await session.get_one(Channel, delivery.channel_id)
            text = await reveal_credentials(session, self._vault, delivery.public_id, delivery.text)
        delivery = replace(delivery, text=text)
        progress = _Progress(self._database, message_id)
        renewing = asyncio.create_task(self._renew(delivery))
        try:
            provider_id = await self._sender(channel).send(channel, delivery, progress.keep)
        except Undeliverable as error:
            async with self._database.transaction() as session:
                await settle_failed(session, delivery, str(error))
        except Exception as error:
            later = _look(error, "send", message_id)
            tried = progress.tried(delivery)
            async with self._database.transaction() as session:
                await settle_later(
                    session,
                    tried,
                    str(later),
                    later.seconds or _pause(tried.attempts),
                    uncertain=later.uncertain,
                )
        else:
            async with self._database.transaction() as session:
                await settle_sent(session, delivery, provider_id)
        finally:
            renewing.cancel()
        self._pulse.beat("events")

    async def _edit(self, message_id: int) -> None:
        async with self._database.transaction() as session:
            edit = await start_edit(session, message_id)
            if edit is None:
                return
            channel = await session.get_one(Channel, edit.channel_id)
            text = await reveal_credentials(session, self._vault, edit.public_id, edit.text)
        edit = replace(edit, text=text)
        progress = _Progress(self._database, message_id)
        try:
            await self._sender(channel).edit(channel, edit, progress.keep)
        except Undeliverable as error:
            async with self._database.transaction() as session:
                await edit_failed(session, edit, str(error))
        except Exception as error:
            later = _look(error, "edit", message_id)
            async with self._database.transaction() as session:
                await edit_later(session, edit, str(later), later.seconds or _pause(edit.attempts))
        else:
            async with self._database.transaction() as session:
                await edit_told(session, edit)
        self._pulse.beat("events")

    async def _renew(self, delivery: Delivery) -> None:
        while True:
            await asyncio.sleep(SENDING_SECONDS / 3)
            try:
                async with self._database.transaction() as session:
                    await keep_sending(session, delivery)
            except Exception:
                # The database may be restarting; there is time for another try or two.
                logger.exception("outbox.renew_failed", message_id=delivery.message_id)

    def _sender(self, channel: Channel) -> Sender:
        sender = self._senders.get(channel.kind)
        if sender is None:
            raise Undeliverable(f"não há como enviar pelo canal {channel.kind}")
        return sender


class _Progress:
    """Keeps the pieces of one message; after a new one the tries count from the start."""

    def __init__(self, database: Database, message_id: int) -> None:
        self._database = database
        self._message_id = message_id
        self._moved = False

    async def keep(self, part: Part) -> None:
        async with self._database.transaction() as session:
            await part_sent(session, self._message_id, part)
        self._moved = True

    def tried(self, delivery: Delivery) -> Delivery:
        return replace(delivery, attempts=1) if self._moved else delivery


def _pause(attempts: int) -> float:
    return min(_FIRST_PAUSE_SECONDS * 2.0**attempts, _LONGEST_PAUSE_SECONDS)


def _look(error: Exception, what: str, message_id: int) -> TryLater:
    """A failure that may pass."""
    if isinstance(error, TryLater):
        return error
    # A provider that answers what nobody foresaw: tried again, and given up in the end.
    logger.error(f"outbox.{what}_failed", message_id=message_id, exc_info=error)
    return TryLater(type(error).__name__)
