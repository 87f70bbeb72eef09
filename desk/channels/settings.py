"""Channels as an admin sets them up. Secrets go in sealed and are never shown again."""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel, Receipt
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotFound
from desk.events.changes import apply_changes, record_changes
from desk.events.log import Actor, record_event
from desk.shapes import Color, Line, Slug, Values
from desk.vault import Vault

KINDS = ("webchat", "telegram", "whatsapp_cloud")
"""The kinds that are set up here."""
PEOPLE = "human"
"""``agent_kind`` of a channel on which the bot does not answer."""
_FIXED = ("kind", "slug")
MIN_TOKEN_CHARS = 10


class ChannelValues(Values):
    """A channel as somebody fills it in; kind and slug cannot be changed later.

    ``agent_kind``: ``bot``, or ``human`` when every conversation goes to a queue at once.
    """

    kind: Literal["webchat", "telegram", "whatsapp_cloud"]
    slug: Slug = Field(max_length=60)
    name: Line = Field(min_length=1, max_length=120)
    brand: Line = Field(min_length=1, max_length=120)
    color: Color = ""
    agent_kind: Literal["bot", "human"] = "bot"
    shows_agent_name: bool = False
    enabled: bool = True


def channel_values(channel: Channel) -> ChannelValues:
    """A channel as it stands."""
    values = {name: getattr(channel, name) for name in ChannelValues.model_fields}
    values["name"] = channel.name or channel.brand
    return ChannelValues.model_construct(**values)


async def list_channels(session: AsyncSession) -> Sequence[Channel]:
    """All channels, oldest first."""
    return (await session.execute(select(Channel).order_by(Channel.id))).scalars().all()


async def channel_by_id(session: AsyncSession, channel_id: int) -> Channel:
    """One channel, enabled or not.

    Raises:
        NotFound: there is none.
    """
    channel = await session.get(Channel, max(0, min(channel_id, MAX_SMALL_KEY)))
    if channel is None:
        raise NotFound("Canal não encontrado.")
    return channel


async def create_channel(session: AsyncSession, values: ChannelValues, actor: Actor) -> Channel:
    """Adds a channel.

    Raises:
        Invalid: another of its kind has the slug.
    """
    query = select(Channel.id).where(Channel.kind == values.kind, Channel.slug == values.slug)
    if (await session.execute(query)).first() is not None:
        raise Invalid("slug", "Já existe um canal deste tipo com este identificador.")
    channel = Channel(**values.model_dump(), created_at=datetime.now(UTC))
    session.add(channel)
    await session.flush()
    await record_event(
        session, "channel.created", actor, id=channel.id, after=values.model_dump(mode="json")
    )
    return channel


async def change_channel(
    session: AsyncSession, channel: Channel, values: ChannelValues, actor: Actor
) -> None:
    """Changes a channel.

    Raises:
        Invalid: its kind or slug would change, to which customers' links and webhooks lead.
    """
    for name in _FIXED:
        if getattr(values, name) != getattr(channel, name):
            raise Invalid(name, "Isto não muda depois de criado: links e webhooks levam a ele.")
    changes = apply_changes(channel, values.model_dump())
    await session.flush()
    await record_changes(session, "channel.changed", actor, channel.id, changes)


async def set_logo(
    session: AsyncSession, channel: Channel, media_id: int | None, actor: Actor
) -> None:
    """Sets or takes away the picture that customers see."""
    changes = apply_changes(channel, {"logo_media_id": media_id})
    await session.flush()
    await record_changes(session, "channel.changed", actor, channel.id, changes)


async def set_token(
    session: AsyncSession, channel: Channel, vault: Vault, token: str, actor: Actor
) -> None:
    """Keeps a provider's token sealed, and draws the secret that its webhook must repeat.

    Raises:
        Invalid: it does not look like a token, is another bot's than the one that customers wrote
            to here, or this kind of channel has none.
    """
    if channel.kind != "telegram":
        raise Invalid("token", "Só canais do Telegram têm token.")
    token = token.strip()
    if len(token) < MIN_TOKEN_CHARS or ":" not in token or not token.isascii():
        raise Invalid("token", "Cole o token inteiro que o @BotFather deu: 123456:ABC-DEF…")
    kept = read_secrets(channel, vault)
    if _bot_of(kept.get("token", token)) != _bot_of(token) and await _has_received(
        session, channel
    ):
        # Each bot counts its messages anew: the first ones would be taken for known ones.
        raise Invalid("token", "Este token é de outro bot. Crie um canal novo para ele.")
    webhook_secret = kept.get("webhook_secret") or secrets.token_urlsafe(32)
    sealed = {**kept, "token": token, "webhook_secret": webhook_secret}
    channel.secrets = vault.seal(json.dumps(sealed))
    await session.flush()
    await record_event(
        session, "channel.changed", actor, id=channel.id, fields=["token"], before={}, after={}
    )


def _bot_of(token: str) -> str:
    """The bot's own number, which stays when its token is drawn anew."""
    return token.partition(":")[0]


async def _has_received(session: AsyncSession, channel: Channel) -> bool:
    query = select(Receipt.id).where(Receipt.channel_id == channel.id).limit(1)
    return (await session.execute(query)).first() is not None


def read_secrets(channel: Channel, vault: Vault) -> dict[str, str]:
    """What was sealed; empty when there is nothing, or the key is another."""
    opened = vault.unseal(channel.secrets) if channel.secrets else None
    found: dict[str, str] = json.loads(opened) if opened else {}
    return found
