"""Encrypts what must be read again: provisional passwords for minutes, channel tokens."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


class Vault:
    """Symmetric encryption under ``PONTE_SECRET_KEY`` (Fernet: AES-128-CBC with HMAC)."""

    def __init__(self, secret_key: str) -> None:
        digest = hashlib.sha256(b"ponte vault" + secret_key.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))

    def seal(self, text: str) -> str:
        """Encrypts."""
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str | None:
        """Decrypts; None when the key changed or the text was touched."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None
