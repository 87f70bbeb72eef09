"""Canais: web chat pages, Telegram bots and WhatsApp numbers."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.numbers import KIND
from desk.channels.settings import (
    KINDS,
    ChannelValues,
    change_channel,
    channel_by_id,
    channel_values,
    create_channel,
    list_channels,
    read_secrets,
    set_logo,
    set_token,
)
from desk.channels.tables import Channel
from desk.channels.templates import is_sendable, templates_of, words_of
from desk.conversations.volume import Volume, volume_by_channel
from desk.errors import Invalid
from handoff.console import wording
from handoff.console.settings.forms import Form, act, actor_of, field_of, form_of, save, show
from handoff.console.settings.logos import keep_logo, logo_url, read_logo
from handoff.console.settings.sections import ROOT
from handoff.i18n import N_, _
from handoff.problems import in_words
from handoff.security import signed_in
from handoff.services import Services, services_of
from handoff.telegram_webhook import connect_telegram
from handoff.whatsapp_number import number_state

LIST = f"{ROOT}/channels"
AGENTS = {
    "bot": (N_("A assistente virtual"), N_("Responde, abre chamados e passa para uma pessoa.")),
    "human": (N_("Só pessoas"), N_("Toda conversa vai direto para a fila.")),
}
QUALITIES = {"GREEN": N_("boa"), "YELLOW": N_("média"), "RED": N_("baixa")}
TEMPLATE_STATUSES = {
    "APPROVED": N_("aprovado"),
    "PENDING": N_("em análise"),
    "REJECTED": N_("recusado"),
    "PAUSED": N_("pausado"),
    "DISABLED": N_("desativado"),
}
_STATE_SECONDS = 4.0

blueprint = Blueprint("settings_channels", url_prefix="/channels")


@blueprint.get("/")
@signed_in("admin")
async def show_channels(request: Request) -> HTTPResponse:
    """All channels, their state and what they carried."""
    services = services_of(request)
    async with services.database.reading(may_be_slow=True) as session:
        channels = await list_channels(session)
        volumes = await volume_by_channel(session)
    rows = [_row(services, each, volumes.get(each.id, Volume())) for each in channels]
    return show(request, "channels.html", channels=rows)


@blueprint.get("/new")
@signed_in("admin")
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new channel."""
    kind = request.args.get("kind", "")
    values = {"kind": kind if kind in KINDS else KINDS[0], "agent_kind": "bot", "enabled": True}
    return await channel_page(request, Form(values))


@blueprint.post("/new")
@signed_in("admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a channel and leads to its connection."""
    made: list[Channel] = []

    async def work(session: AsyncSession, values: ChannelValues) -> None:
        made.append(await create_channel(session, values, actor_of(request)))

    answer = await save(
        request, ChannelValues, work, done=LIST, again=lambda form: channel_page(request, form)
    )
    if not made or answer.status == 400:
        return answer
    return redirect(f"{LIST}/{made[0].id}?ok=created", status=303)


@blueprint.get("/<channel_id:int>")
@signed_in("admin")
async def show_channel(request: Request, channel_id: int) -> HTTPResponse:
    """One channel."""
    return await channel_page(request, await stored_form(request, channel_id), channel_id)


@blueprint.post("/<channel_id:int>")
@signed_in("admin")
async def change(request: Request, channel_id: int) -> HTTPResponse:
    """Changes a channel."""

    async def work(session: AsyncSession, values: ChannelValues) -> None:
        channel = await channel_by_id(session, channel_id)
        await change_channel(session, channel, values, actor_of(request))

    return await save(
        request,
        ChannelValues,
        work,
        done=f"{LIST}/{channel_id}?ok=saved",
        again=lambda form: channel_page(request, form, channel_id),
    )


@blueprint.post("/<channel_id:int>/connect")
@signed_in("admin")
async def connect(request: Request, channel_id: int) -> HTTPResponse:
    """Keeps the token, then points the bot's webhook here; the token stays if that fails."""
    services, token = services_of(request), field_of(request, "token", 300).strip()
    try:
        async with services.database.transaction() as session:
            channel = await channel_by_id(session, channel_id)
            if token:
                await set_token(session, channel, services.vault, token, actor_of(request))
        await connect_telegram(services, request.app.ctx.telegram, channel)
    except Invalid as refusal:
        stored = await stored_form(request, channel_id)
        wrong = Form({}, {refusal.field: in_words(refusal)})
        return await channel_page(request, stored, channel_id, token_form=wrong)
    return redirect(f"{LIST}/{channel_id}?ok=connected", status=303)


@blueprint.post("/<channel_id:int>/logo", stream=True, ctx_csrf_in_body=True)
@signed_in("admin")
async def send_logo(request: Request, channel_id: int) -> HTTPResponse:
    """Sets the picture that customers see."""
    try:
        stored = await read_logo(request)
    except Invalid as refusal:
        wrong = Form({}, {"logo": in_words(refusal)})
        return await channel_page(
            request, await stored_form(request, channel_id), channel_id, logo_form=wrong
        )

    async def work(session: AsyncSession) -> None:
        channel = await channel_by_id(session, channel_id)
        await set_logo(session, channel, await keep_logo(session, stored), actor_of(request))

    return await _act(request, channel_id, work)


@blueprint.post("/<channel_id:int>/logo/delete")
@signed_in("admin")
async def delete_logo(request: Request, channel_id: int) -> HTTPResponse:
    """Takes the picture away."""

    async def work(session: AsyncSession) -> None:
        await set_logo(session, await channel_by_id(session, channel_id), None, actor_of(request))

    return await _act(request, channel_id, work)


async def _act(request: Request, channel_id: int, work: Any) -> HTTPResponse:
    async def again(form: Form) -> HTTPResponse:
        stored = await stored_form(request, channel_id)
        return await channel_page(request, Form(stored.values, form.errors), channel_id)

    return await act(request, work, done=f"{LIST}/{channel_id}?ok=saved", again=again)


async def stored_form(request: Request, channel_id: int) -> Form:
    """The form of a channel as it stands."""
    async with services_of(request).database.reading() as session:
        return form_of(channel_values(await channel_by_id(session, channel_id)))


async def channel_page(
    request: Request,
    form: Form,
    channel_id: int | None = None,
    *,
    token_form: Form | None = None,
    logo_form: Form | None = None,
) -> HTTPResponse:
    """The page of a channel, or of one that is being made."""
    services = services_of(request)
    channel, volume, picture = None, Volume(), ""
    if channel_id is not None:
        async with services.database.reading(may_be_slow=True) as session:
            channel = await channel_by_id(session, channel_id)
            volume = (await volume_by_channel(session)).get(channel_id, Volume())
            picture = await logo_url(session, services, channel.logo_media_id)
    kind = channel.kind if channel else str(form["kind"])
    worst = max((each.status for each in (form, token_form, logo_form) if each), default=200)
    address = _address(services, channel) if channel else ""
    return show(
        request,
        "channel.html",
        status=worst,
        form=form,
        token_form=token_form or Form(),
        logo_form=logo_form or Form(),
        channel=channel,
        kind=kind,
        kind_label=_label(kind),
        title=(channel.name or channel.brand) if channel else _("Novo canal"),
        figures=_figures(request, volume),
        agents=[(key, _(words), _(about)) for key, (words, about) in AGENTS.items()],
        address=address,
        snippet=f'<a href="{address}" target="_blank" rel="noopener">{_("Fale conosco")}</a>',
        logo_url=picture,
        has_token=bool(channel and read_secrets(channel, services.vault).get("token")),
        whatsapp=await _whatsapp(request, channel) if channel and kind == KIND else None,
        path=f"{LIST}/{channel_id if channel_id is not None else 'new'}",
    )


async def _whatsapp(request: Request, channel: Channel) -> dict[str, Any]:
    """What Meta tells of the number now, its templates, and what must be pasted at Meta."""
    services = services_of(request)
    secrets = read_secrets(channel, services.vault)
    about: dict[str, Any] = {
        "stored": Form({"number_id": channel.number_id, "business_id": channel.business_id}),
        "verify_token": secrets.get("verify_token", ""),
        "state": None,
        "trouble": "",
    }
    async with services.database.reading() as session:
        about["templates"] = [
            {
                "name": each.name,
                "language": each.language,
                "status": _(TEMPLATE_STATUSES.get(each.status, each.status)),
                "words": words_of(each),
                "sendable": is_sendable(each),
            }
            for each in await templates_of(session, channel.id)
        ]
    if secrets.get("token"):
        try:
            async with asyncio.timeout(_STATE_SECONDS):
                state = await number_state(services, request.app.ctx.whatsapp, channel)
            quality = _(QUALITIES[state.quality]) if state.quality in QUALITIES else ""
            about["state"] = {"phone": state.phone, "name": state.name, "quality": quality}
        except Invalid as refusal:
            about["trouble"] = in_words(refusal)
        except TimeoutError:
            about["trouble"] = _("O WhatsApp não respondeu agora.")
    return about


def _row(services: Services, channel: Channel, volume: Volume) -> dict[str, Any]:
    state, mark = _("Ligado"), "mark--ok"
    if not channel.enabled:
        state, mark = _("Desligado"), ""
    elif channel.kind in ("telegram", KIND) and not read_secrets(channel, services.vault).get(
        "token"
    ):
        state, mark = _("Falta conectar"), "mark--bad"
    parts = [
        f"{volume.messages_in} {_('recebidas')}",
        f"{volume.messages_out} {_('enviadas')}",
    ]
    if volume.last_message_at:
        when = wording.short_time(volume.last_message_at, datetime.now(UTC), services.settings.zone)
        parts.append(f"{_('última')} {when}")
    return {
        "id": channel.id,
        "name": channel.name or channel.brand,
        "kind": _label(channel.kind),
        "line": " · ".join(parts),
        "human": channel.agent_kind == "human",
        "enabled": channel.enabled,
        "state": state,
        "mark": mark,
    }


def _figures(request: Request, volume: Volume) -> list[tuple[str, object]]:
    last = _("Nenhuma")
    if volume.last_message_at:
        zone = services_of(request).settings.zone
        last = wording.short_time(volume.last_message_at, datetime.now(UTC), zone)
    return [
        (_("Recebidas"), volume.messages_in),
        (_("Enviadas"), volume.messages_out),
        (_("Conversas"), volume.conversations),
        (_("Pessoas"), volume.people),
        (_("Última mensagem"), last),
    ]


def _address(services: Services, channel: Channel) -> str:
    base = services.settings.public_url
    if channel.kind == "webchat":
        return f"{base}/webchat/{channel.slug}"
    return f"{base}/channels/{channel.kind}/{channel.slug}"


def _label(kind: str) -> str:
    return _(wording.CHANNEL_LABELS.get(kind, kind))
