"""Provider webhooks: authenticated, stored as they came, acknowledged, and only then parsed."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

import structlog
from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json as json_response
from sanic.response import text as text_response
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.directory import channel_by_slug, channel_of_number
from desk.channels.receipts import settle_receipt, store_receipt, unread_receipts
from desk.channels.tables import Channel, Receipt
from desk.contacts.directory import Alias
from desk.conversations.delivery_reports import Report, note_report
from desk.conversations.echoes import note_echo
from desk.conversations.find import conversation_for
from desk.conversations.provider_edits import edit_received
from desk.conversations.receive import Inbound, receive_message
from desk.conversations.turns import offered_button
from desk.db import Database
from desk.errors import NotFound
from desk.text import clean_text
from handoff.problems import Problem
from handoff.pulse import LOOK_SECONDS, Pulse, wait_for
from handoff.services import services_of

logger = structlog.get_logger(__name__)

blueprint = Blueprint("webhooks", url_prefix="/channels")

_LOOKED_AT = 20


@dataclass(frozen=True)
class Pressed:
    """A button under one of our messages: its message and its place among the buttons."""

    message_id: int
    index: int


@dataclass(frozen=True)
class Arrival:
    """One message in a webhook's body.

    ``edited``: the customer changed it; one that is not known here is taken as new. ``pressed``: it
    says what the button says (its words stand in ``inbound`` where the provider tells them, and
    hold when the button is none of ours). ``receipt``: what the provider wants to hear back
    afterwards. ``number_id``: to which of our numbers it came. ``sent_at``: seconds since 1970,
    where webhooks come out of order.
    """

    alias: Alias
    external_chat: str
    profile_name: str
    inbound: Inbound
    edited: bool = False
    pressed: Pressed | None = None
    receipt: str = ""
    number_id: str = ""
    sent_at: int = 0


@dataclass(frozen=True)
class Told:
    """What a provider tells of a message of ours, and for which of our numbers."""

    report: Report
    number_id: str = ""


@dataclass(frozen=True)
class Echo:
    """What somebody of the company wrote on the phone itself, to this chat."""

    alias: Alias
    external_chat: str
    provider_id: str
    text: str
    number_id: str = ""


@dataclass(frozen=True)
class Unread:
    """A part of a body that is not what its provider documents; the rest of it is taken."""

    error: str
    number_id: str = ""


Item = Arrival | Told | Echo | Unread


@runtime_checkable
class Handshake(Protocol):
    """A channel kind whose provider asks, before it sends anything, whether this is the place."""

    def challenge(self, request: Request, secrets: Mapping[str, str]) -> str | None:
        """What to answer; None when the provider has not our word."""


class Receiver(Protocol):
    """A channel kind's way in.

    ``grace_seconds``: how long a body waits for earlier ones that come after it.
    """

    grace_seconds: float

    def is_authentic(self, request: Request, secrets: Mapping[str, str]) -> bool:
        """Whether the provider sent it."""

    def parse(self, body: bytes) -> Sequence[Item]:
        """Every message in a body, in order, and what is told of ours.

        Raises:
            ValueError, KeyError, TypeError: the body is not what the provider documents.
        """


class Thanks(Protocol):
    """A channel kind whose provider wants to hear that something was taken."""

    async def thank(self, channel: Channel, receipt: str) -> None:
        """Says so; nothing depends on it, so it may fail silently."""


@blueprint.get("/<kind:str>/<channel:str>")
async def answer_handshake(request: Request, kind: str, channel: str) -> HTTPResponse:
    """Proves to a provider that its webhooks are wanted here."""
    services = services_of(request)
    receiver = request.app.ctx.receivers.get(kind)
    if not isinstance(receiver, Handshake):
        raise NotFound("Este tipo de canal não existe.")
    async with services.database.reading() as session:
        found = await channel_by_slug(session, kind, channel)
    answer = receiver.challenge(request, json.loads(services.vault.unseal(found.secrets) or "{}"))
    if answer is None:
        raise Problem(403, "A palavra de verificação deste canal não confere.")
    return text_response(answer)


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
        self._look_in = LOOK_SECONDS

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
                await wait_for(waiter, self._look_in)
        finally:
            self._pulse.forget(waiter)

    async def _take_next(self) -> bool:
        async with self._database.reading() as session:
            if await self._next_receipt(session) is None:
                return False
        taken: list[tuple[Channel, str]] = []
        async with self._database.transaction() as session:
            receipt = await self._next_receipt(session)
            if receipt is None:
                return False
            failure = ""
            try:
                taken, failure = await self._take(session, receipt)
            except Exception as error:
                if _will_pass(error):
                    raise
                # Whatever is wrong with it, the bodies behind it go on.
                failure = clean_text(f"{type(error).__name__}: {error}")
            if failure:
                # Only the kind of error: the rest may be a person's words.
                kind = failure.partition(":")[0]
                logger.error("intake.unparsable", receipt_id=receipt.id, error=kind)
            await settle_receipt(session, receipt.id, failure)
        for channel, word in taken:
            task = asyncio.create_task(self._thanks[channel.kind].thank(channel, word))
            self._thanking.add(task)
            task.add_done_callback(self._thanking.discard)
        return True

    async def _next_receipt(self, session: AsyncSession) -> Receipt | None:
        """The oldest body, unless its channel's webhooks come out of order: then the earliest said.

        Such a body waits a moment; those of other channels do not wait for it.
        """
        self._look_in = LOOK_SECONDS
        first = await unread_receipts(session, limit=1)
        if not first or not (await self._receiver_of(session, first[0])).grace_seconds:
            return first[0] if first else None
        waiting = await unread_receipts(session, limit=_LOOKED_AT)
        for receipt in waiting:
            receiver = await self._receiver_of(session, receipt)
            left = receiver.grace_seconds - _age_seconds(receipt)
            if left <= 0:
                same = [each for each in waiting if each.channel_id == receipt.channel_id]
                return min(same, key=lambda each: (_said_at(receiver, each.body), each.id))
            self._look_in = min(self._look_in, left)
        return None

    async def _receiver_of(self, session: AsyncSession, receipt: Receipt) -> Receiver:
        channel = await session.get_one(Channel, receipt.channel_id)
        return self._receivers[channel.kind]

    async def _take(
        self, session: AsyncSession, receipt: Receipt
    ) -> tuple[list[tuple[Channel, str]], str]:
        """Stores what a body brings; gives what to thank for, and what is wrong with the rest."""
        channel = await session.get_one(Channel, receipt.channel_id)
        thanks: list[tuple[Channel, str]] = []
        failures: list[str] = []
        for item in self._receivers[channel.kind].parse(receipt.body):
            found = await channel_of_number(session, channel, item.number_id)
            if found is None:
                failures.append(f"for another number: {item.number_id}")
                continue
            try:
                async with session.begin_nested():
                    await _take_item(session, found, item)
            except Exception as error:
                if _will_pass(error):
                    raise
                failures.append(f"{type(error).__name__}: {error}")
            else:
                if isinstance(item, Unread):
                    failures.append(item.error)
                elif isinstance(item, Arrival) and item.receipt and channel.kind in self._thanks:
                    thanks.append((channel, item.receipt))
        return thanks, clean_text("; ".join(dict.fromkeys(failures)))


async def _take_item(session: AsyncSession, channel: Channel, item: Item) -> None:
    match item:
        case Arrival():
            await take_arrival(session, channel, item)
        case Told():
            await note_report(session, channel.id, item.report)
        case Echo():
            found = await conversation_for(session, channel, item.alias, item.external_chat)
            await note_echo(session, found, item.provider_id, item.text)


def _age_seconds(receipt: Receipt) -> float:
    return (datetime.now(UTC) - receipt.received_at).total_seconds()


def _said_at(receiver: Receiver, body: bytes) -> int:
    """When the first message of a body was sent; what holds none, or cannot be read, goes first."""
    try:
        items = receiver.parse(body)
    except Exception:
        return 0
    return min((item.sent_at for item in items if isinstance(item, Arrival)), default=0)


async def take_arrival(session: AsyncSession, channel: Channel, arrival: Arrival) -> None:
    """Stores what one arrival brings."""
    conversation = await conversation_for(
        session, channel, arrival.alias, arrival.external_chat, arrival.profile_name
    )
    inbound = arrival.inbound
    if arrival.pressed is not None:
        pressed = arrival.pressed
        button = await offered_button(session, conversation, pressed.message_id, pressed.index)
        if button is not None:
            inbound = replace(inbound, text=button["title"], payload=button["payload"])
        elif not inbound.text:
            return
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
