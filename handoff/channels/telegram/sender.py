"""Sends through the Telegram Bot API."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from desk.channels.tables import Channel
from desk.conversations.delivery import Delivery, OutgoingFile
from desk.conversations.parts import Part
from desk.conversations.provider_edits import EditDelivery
from desk.media.store import path_of
from handoff.channels.splitting import split_text, units
from handoff.channels.telegram.bot_api import BotApi, Refused, Upload
from handoff.channels.telegram.plan import MAX_CAPTION_UNITS, Step, kind_of, steps_of
from handoff.channels.telegram.receiver import button_data
from handoff.channels.telegram.wording import marked
from handoff.outbox import KeepPart, Undeliverable

_NOT_MODIFIED = "message is not modified"


class TelegramSender:
    """One for all Telegram channels."""

    def __init__(self, api: BotApi, media_dir: Path) -> None:
        self._api = api
        self._media_dir = media_dir

    async def send(self, channel: Channel, delivery: Delivery, keep: KeepPart) -> str | None:
        """Text in parts, files alone or as albums; gives the id of the first piece."""
        steps = steps_of(delivery.text, delivery.files)
        sent = {part.position: part.provider_id for part in delivery.parts}
        pieces = sum(step.count for step in steps)
        for step in steps:
            if step.position in sent:
                continue
            ids = await self._step(channel, delivery, step, last=step is steps[-1])
            for offset, provider_id in enumerate(ids):
                sent[step.position + offset] = provider_id
                if pieces > 1:
                    part = Part(step.position + offset, step.kind(offset), provider_id)
                    await keep(part)
        return sent.get(0)

    async def edit(self, channel: Channel, edit: EditDelivery, keep: KeepPart) -> None:
        """New words in the place of the old ones."""
        chat = {"chat_id": edit.external_chat}
        texts = [part for part in edit.parts if part.kind == "text"]
        if not texts:
            await self._edit_caption(channel, edit)
            return
        fresh = split_text(edit.text)
        for part, text in zip(texts, fresh, strict=False):
            body = {**chat, "message_id": int(part.provider_id), **marked(text)}
            await self._change(channel, "editMessageText", body)
        for part in texts[len(fresh) :]:
            body = {**chat, "message_id": int(part.provider_id)}
            await self._change(channel, "deleteMessage", body)
        position = max(part.position for part in edit.parts) + 1
        for offset, text in enumerate(fresh[len(texts) :]):
            result = await self._api.call(channel, "sendMessage", {**chat, **marked(text)})
            await keep(Part(position + offset, "text", str(result["message_id"])))

    async def _edit_caption(self, channel: Channel, edit: EditDelivery) -> None:
        if not edit.parts:
            raise Undeliverable("a mensagem não está no Telegram")
        if units(edit.text) > MAX_CAPTION_UNITS:
            raise Undeliverable(f"a legenda de um arquivo vai até {MAX_CAPTION_UNITS} caracteres")
        bearers = [part for part in edit.parts if part.kind == "caption"] or edit.parts
        body = {
            "chat_id": edit.external_chat,
            "message_id": int(bearers[0].provider_id),
            **marked(edit.text, "caption"),
        }
        await self._change(channel, "editMessageCaption", body)

    async def _change(self, channel: Channel, method: str, body: dict[str, Any]) -> None:
        try:
            await self._api.call(channel, method, body)
        except Refused as refusal:
            harmless = method == "deleteMessage" or _NOT_MODIFIED in refusal.description
            if not harmless:
                raise

    async def _step(
        self, channel: Channel, delivery: Delivery, step: Step, *, last: bool
    ) -> list[str]:
        body: dict[str, Any] = {"chat_id": delivery.external_chat}
        if delivery.quoted and delivery.quoted.isdigit() and step.position == 0:
            body["reply_parameters"] = {
                "message_id": int(delivery.quoted),
                "allow_sending_without_reply": True,
            }
        if last and delivery.buttons and step.count == 1:
            body["reply_markup"] = _keyboard(delivery)
        if not step.files:
            result = await self._api.call(channel, "sendMessage", {**body, **marked(step.text)})
            return [str(result["message_id"])]
        if step.count == 1:
            return [await self._send_file(channel, body, step)]
        return await self._send_album(channel, body, step)

    async def _send_file(self, channel: Channel, body: dict[str, Any], step: Step) -> str:
        file = step.files[0]
        if step.text:
            body = {**body, **marked(step.text, "caption")}
        upload = await self._upload(file)
        kind = kind_of(file)
        try:
            result = await self._call_with_file(channel, kind, body, upload)
        except Refused as refusal:
            if kind == "document" or not _is_about_the_file(refusal):
                raise
            # Too long and thin for a photo, a codec that is no voice: as it is, then.
            result = await self._call_with_file(channel, "document", body, upload)
        return str(result["message_id"])

    async def _call_with_file(
        self, channel: Channel, kind: str, body: dict[str, Any], upload: Upload
    ) -> Any:
        return await self._api.call(channel, f"send{kind.capitalize()}", body, {kind: upload})

    async def _send_album(self, channel: Channel, body: dict[str, Any], step: Step) -> list[str]:
        uploads = {
            f"file{number}": await self._upload(file) for number, file in enumerate(step.files)
        }
        media: list[dict[str, Any]] = [
            {"type": kind_of(file), "media": f"attach://{name}"}
            for name, file in zip(uploads, step.files, strict=True)
        ]
        if step.text:
            media[0].update(marked(step.text, "caption"))
        result = await self._api.call(channel, "sendMediaGroup", {**body, "media": media}, uploads)
        return [str(each["message_id"]) for each in result]

    async def _upload(self, file: OutgoingFile) -> Upload:
        path = path_of(self._media_dir, file.sha256)
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            raise Undeliverable("o arquivo não está mais guardado aqui") from None
        return file.name, data, file.mime


def _keyboard(delivery: Delivery) -> dict[str, Any]:
    """One button a row; the text names them, too, where the bot numbers its menus."""
    rows: Sequence[list[dict[str, str]]] = [
        [{"text": button["title"], "callback_data": button_data(delivery.message_id, index)}]
        for index, button in enumerate(delivery.buttons)
    ]
    return {"inline_keyboard": rows}


def _is_about_the_file(refusal: Refused) -> bool:
    marks = ("photo_", "image_", "wrong file", "wrong type", "voice_", "video_", "failed to get")
    return any(mark in refusal.description for mark in marks)
