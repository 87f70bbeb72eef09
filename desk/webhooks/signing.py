"""Signatures as the Standard Webhooks describe them: HMAC-SHA256 of ``id.timestamp.body``.

Source: https://www.standardwebhooks.com, specification 1.0, symmetric signatures (``v1``).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

_PREFIX = "whsec_"
_SECRET_BYTES = 32


def draw_secret() -> str:
    """A new secret, ``whsec_`` and 256 bits in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(
    message_id: str, at: datetime, body: bytes, keys: Sequence[str]
) -> dict[str, str]:
    """The three headers of a delivery, with one signature for each secret.

    Args:
        message_id: the same at every try.
        at: the moment of this try; receivers refuse old ones.
        body: as it goes over the wire.
        keys: secrets as ``draw_secret`` makes them, the newest first.
    """
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_sign(key, content)}" for key in keys),
    }


def _sign(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
