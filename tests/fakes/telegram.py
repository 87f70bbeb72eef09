"""A Telegram Bot API server of a few lines.

Source: Telegram Bot API 10.0 (``/bot<TOKEN>/<method>``; ok/result, or error_code/description
and parameters).
"""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http import Answer, Drop, Heard

BOT_TOKEN = "123456:abc-DEF"
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
BLOCKED = Answer(
    {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"},
    status=403,
)
BAD_GATEWAY = Answer(b"<html>502 Bad Gateway</html>", status=502)
NONSENSE = Answer([1, 2, 3])
GONE = "gone"  # the connection drops after the message was taken


@dataclass
class FakeTelegram:
    """``answers``: how the next calls are answered; after them every message is taken."""

    answers: list[Answer | str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, heard: Heard) -> Answer:
        """Takes ``sendMessage``."""
        if heard.path != f"/bot{BOT_TOKEN}/sendMessage":
            return Answer({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Answer):
            return answer
        self.sent.append(heard.json)
        if answer == GONE:
            raise Drop
        return Answer({"ok": True, "result": {"message_id": 100 + len(self.sent)}})

    @property
    def texts(self) -> list[str]:
        """What was sent, in order."""
        return [body["text"] for body in self.sent]


def update(text: str, message_id: int, user_id: int = 42, **message: Any) -> dict[str, Any]:
    """A private text message as Telegram posts it to a webhook."""
    return {
        "update_id": 1000 + message_id,
        "message": {
            "message_id": message_id,
            "from": {"id": user_id, "is_bot": False, "first_name": "Maria", "last_name": "Souza"},
            "chat": {"id": user_id, "first_name": "Maria", "type": "private"},
            "date": 1_790_000_000,
            "text": text,
            **message,
        },
    }
