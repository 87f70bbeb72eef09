"""Sends through the WhatsApp Cloud API."""

import asyncio
from pathlib import Path
from typing import Any

from desk.channels.tables import Channel
from desk.conversations.delivery import Delivery, OutgoingFile
from desk.conversations.parts import Part
from desk.conversations.provider_edits import EditDelivery
from desk.media.store import path_of
from handoff.channels.whatsapp.graph_api import GraphApi, Refused
from handoff.channels.whatsapp.pieces import name_of
from handoff.channels.whatsapp.plan import content_of, pieces_of, type_of
from handoff.outbox import KeepPart, TryLater, Undeliverable

_ABOUT_A_VALUE = (100, 131009)


class WhatsAppSender:
    """One for all WhatsApp channels."""

    def __init__(self, api: GraphApi, media_dir: Path) -> None:
        self._api = api
        self._media_dir = media_dir

    async def send(self, channel: Channel, delivery: Delivery, keep: KeepPart) -> str | None:
        """Text in parts, each file a message; gives the id of the first piece."""
        if delivery.template:
            content = {"type": "template", "template": delivery.template}
            return await self._post(
                channel, delivery, content, name_of(delivery.message_id, 0, 1, "text")
            )
        pieces = pieces_of(delivery.text, delivery.files, delivery.buttons)
        sent = {part.position: part.provider_id for part in delivery.parts}
        for position, piece in enumerate(pieces):
            if position in sent:
                continue
            media_id = await self._upload(channel, piece.file) if piece.file else ""
            content = content_of(piece, delivery.message_id, media_id)
            if delivery.quoted and position == 0:
                content["context"] = {"message_id": delivery.quoted}
            name = name_of(delivery.message_id, position, len(pieces), piece.kind)
            sent[position] = await self._post(channel, delivery, content, name)
            if len(pieces) > 1:
                await keep(Part(position, piece.kind, sent[position]))
        return sent.get(0)

    async def edit(self, channel: Channel, edit: EditDelivery, keep: KeepPart) -> None:
        """The Cloud API has no way to change what was sent."""
        del channel, edit, keep
        raise Undeliverable("o WhatsApp não deixa editar o que já foi enviado")

    async def _post(
        self, channel: Channel, delivery: Delivery, content: dict[str, Any], name: str
    ) -> str:
        chat = delivery.external_chat
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            # Who hides their number is reached by the id that WhatsApp gave them for us.
            "to" if chat.isdigit() else "recipient": chat,
            **content,
            "biz_opaque_callback_data": name,
        }
        path = f"{channel.number_id}/messages"
        try:
            answer = await self._api.post(channel, path, body)
        except Refused as refusal:
            if "context" not in body or refusal.code not in _ABOUT_A_VALUE:
                raise
            # What it quotes may be too old: the words matter more.
            del body["context"]
            answer = await self._api.post(channel, path, body)
        try:
            return str(answer["messages"][0]["id"])
        except (KeyError, IndexError, TypeError):
            raise TryLater("o WhatsApp respondeu algo que não se entende", uncertain=True) from None

    async def _upload(self, channel: Channel, file: OutgoingFile) -> str:
        mime = type_of(file)
        try:
            data = await asyncio.to_thread(path_of(self._media_dir, file.sha256).read_bytes)
        except FileNotFoundError:
            raise Undeliverable("o arquivo não está mais guardado aqui") from None
        return await self._api.upload(channel, (file.name, data, mime))
