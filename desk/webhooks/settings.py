"""Endpoints of other software as admins set them."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import MAX_SMALL_KEY
from desk.errors import Conflict, Invalid, NotFound
from desk.events.changes import apply_changes, record_changes
from desk.events.log import Actor, latest_seq, record_event
from desk.knowledge.crawling.guard import is_public
from desk.settings import Settings
from desk.shapes import Line, Values
from desk.vault import Vault
from desk.webhooks.kinds import EVENT_KINDS
from desk.webhooks.signing import draw_secret
from desk.webhooks.tables import WebhookDelivery, WebhookEndpoint

MAX_ENDPOINTS = 50
MAX_URL_CHARS = 500
OLD_SECRET_HOURS = 24


def _one_of_each(kinds: list[str]) -> list[str]:
    unknown = [kind for kind in kinds if kind not in EVENT_KINDS]
    if unknown:
        raise ValueError("Este tipo de evento não existe.")
    if not kinds:
        raise ValueError("Escolha ao menos um tipo de evento.")
    return [kind for kind in EVENT_KINDS if kind in kinds]


class WebhookValues(Values):
    """An endpoint: where it is and what it hears of."""

    name: Line = Field(min_length=1, max_length=120)
    url: Line = Field(min_length=1, max_length=MAX_URL_CHARS)
    kinds: Annotated[list[str], AfterValidator(_one_of_each)] = Field(max_length=100)


@dataclass(frozen=True)
class Reach:
    """Where deliveries may go besides the open internet by https.

    ``private``: anywhere, and without TLS; ``loopback``: to this machine.
    """

    private: bool
    loopback: bool

    @classmethod
    def of(cls, settings: Settings) -> "Reach":
        """As it is set; a developer's own machine is its own network."""
        return cls(settings.webhook_private_addresses, settings.env == "development")


def webhook_values(endpoint: WebhookEndpoint) -> WebhookValues:
    """An endpoint as it stands."""
    return WebhookValues(name=endpoint.name, url=endpoint.url, kinds=endpoint.kinds)


async def list_endpoints(session: AsyncSession) -> Sequence[WebhookEndpoint]:
    """All endpoints by name, at most fifty."""
    query = select(WebhookEndpoint).order_by(func.lower(WebhookEndpoint.name), WebhookEndpoint.id)
    return (await session.execute(query)).scalars().all()


async def endpoint_by_id(session: AsyncSession, endpoint_id: int) -> WebhookEndpoint:
    """One endpoint.

    Raises:
        NotFound: there is none.
    """
    endpoint = await session.get(WebhookEndpoint, max(0, min(endpoint_id, MAX_SMALL_KEY)))
    if endpoint is None:
        raise NotFound("Webhook não encontrado.")
    return endpoint


async def create_endpoint(
    session: AsyncSession, vault: Vault, reach: Reach, values: WebhookValues, actor: Actor
) -> tuple[WebhookEndpoint, str]:
    """Adds an endpoint, switched on; its secret is told here and nowhere again.

    Raises:
        Invalid: the address may not be one.
        Conflict: there are fifty already.
    """
    check_url(values.url, reach)
    if (await session.execute(select(func.count(WebhookEndpoint.id)))).scalar_one() >= (
        MAX_ENDPOINTS
    ):
        raise Conflict("São no máximo {limit} webhooks.", limit=MAX_ENDPOINTS)
    secret, now = draw_secret(), datetime.now(UTC)
    endpoint = WebhookEndpoint(
        name=values.name,
        url=values.url,
        kinds=values.kinds,
        sealed_secret=vault.seal(secret),
        since_seq=await latest_seq(session),
        created_at=now,
        updated_at=now,
    )
    session.add(endpoint)
    await session.flush()
    await record_event(
        session, "webhook.created", actor, id=endpoint.id, after=_told(values.model_dump())
    )
    return endpoint, secret


async def change_endpoint(
    session: AsyncSession,
    reach: Reach,
    endpoint: WebhookEndpoint,
    values: WebhookValues,
    actor: Actor,
) -> None:
    """Changes an endpoint; what waits for it goes to the new address.

    Raises:
        Invalid: the address may not be one.
    """
    check_url(values.url, reach)
    changes = apply_changes(endpoint, values.model_dump())
    if changes:
        endpoint.updated_at = datetime.now(UTC)
    changes.before, changes.after = _told(changes.before), _told(changes.after)
    await session.flush()
    await record_changes(session, "webhook.changed", actor, endpoint.id, changes)


async def switch_endpoint(
    session: AsyncSession, endpoint: WebhookEndpoint, active: bool, actor: Actor
) -> None:
    """Switches an endpoint on or off; switched on it hears what happens from then on."""
    if endpoint.active == active and endpoint.paused_at is None:
        return
    if active:
        endpoint.since_seq = await latest_seq(session)
    endpoint.active, endpoint.paused_at, endpoint.failing_since = active, None, None
    endpoint.updated_at = datetime.now(UTC)
    await session.flush()
    kind = "webhook.activated" if active else "webhook.deactivated"
    await record_event(session, kind, actor, id=endpoint.id)


async def rotate_secret(
    session: AsyncSession, vault: Vault, endpoint: WebhookEndpoint, actor: Actor
) -> str:
    """A new secret, told here and nowhere again; the old one signs beside it for a day."""
    secret, now = draw_secret(), datetime.now(UTC)
    endpoint.sealed_old_secret = endpoint.sealed_secret
    endpoint.old_secret_until = now + timedelta(hours=OLD_SECRET_HOURS)
    endpoint.sealed_secret, endpoint.updated_at = vault.seal(secret), now
    await session.flush()
    await record_event(session, "webhook.secret_rotated", actor, id=endpoint.id)
    return secret


async def remove_endpoint(session: AsyncSession, endpoint: WebhookEndpoint, actor: Actor) -> None:
    """Removes an endpoint with its deliveries."""
    await session.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id))
    await session.delete(endpoint)
    await session.flush()
    await record_event(session, "webhook.removed", actor, id=endpoint.id)


def check_url(url: str, reach: Reach) -> None:
    """Refuses what can be seen to be no address for a delivery; names are looked up when it leaves.

    Raises:
        Invalid: it is none.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _no_url() from None
    is_well_formed = url.isascii() and url.isprintable() and not set(url) & set(" \\")
    if parts.scheme not in ("https", "http") or not host or port == 0 or not is_well_formed:
        raise _no_url()
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid("url", "O endereço não pode ter usuário, senha nem “#”.")
    number = _number_of(host)
    is_loopback = host == "localhost" or (number is not None and number.is_loopback)
    if reach.private or (is_loopback and reach.loopback):
        return
    if parts.scheme != "https":
        raise Invalid("url", "Use https: os eventos não podem ir sem cifra.")
    if is_loopback or (number is not None and not is_public(host)):
        raise Invalid("url", "O endereço é de uma rede interna.")


def _no_url() -> Invalid:
    return Invalid("url", "O endereço não é válido. Exemplo: https://sistema.empresa.com.br/ponte")


def _number_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _told(values: dict[str, object]) -> dict[str, object]:
    """What the log tells: of an address only its host, since a path may hold a token."""
    told = dict(values)
    if "url" in told:
        told["url"] = urlsplit(str(told["url"])).hostname
    return told
