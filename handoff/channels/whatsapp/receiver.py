"""Webhooks of the WhatsApp Cloud API."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sanic import Request

from desk.contacts.directory import Alias
from desk.conversations.delivery_reports import Report
from desk.conversations.receive import Inbound
from handoff.channels.webhooks import Arrival, Echo, Item, Told, Unread, as_object
from handoff.channels.whatsapp.buttons import pressed_of
from handoff.channels.whatsapp.content import button_of, files_of, is_silent, words_of
from handoff.channels.whatsapp.numbers import forms_of
from handoff.channels.whatsapp.pieces import piece_of
from handoff.channels.whatsapp.refusals import reason_of

SIGNATURE_HEADER = "x-hub-signature-256"
_LAST = 1 << 62
_SAID = ("sent", "delivered", "read", "failed")


class WhatsAppReceiver:
    """Takes messages of every kind, chosen buttons, what became of ours, answers by hand."""

    grace_seconds: float = 0.4

    def is_authentic(self, request: Request, secrets: Mapping[str, str]) -> bool:
        """Meta signs the bytes of a body with the secret of the app."""
        secret = secrets.get("app_secret", "")
        expected = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
        sent = request.headers.get(SIGNATURE_HEADER, "")
        return bool(secret) and hmac.compare_digest(sent.encode(), f"sha256={expected}".encode())

    def challenge(self, request: Request, secrets: Mapping[str, str]) -> str | None:
        """Meta asks with the word that was pasted there, and wants its challenge back."""
        word, sent = secrets.get("verify_token", ""), str(request.args.get("hub.verify_token", ""))
        known = bool(word) and hmac.compare_digest(sent.encode(), word.encode())
        if not known or request.args.get("hub.mode") != "subscribe":
            return None
        return str(request.args.get("hub.challenge", ""))

    def parse(self, body: bytes) -> Sequence[Item]:
        """Every message and status of every change of every entry, messages in their order."""
        items: list[Item] = []
        for entry in as_object(body).get("entry") or []:
            for change in entry.get("changes") or []:
                for name, read in _READERS.get(change.get("field"), ()):
                    items += _each(change["value"], name, read)
        # What was told of ours comes after what was said, in the order in which it stands.
        return sorted(items, key=lambda each: each.sent_at if isinstance(each, Arrival) else _LAST)


def _each(value: dict[str, Any], name: str, read: "_Reader") -> list[Item]:
    """What is readable of a list, each for itself: one odd message takes no other with it."""
    number_id = str(value["metadata"]["phone_number_id"])
    items: list[Item] = []
    for one in value.get(name) or []:
        try:
            item = read(one, value, number_id)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            item = Unread(f"{type(error).__name__}: {error}", number_id)
        if item is not None:
            items.append(item)
    return items


def _names_of(value: dict[str, Any]) -> dict[str, str]:
    names: dict[str, str] = {}
    for contact in value.get("contacts") or []:
        name = str((contact.get("profile") or {}).get("name") or "")
        names |= {str(contact[key]): name for key in ("wa_id", "user_id") if contact.get(key)}
    return names


def _arrival(message: dict[str, Any], value: dict[str, Any], number_id: str) -> Arrival | None:
    if is_silent(message):
        return None
    names = _names_of(value)
    number = str(message.get("from") or "")
    user_id = str(message.get("from_user_id") or message.get("user_id") or "")
    if not (number or user_id) and len(value.get("contacts") or []) == 1:
        (only,) = value["contacts"]
        number, user_id = str(only.get("wa_id") or ""), str(only.get("user_id") or "")
    quoted = (message.get("context") or {}).get("id")
    inbound = Inbound(
        text=words_of(message),
        provider_id=str(message["id"]),
        reply_to_provider_id=str(quoted) if quoted else None,
        remote_files=files_of(message),
    )
    return Arrival(
        _alias(number, user_id),
        number or user_id,
        names.get(number) or names.get(user_id) or "",
        inbound,
        pressed=pressed_of(button_of(message)),
        number_id=number_id,
        sent_at=int(message.get("timestamp") or 0),
    )


def _alias(number: str, user_id: str) -> Alias:
    """Who wrote: by number where WhatsApp tells it, else by the id that it gave them for us."""
    by_id = Alias("whatsapp_user", user_id)
    if not number:
        if not user_id:
            raise ValueError("a message from nobody")
        return by_id
    return Alias("whatsapp", number, forms_of(number)[1:], (by_id,) if user_id else ())


def _echo(echo: dict[str, Any], value: dict[str, Any], number_id: str) -> Echo | None:
    del value
    if is_silent(echo) or echo["type"] == "revoke":
        return None
    number, user_id = str(echo.get("to") or ""), str(echo.get("to_user_id") or "")
    words = words_of(echo) or "[arquivo enviado pelo celular]"
    return Echo(_alias(number, user_id), number or user_id, str(echo["id"]), words, number_id)


def _told(status: dict[str, Any], value: dict[str, Any], number_id: str) -> Told | None:
    del value
    return Told(_report(status), number_id) if status["status"] in _SAID else None


def _report(status: dict[str, Any]) -> Report:
    errors = status.get("errors") or [{}]
    chat = str(status.get("recipient_id") or status.get("recipient_user_id") or "")
    named = piece_of(str(status.get("biz_opaque_callback_data") or ""), str(status["id"]))
    return Report(
        state=str(status["status"]),
        chats=forms_of(chat),
        part=named.part,
        reason=reason_of(errors[0]) if status["status"] == "failed" else "",
        message_id=named.message_id,
        several=named.several,
    )


_Reader = Callable[[dict[str, Any], dict[str, Any], str], Item | None]
_READERS: dict[str, tuple[tuple[str, _Reader], ...]] = {
    "messages": (("messages", _arrival), ("statuses", _told)),
    "smb_message_echoes": (("message_echoes", _echo),),
}
