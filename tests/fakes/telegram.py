"""A Telegram Bot API server of a few lines.

Source: Telegram Bot API 10.0 (``/bot<TOKEN>/<method>``; ok/result, or error_code/description
and parameters; files at ``/file/bot<TOKEN>/<file_path>``).
"""

import asyncio
import itertools
import json
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from tests.fakes.http import Answer, Drop, Heard

BOT_TOKEN = "123456:abc-DEF"
MAX_FILE_BYTES = 20 * 1024 * 1024
TOO_MANY = Answer(
    {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    },
    status=429,
    headers={"Retry-After": "1"},
)
BAD_GATEWAY = Answer(b"<html>502 Bad Gateway</html>", status=502)
NONSENSE = Answer([1, 2, 3])
GONE = "gone"  # the connection drops after the message was taken


_message_ids = itertools.count(100_001)  # one Telegram, however many servers play it


def refusal(description: str, status: int = 400) -> Answer:
    """Telegram's no."""
    return Answer({"ok": False, "error_code": status, "description": description}, status=status)


BLOCKED = refusal("Forbidden: bot was blocked by the user", 403)
NOT_MODIFIED = refusal("Bad Request: message is not modified: specified new message content ...")


@dataclass
class FakeTelegram:
    """``answers``: how the next calls are answered; after them everything is taken.

    ``files``: what can be fetched, by file_id; ``held`` ones wait. ``file_answers``: how the next
    fetches (``getFile``, then the file) are answered; None lets one through. To chats in ``slow``
    everything takes long. ``sent``: what
    brought a message to a chat, in order, with ``method`` and ``files``; ``calls``: the rest.
    """

    answers: list[Answer | str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    file_answers: list[Answer | None] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    slow: set[str] = field(default_factory=set)

    async def __call__(self, heard: Heard) -> Answer:
        """Takes a call."""
        base, _, method = heard.path.partition(f"bot{BOT_TOKEN}/")
        if base == "/file/" and method:
            return await self._file(method.removeprefix("files/"))
        if base != "/" or not method:
            return refusal("Not Found", 404)
        body = _body_of(heard)
        if method == "getFile":
            return await self._look_up(body["file_id"])
        while str(body.get("chat_id")) in self.slow:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0.02)
        answer = self.answers.pop(0) if self.answers and method != "answerCallbackQuery" else None
        if isinstance(answer, Answer):
            return answer
        result: Any = True
        if method == "sendMediaGroup":
            result = [self._message() for _ in body["media"]]
        elif method.startswith("send"):
            result = self._message()
        (self.sent if method.startswith("send") else self.calls).append({"method": method, **body})
        if answer == GONE:
            raise Drop
        return Answer({"ok": True, "result": result})

    @property
    def texts(self) -> list[str]:
        """What was sent, in order."""
        return [words_of(body) for body in self.sent]

    def _message(self) -> dict[str, int]:
        return {"message_id": next(_message_ids)}

    async def _look_up(self, file_id: str) -> Answer:
        if (answer := self._file_answer()) is not None:
            return answer
        data = self.files.get(file_id)
        if data is None:
            return refusal("Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(data) > MAX_FILE_BYTES:
            return refusal("Bad Request: file is too big")
        found = {"file_id": file_id, "file_size": len(data), "file_path": f"files/{file_id}"}
        return Answer({"ok": True, "result": found})

    async def _file(self, file_id: str) -> Answer:
        if (answer := self._file_answer()) is not None:
            return answer
        while file_id in self.held:  # noqa: ASYNC110 - a test decides
            await asyncio.sleep(0.02)
        self.fetched.append(file_id)
        return Answer(self.files[file_id])

    def _file_answer(self) -> Answer | None:
        return self.file_answers.pop(0) if self.file_answers else None


def words_of(body: dict[str, Any]) -> str:
    """The text or caption of what was sent."""
    if "media" in body:
        return str(body["media"][0].get("caption", ""))
    return str(body.get("text", body.get("caption", "")))


def _body_of(heard: Heard) -> dict[str, Any]:
    kind = heard.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return dict(heard.json)
    form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + heard.body)
    body: dict[str, Any] = {"files": {}}
    for part in form.get_payload():
        assert not isinstance(part, str)
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename():
            body["files"][name] = (part.get_filename(), content)
        else:
            text = content.decode()
            body[name] = json.loads(text) if text[:1] in "[{" else text
    return body


def update(text: str, message_id: int, user_id: int = 42, **message: Any) -> dict[str, Any]:
    """A private message as Telegram posts it to a webhook; without words when there is no text."""
    words = {"text": text} if text else {}
    return {
        "update_id": 1000 + message_id,
        "message": {
            "message_id": message_id,
            "from": {"id": user_id, "is_bot": False, "first_name": "Maria", "last_name": "Souza"},
            "chat": {"id": user_id, "first_name": "Maria", "type": "private"},
            "date": 1_790_000_000,
            **words,
            **message,
        },
    }


def edited(update: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same message after its author changed it."""
    message = {**update["message"], "edit_date": 1_790_000_100, **changes}
    return {"update_id": update["update_id"] + 500, "edited_message": message}


def pressed(user_id: int, data: str, number: int) -> dict[str, Any]:
    """A press on a button under one of the bot's messages."""
    sender = {"id": user_id, "is_bot": False, "first_name": "Maria", "last_name": "Souza"}
    chat = {"id": user_id, "first_name": "Maria", "type": "private"}
    message = {"message_id": 900_000, "chat": chat, "date": 1_790_000_000}
    query = {"id": f"q{user_id}-{number}", "from": sender, "message": message, "data": data}
    return {"update_id": 90_000 + number, "callback_query": query}


def photo(file_id: str) -> dict[str, Any]:
    """The sizes of a photo; the largest bears the id."""
    sizes = [(90, 60, f"{file_id}-s"), (1280, 853, file_id), (320, 213, f"{file_id}-m")]
    return {
        "photo": [
            {"file_id": name, "file_unique_id": name, "width": width, "height": height}
            for width, height, name in sizes
        ]
    }


def document(file_id: str, name: str, size: int = 100) -> dict[str, Any]:
    """A file as it is."""
    return {
        "document": {
            "file_id": file_id,
            "file_unique_id": file_id,
            "file_name": name,
            "file_size": size,
        }
    }
