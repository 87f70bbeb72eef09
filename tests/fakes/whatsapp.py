"""A WhatsApp Cloud API server of a few lines.

Source: WhatsApp Cloud API (``POST /<ver>/<PHONE_NUMBER_ID>/messages``, ``/media``; ``GET
/<MEDIA_ID>``, ``/<PHONE_NUMBER_ID>``, ``/<WABA_ID>/message_templates``; errors as ``error``).
"""

import asyncio
import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from tests.fakes.http import Answer, Drop, Heard

VERSION = "/v23.0"
NUMBER_ID, BUSINESS_ID = "106540352242922", "102290129340398"
ACCESS_TOKEN = "EAAG-token-of-the-tests"
APP_SECRET, VERIFY_TOKEN = "app-secret-of-the-tests", "verify-word-of-the-tests"
SECRETS = {"token": ACCESS_TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
BAD_GATEWAY = Answer(b"<html>502 Bad Gateway</html>", status=502)
NONSENSE = Answer([1, 2, 3])
GONE = "gone"  # the connection drops after the message was taken

_numbers = itertools.count(1)


def refusal(code: int, message: str, status: int = 400, **headers: str) -> Answer:
    """The API's no."""
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer({"error": {**error, "fbtrace_id": "Az8"}}, status=status, headers=named)


TOO_MANY = refusal(130429, "Rate limit hit", 429, Retry_After="1")
PAIR_LIMIT = refusal(131056, "Pair rate limit hit")
NOT_ON_WHATSAPP = refusal(131026, "Message undeliverable")
EXPIRED = refusal(190, "Error validating access token", 401)


@dataclass
class FakeWhatsApp:
    """``answers``: how the next messages and uploads are answered; then everything is taken.

    ``sent``: the messages, in order; ``uploads``: name, type and bytes by id. ``files``: what can
    be fetched, by media id; ``file_host``: where they are said to be; ``file_answers``: how the
    next looks are answered, None lets one through. ``templates``: pages of them.
    """

    answers: list[Answer | str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    uploads: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    file_answers: list[Answer | None] = field(default_factory=list)
    file_host: str = ""
    templates: list[list[dict[str, Any]]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    async def __call__(self, heard: Heard) -> Answer:
        """Takes a call."""
        if heard.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
            return EXPIRED
        if heard.path.startswith("/files/"):
            return await self._file(heard.path.removeprefix("/files/"))
        if not heard.path.startswith(VERSION + "/"):
            return refusal(2500, "Unknown path components", 404)
        node = heard.path.removeprefix(VERSION + "/")
        if (heard.method, node) == ("POST", f"{NUMBER_ID}/messages"):
            return self._take(heard.json)
        if (heard.method, node) == ("POST", f"{NUMBER_ID}/media"):
            return self._upload(heard)
        self.read.append(node)
        if self.file_answers and (answer := self.file_answers.pop(0)) is not None:
            return answer
        if (heard.method, node) == ("POST", f"{BUSINESS_ID}/subscribed_apps"):
            return Answer({"success": True})
        if node == NUMBER_ID:
            known = {"display_phone_number": "+55 11 4000-0000", "verified_name": "Acme Sistemas"}
            return Answer({**known, "quality_rating": "GREEN", "id": NUMBER_ID})
        if node == f"{BUSINESS_ID}/message_templates":
            return self._templates(heard.query)
        return self._look_up(node, heard.headers["host"])

    @property
    def texts(self) -> list[str]:
        """What was sent, in order."""
        return [words_of(body) for body in self.sent]

    def _take(self, body: dict[str, Any]) -> Answer:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Answer):
            return answer
        wamid = f"wamid.OUT{next(_numbers)}=="
        self.sent.append({**body, "wamid": wamid})
        if answer == GONE:
            raise Drop
        chat = body.get("to") or body.get("recipient")
        contacts = [{"input": chat, "wa_id": chat}]
        return Answer(
            {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": wamid}]}
        )

    def _upload(self, heard: Heard) -> Answer:
        if self.answers and isinstance(self.answers[0], Answer):
            answer = self.answers.pop(0)
            assert isinstance(answer, Answer)
            return answer
        form = _form_of(heard)
        assert form["messaging_product"] == "whatsapp"
        media_id = f"up{next(_numbers)}"
        name, data = form["file"]
        self.uploads[media_id] = (name, form["type"], data)
        return Answer({"id": media_id})

    def _look_up(self, media_id: str, host: str) -> Answer:
        data = self.files.get(media_id)
        if data is None:
            return refusal(100, "Object does not exist", 400)
        url = f"{self.file_host or f'http://{host}'}/files/{media_id}"
        found = {"messaging_product": "whatsapp", "url": url, "file_size": len(data)}
        return Answer({**found, "mime_type": "image/jpeg", "id": media_id})

    async def _file(self, media_id: str) -> Answer:
        await asyncio.sleep(0)
        return Answer(self.files[media_id], headers={"Content-Type": "application/octet-stream"})

    def _templates(self, query: dict[str, str]) -> Answer:
        at = int(query.get("after", "0"))
        page = self.templates[at] if at < len(self.templates) else []
        more = {"next": "https://example.invalid/next"} if at + 1 < len(self.templates) else {}
        cursors = {"before": str(at), "after": str(at + 1)}
        return Answer({"data": page, "paging": {"cursors": cursors, **more}})


def words_of(body: dict[str, Any]) -> str:
    """The words of what was sent."""
    content = body[body["type"]]
    if body["type"] == "text":
        return str(content["body"])
    if body["type"] == "interactive":
        return str(content["body"]["text"])
    return str(content.get("caption", ""))


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    """The header with which Meta posts a body."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


def webhook(
    *values: dict[str, Any], number_id: str = NUMBER_ID, field: str = "messages"
) -> dict[str, Any]:
    """A webhook with one change for each value, each in an entry of its own."""
    metadata = {"display_phone_number": "551140000000", "phone_number_id": number_id}
    changes = [
        {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        for value in values
    ]
    entries = [{"id": BUSINESS_ID, "changes": [change]} for change in changes]
    return {"object": "whatsapp_business_account", "entry": entries}


def said(number: str, message: dict[str, Any], name: str = "Maria Souza") -> dict[str, Any]:
    """A change's value with one message."""
    return {
        "contacts": [{"profile": {"name": name}, "wa_id": number}],
        "messages": [{"from": number, **message}],
    }


def message(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    """A message; ``number`` counts a person's, and the seconds that go by."""
    words = {"type": "text", "text": {"body": text}} if text else {}
    return {"timestamp": str(1_790_000_000 + number), **words, **more}


def status(wamid: str, state: str, chat: str, **more: Any) -> dict[str, Any]:
    """A change's value with what became of a message."""
    told = {"id": wamid, "status": state, "timestamp": "1790000100", "recipient_id": chat}
    return {"statuses": [{**told, **more}]}


def template(
    name: str = "aviso_geral",
    body: str = "Olá {{1}}, seu chamado {{2}} foi atualizado.",
    language: str = "pt_BR",
    status: str = "APPROVED",
    **components: Any,
) -> dict[str, Any]:
    """A template as the API lists it."""
    listed: list[dict[str, Any]] = [{"type": "BODY", "text": body}]
    if header := components.get("header"):
        listed.insert(0, {"type": "HEADER", "format": "TEXT", "text": header})
    if footer := components.get("footer"):
        listed.append({"type": "FOOTER", "text": footer})
    return {
        "name": name,
        "language": language,
        "status": status,
        "category": "UTILITY",
        "components": listed,
        "id": name,
    }


def _form_of(heard: Heard) -> dict[str, Any]:
    kind = heard.headers["content-type"]
    form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + heard.body)
    found: dict[str, Any] = {}
    for part in form.get_payload():
        assert not isinstance(part, str)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        name = str(part.get_param("name", header="content-disposition"))
        found[name] = (part.get_filename(), content) if part.get_filename() else content.decode()
    return found


def dumped(body: object) -> bytes:
    """A body as it is posted."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()
