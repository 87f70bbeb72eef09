"""Other software that receives webhooks; it checks signatures as the standard tells it to.

Source: https://www.standardwebhooks.com, specification 1.0, "Verifying webhook authenticity".
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http import Answer, Drop, Heard

TOLERANCE_SECONDS = 300


class NotGenuine(Exception):
    """A receiver must not believe this delivery."""


def verify(heard: Heard, secret: str) -> dict[str, Any]:
    """The payload of a genuine delivery.

    Raises:
        NotGenuine: it is old, or nobody who knows the secret signed it.
    """
    identity, stamp = heard.headers["webhook-id"], heard.headers["webhook-timestamp"]
    if abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        raise NotGenuine("old")
    key = base64.b64decode(secret.split("_", 1)[1], validate=True)
    signed = b".".join([identity.encode(), stamp.encode(), heard.body])
    expected = hmac.digest(key, signed, hashlib.sha256)
    for each in heard.headers["webhook-signature"].split(" "):
        version, _, signature = each.partition(",")
        try:
            given = base64.b64decode(signature, validate=True)
        except binascii.Error:
            continue
        if version == "v1" and hmac.compare_digest(given, expected):
            payload: dict[str, Any] = heard.json
            return payload
    raise NotGenuine("no signature fits")


@dataclass
class FakeReceiver:
    """Answers what it is told to, in order, then 204. ``most_at_once``: requests side by side."""

    answers: list[Answer | type[Drop] | asyncio.Event] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0
    pause_seconds: float = 0.0

    async def __call__(self, heard: Heard) -> Answer:
        self.heard.append(heard)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(self.pause_seconds)
            answer = self.answers.pop(0) if self.answers else Answer(b"", 204)
            if isinstance(answer, asyncio.Event):
                await answer.wait()
                answer = Answer(b"", 204)
            if not isinstance(answer, Answer):
                raise answer
            return answer
        finally:
            self._at_once -= 1

    @property
    def ids(self) -> list[str]:
        """The ids in the order in which they came."""
        return [each.headers["webhook-id"] for each in self.heard]
