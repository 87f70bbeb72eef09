"""Provider webhooks: authenticated, stored as they came, acknowledged, and only then parsed."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json as json_response
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.directory import channel_by_slug
from desk.channels.receipts import settle_receipt, store_receipt, unread_receipts
from desk.channels.tables import Channel, Receipt
from desk.contacts.directory import Alias
from desk.conversations.find import conversation_for
from desk.conversations.provider_edits import edit_received
from desk.conversations.receive import Inbound, receive_message
from desk.conversations.turns import offered_button
from desk.db import Database
from desk.errors import NotFound
from desk.text import clean_text
from handoff.problems import Problem
from handoff.pulse import Pulse, wait_for
from handoff.services import services_of

logger = structlog.get_logger(__name__)

blueprint = Blueprint("webhooks", url_prefix="/channels")


@dataclass(frozen=True)
class Pressed:
    """A button under one of our messages: its message and its place among the buttons."""

    message_id: int
    index: int


@dataclass(frozen=True)
class Arrival:
    """One message in a webhook's body.

    ``edited``: the customer changed it; one that is not known here is taken as new. ``pressed``: it
    says what the button says. ``receipt``: what the provider wants to hear back afterwards.
    """

    alias: Alias
    external_chat: str
    profile_name: str
    inbound: Inbound
    edited: bool = False
    pressed: Pressed | None = None
    receipt: str = ""


class Receiver(Protocol):
    """A channel kind's way in."""

    def is_authentic(self, request: Request, secrets: Mapping[str, str]) -> bool:
        """Whether the provider sent it."""

    def parse(self, body: bytes) -> list[Arrival]:
        """Every message in a body.

        Raises:
            ValueError, KeyError, TypeError: the body is not what the provider documents.
        """


class Thanks(Protocol):
    """A channel kind whose provider wants to hear that something was taken."""

    async def thank(self, channel: Channel, receipt: str) -> None:
        """Says so; nothing depends on it, so it may fail silently."""


@blueprint.post("/<kind:str>/<channel:str>")
async def take_webhook(request: Request, kind: str, channel: str) -> HTTPResponse:
    """Commits the raw body, then says so."""
    services = services_of(request)
    receiver: Receiver | None = request.app.ctx.receivers.get(kind)
    if receiver is None:
        raise NotFound("Este tipo de canal não existe.")
    # Whoever has no secret holds up nobody: the writers' turn is taken only to store.
    async with services.database.reading() as session:
        found = await channel_by_slug(session, kind, channel)
    secrets = json.loads(services.vault.unseal(found.secrets) or "{}")
    if not receiver.is_authentic(request, secrets):
        raise Problem(401, "O segredo deste canal não confere.")
    async with services.database.transaction() as session:
        await store_receipt(session, found.id, request.body)
    services.pulse.beat("receipts")
    return json_response({"ok": True})


class Intake:
    """Parses stored bodies into messages; what cannot be parsed is kept and alarmed."""

    def __init__(
        self,
        database: Database,
        pulse: Pulse,
        receivers: Mapping[str, Receiver],
        thanks: Mapping[str, Thanks] | None = None,
    ) -> None:
        self._database = database
        self._pulse = pulse
        self._receivers = receivers
        self._thanks = thanks or {}
        self._thanking: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Parses until cancelled."""
        waiter = self._pulse.waiter("receipts")
        try:
            while True:
                try:
                    while await self._take_next():
                        self._pulse.beat("inbound", "media")
                except Exception:
                    # The receipts stay as they are and are looked at again in a second.
                    logger.exception("intake.look_failed")
                await wait_for(waiter)
        finally:
            self._pulse.forget(waiter)

    async def _take_next(self) -> bool:
        async with self._database.reading() as session:
            if not await unread_receipts(session, limit=1):
                return False
        taken: list[tuple[Channel, str]] = []
        async with self._database.transaction() as session:
            receipts = await unread_receipts(session, limit=1)
            if not receipts:
                return False
            receipt = receipts[0]
            failure = ""
            try:
                async with session.begin_nested():
                    taken = await self._take(session, receipt)
            except Exception as error:
                if _will_pass(error):
                    raise
                # Whatever is wrong with it, the bodies behind it go on.
                failure = clean_text(f"{type(error).__name__}: {error}")
                logger.error("intake.unparsable", receipt_id=receipt.id, error=type(error).__name__)
            await settle_receipt(session, receipt.id, failure)
        for channel, word in taken:
            task = asyncio.create_task(self._thanks[channel.kind].thank(channel, word))
            self._thanking.add(task)
            task.add_done_callback(self._thanking.discard)
        return True

    async def _take(self, session: AsyncSession, receipt: Receipt) -> list[tuple[Channel, str]]:
        channel = await session.get_one(Channel, receipt.channel_id)
        arrivals = self._receivers[channel.kind].parse(receipt.body)
        for arrival in arrivals:
            await take_arrival(session, channel, arrival)
        if channel.kind not in self._thanks:
            return []
        return [(channel, arrival.receipt) for arrival in arrivals if arrival.receipt]


async def take_arrival(session: AsyncSession, channel: Channel, arrival: Arrival) -> None:
    """Stores what one arrival brings."""
    conversation = await conversation_for(
        session, channel, arrival.alias, arrival.external_chat, arrival.profile_name
    )
    inbound = arrival.inbound
    if arrival.pressed is not None:
        pressed = arrival.pressed
        button = await offered_button(session, conversation, pressed.message_id, pressed.index)
        if button is None:
            return
        inbound = replace(inbound, text=button["title"], payload=button["payload"])
    elif arrival.edited and inbound.provider_id is not None:
        if await edit_received(session, conversation, inbound.provider_id, inbound.text):
            return
        if not (inbound.text or inbound.remote_files):
            return
    await receive_message(session, conversation.id, inbound)


def _will_pass(error: Exception) -> bool:
    """Whether the database is away or busy, so that the body itself is not at fault."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, OSError)
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return True
    # PostgreSQL: connection, rollback by a deadlock, resources, locks, operator's intervention.
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return state[:2] in {"08", "40", "53", "55", "57"}


def as_object(body: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ValueError: it is none.
    """
    content = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    return content
