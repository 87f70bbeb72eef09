"""Channels: web chat pages, Telegram bots and WhatsApp numbers, without their secrets."""

from dataclasses import asdict
from typing import Any

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.channels.numbers import NumberValues, set_number
from desk.channels.settings import (
    ChannelValues,
    change_channel,
    channel_by_id,
    channel_values,
    create_channel,
    list_channels,
    read_secrets,
    set_token,
)
from desk.channels.tables import Channel, MessageTemplate
from desk.channels.templates import is_sendable, templates_of, variables_of, words_of
from desk.conversations.volume import Volume, volume_by_channel
from desk.events.log import by_agent
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of
from handoff.telegram_webhook import connect_telegram
from handoff.whatsapp_number import connect_whatsapp, refresh_templates


class ChannelJson(Shape):
    """A channel as programs read it."""

    id: int
    kind: str
    slug: str
    name: str
    brand: str
    color: str
    agent_kind: str
    shows_agent_name: bool
    enabled: bool


class ChannelVolume(ChannelJson):
    """With what it has carried."""

    conversations: int
    people: int
    messages_in: int
    messages_out: int
    last_message_at: str | None


class ChannelList(Shape):
    """Channels, oldest first."""

    channels: list[ChannelVolume]


class Connection(Shape):
    """A bot's token; without one the kept token is used."""

    token: str = Field(default="", max_length=300)


class Connected(Shape):
    """The bot's name as its provider tells it."""

    name: str


class NumberConnected(Shape):
    """The number as Meta tells it, and what Meta must be given to send its webhooks."""

    phone: str
    name: str
    quality: str
    webhook_url: str
    verify_token: str


class TemplateJson(Shape):
    """A template as the provider lists it; ``sendable``: approved, and made of words alone."""

    id: int
    name: str
    language: str
    category: str
    status: str
    words: str
    variables: list[str]
    sendable: bool


class TemplateList(Shape):
    """Templates by name."""

    templates: list[TemplateJson]


def channel_json(channel: Channel) -> dict[str, Any]:
    """A channel as programs read it."""
    return {name: getattr(channel, name) for name in ChannelJson.model_fields}


def volume_json(volume: Volume) -> dict[str, Any]:
    """What a channel has carried."""
    last = volume.last_message_at
    return {
        "conversations": volume.conversations,
        "people": volume.people,
        "messages_in": volume.messages_in,
        "messages_out": volume.messages_out,
        "last_message_at": last.isoformat() if last else None,
    }


@api_user("supervisor", "admin")
async def show_channels(request: Request) -> HTTPResponse:
    """All channels and what they carried."""
    async with services_of(request).database.reading(may_be_slow=True) as session:
        channels, volumes = await list_channels(session), await volume_by_channel(session)
    rows = [channel_json(each) | volume_json(volumes.get(each.id, Volume())) for each in channels]
    return json({"channels": rows})


@api_user("admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a channel."""
    values, actor = read_body(request, ChannelValues), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        channel = await create_channel(session, values, actor)
    return json(channel_json(channel), status=201)


@api_user("admin")
async def change_one(request: Request, channel_id: int) -> HTTPResponse:
    """Changes a channel; its kind and slug stay."""
    async with services_of(request).database.transaction() as session:
        channel = await channel_by_id(session, channel_id)
        values = read_changes(request, ChannelValues, channel_values(channel))
        await change_channel(session, channel, values, by_agent(current_user(request).id))
    return json(channel_json(channel))


@api_user("admin")
async def connect_one(request: Request, channel_id: int) -> HTTPResponse:
    """Keeps a token, then points the provider's webhook here."""
    services, token = services_of(request), read_body(request, Connection).token
    actor = by_agent(current_user(request).id)
    async with services.database.transaction() as session:
        channel = await channel_by_id(session, channel_id)
        if token:
            await set_token(session, channel, services.vault, token, actor)
    name = await connect_telegram(services, request.app.ctx.telegram, channel)
    return json({"name": name})


@api_user("admin")
async def connect_number(request: Request, channel_id: int) -> HTTPResponse:
    """Keeps a number, then tries it at Meta and reads its templates."""
    services, values = services_of(request), read_body(request, NumberValues)
    actor, graph = by_agent(current_user(request).id), request.app.ctx.whatsapp
    async with services.database.transaction() as session:
        channel = await channel_by_id(session, channel_id)
        await set_number(session, channel, services.vault, values, actor)
    state = await connect_whatsapp(services, graph, channel)
    await refresh_templates(services, graph, channel)
    told = {
        "webhook_url": f"{services.settings.public_url}/channels/{channel.kind}/{channel.slug}",
        "verify_token": read_secrets(channel, services.vault)["verify_token"],
    }
    return json(asdict(state) | told)


@api_user("supervisor", "admin")
async def show_templates(request: Request, channel_id: int) -> HTTPResponse:
    """The templates as they were read last."""
    return json(await _templates_json(request, channel_id))


@api_user("admin")
async def read_templates(request: Request, channel_id: int) -> HTTPResponse:
    """Reads the templates anew."""
    services = services_of(request)
    async with services.database.reading() as session:
        channel = await channel_by_id(session, channel_id)
    await refresh_templates(services, request.app.ctx.whatsapp, channel)
    return json(await _templates_json(request, channel_id))


async def _templates_json(request: Request, channel_id: int) -> dict[str, Any]:
    async with services_of(request).database.reading() as session:
        channel = await channel_by_id(session, channel_id)
        return {
            "templates": [template_json(each) for each in await templates_of(session, channel.id)]
        }


def template_json(template: MessageTemplate) -> dict[str, Any]:
    """A template as programs read it."""
    return {
        "id": template.id,
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "status": template.status,
        "words": words_of(template),
        "variables": variables_of(template),
        "sendable": is_sendable(template),
    }


_ONE = "/channels/<channel_id:int>"

ENDPOINTS = [
    Endpoint("GET", "/channels", show_channels, "Channels.", returns=ChannelList),
    Endpoint(
        "POST",
        "/channels",
        add_one,
        "Add a channel.",
        ChannelValues,
        answers={201: "Added."},
        returns=ChannelJson,
    ),
    Endpoint(
        "PATCH",
        _ONE,
        change_one,
        "Change a channel.",
        changes_of(ChannelValues),
        returns=ChannelJson,
    ),
    Endpoint(
        "POST",
        _ONE + "/connect",
        connect_one,
        "Connect a Telegram channel.",
        Connection,
        returns=Connected,
    ),
    Endpoint(
        "POST",
        _ONE + "/number",
        connect_number,
        "Connect a WhatsApp number.",
        NumberValues,
        returns=NumberConnected,
    ),
    Endpoint(
        "GET",
        _ONE + "/templates",
        show_templates,
        "Message templates of a channel.",
        returns=TemplateList,
    ),
    Endpoint(
        "POST",
        _ONE + "/templates",
        read_templates,
        "Read a channel's message templates anew.",
        returns=TemplateList,
    ),
]
